"""Output to people and programs: results on standard output, the rest on standard error."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast

import typer
from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from scheduler.cli import streams
from scheduler.cli.fitting import Fitting
from scheduler.cli.suggested import as_typed
from scheduler.fields.json_line import json_line
from scheduler.fields.visible import visible, visible_lines


class _TolerantStream:
    """Standard error; writing to it never fails.

    A closed terminal, or a pipe whose reader has left, must not end a run with live calls.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._file.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._file.flush()


class _PlainConsole(Console):
    """Shows a string, also in a table, as one line without markup and emoji.

    Every text that may come from outside is shown through this. Our own words with a style are a
    `Text`, in which nothing acts either, but which may have several lines.
    """

    def __init__(self, **how: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, soft_wrap=True, **how)

    def render_str(self, text: str, **how: Any) -> Text:
        """Escape the text before rich measures it."""
        return super().render_str(as_typed(visible(text)), **how)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        """Escape objects that were not strings."""
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
            else:
                yield Segment(visible(segment.text, keep="\n"), segment.style)

    def on_broken_pipe(self) -> None:
        """Go on if nobody reads the output: rich would end the command."""
        streams.give_up_output()


#: Rich itself obeys NO_COLOR, TERM=dumb and pipes. A pipe has no width that limits a line.
out = _PlainConsole(width=None if sys.stdout.isatty() else 200)
err = _PlainConsole(file=cast("TextIO", _TolerantStream(sys.stderr)))


#: The latest messages that were held back while quiet.
_held: deque[str] | None = None
_MOST_HELD = 200


def be_quiet() -> None:
    """Hold messages back, until `speak_up` prints them because something went wrong."""
    global _held
    _held = deque(maxlen=_MOST_HELD)


def is_quiet() -> bool:
    """Whether messages are held back."""
    return _held is not None


def speak_up() -> None:
    """Print the messages that were held back: something is wrong."""
    global _held
    held, _held = _held or (), None
    for line in held:
        say(line)


def say(*lines: str) -> None:
    """Print progress messages to standard error, a line each."""
    if _held is None:
        err.print(Text(as_typed(visible_lines(lines))))
    else:
        _held.extend(lines)


def fail(*lines: str) -> None:
    """Print errors to standard error."""
    err.print(Text(f"error: {as_typed(visible_lines(lines))}", style="red"))


def warn(*lines: str) -> None:
    """Print warnings to standard error."""
    err.print(Text(f"warning: {as_typed(visible_lines(lines))}", style="yellow"))


def line(text: str) -> None:
    """Write one line to standard output, ten times as fast as `out`."""
    with streams.whoever_reads():
        typer.echo(visible(text))


def problem(kind: str, text: str) -> None:
    """Print one problem of a file, with its kind: `error`, or what is skipped."""
    err.print(f"{kind}: {text}", style="red" if kind == "error" else "yellow")


#: Keys that every JSON object gets.
_signed: dict[str, str] = {}


def sign(**what: str) -> None:
    """Add keys to every JSON object from now on, such as the ledger that is changed."""
    _signed.update(what)


def emit(record: Mapping[str, Any]) -> None:
    """Write one JSON object on a line of its own to standard output."""
    with streams.whoever_reads():
        typer.echo(as_json({**record, **_signed}))


def as_json(record: Mapping[str, Any]) -> str:
    """Return JSON on one line, as standard output can write it."""
    return json_line(record, ascii_only=not streams.takes_unicode())


def may_ask() -> bool:
    """Whether a person sits at a terminal, and can be asked."""
    return sys.stdin.isatty() and err.is_terminal


def is_screen() -> bool:
    """Whether there is a full terminal that a person uses."""
    files = (sys.stdin, sys.stdout, sys.stderr)
    is_dumb = os.environ.get("TERM", "") in ("", "dumb", "unknown")
    return not is_dumb and all(file.isatty() for file in files)


def table(
    title: str,
    columns: Iterable[str],
    rows: Iterable[Iterable[object]],
    sheds: Sequence[str] = (),
) -> Table:
    """Return a table that stays readable on a narrow screen.

    There it leaves out columns of `sheds`, in their order; ids are never cut.
    """
    drawn = Fitting(title, sheds)
    for column in columns:
        drawn.add_column(column, justify="left", overflow="fold")
    for row in rows:
        drawn.add_row(*(str(cell) for cell in row))
    return drawn


#: Rows of one write.
_PAGE = 500


def long_list(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print many rows as columns, without a table's layout: of thousands it would take seconds."""
    shown = [[visible(cell) for cell in row] for row in (columns, *rows)]
    widths = [max(map(cell_len, column)) for column in zip(*shown, strict=True)]
    for first in range(0, len(shown), _PAGE):
        lines = (
            "  ".join(map(set_cell_size, row, widths)).rstrip()
            for row in shown[first : first + _PAGE]
        )
        out.print(Text("\n".join(lines)))


@contextmanager
def counting(what: str, unit: str = "rows") -> Iterator[Any]:
    """Show how many rows, or others, are done. Yields a callable that takes the number."""
    if not err.is_terminal or is_quiet():
        yield lambda done, total=None: None
        return
    # Imported only here: most commands show no progress.
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    done = TextColumn("{task.completed:,} " + unit, markup=False)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), done)
    shown = Progress(*columns, TimeElapsedColumn(), console=err, transient=True)
    with shown:
        task = shown.add_task(visible(what), total=None)
        yield lambda done, total=None: shown.update(task, completed=done, total=total)
