"""How we speak to a person and to a program: results on standard output, the rest on error."""

from __future__ import annotations

import json
import re
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from scheduler.cli import streams
from scheduler.errors import Problem


class _Hearsay:
    """Standard error, should somebody still read it.

    A terminal that was closed, or a pipe whose reader left, must not end a run with calls live.
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


#: Rich itself honours NO_COLOR, TERM=dumb and pipes. A pipe has no width to keep within.
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 200)
err = Console(file=cast("TextIO", _Hearsay(sys.stderr)), highlight=False, soft_wrap=True)


#: What would have been said, while nothing is; the last of it.
_held: deque[str] | None = None
_MOST_HELD = 200


def be_quiet() -> None:
    """Say nothing of what goes on, unless it ends badly: then `speak_up` says it after all."""
    global _held
    _held = deque(maxlen=_MOST_HELD)


def is_quiet() -> bool:
    """Whether nothing is said just now."""
    return _held is not None


def speak_up() -> None:
    """Say what was held back: something is wrong."""
    global _held
    held, _held = _held or (), None
    for text in held:
        say(text)


def say(text: str) -> None:
    """Say something about what goes on."""
    if _held is None:
        err.print(text, markup=False)
    else:
        _held.append(text)


def fail(text: str) -> None:
    """Say what is wrong."""
    err.print(f"error: {text}", markup=False, style="red")


def warn(text: str) -> None:
    """Say what may be wrong."""
    err.print(f"warning: {text}", markup=False, style="yellow")


def show_problems(problems: Iterable[Problem], total: int, *, what: str = "error") -> None:
    """Say what is wrong with a file: the first problems, a line each, then how many there are."""
    shown = list(problems)
    for problem in shown:
        err.print(f"{what}: {problem}", markup=False, style="red" if what == "error" else "yellow")
    if total > len(shown):
        say(f"… and {total - len(shown)} more, {total} in all")


def emit(record: Mapping[str, Any]) -> None:
    """Write one JSON object on a line of its own to standard output."""
    typer.echo(as_json(record))


def as_json(record: Mapping[str, Any]) -> str:
    """Return JSON on one line; what would act on a terminal is escaped, as JSON may have it."""
    text = json.dumps(record, ensure_ascii=not streams.takes_unicode())
    return _ACTING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


#: Controls that JSON lets pass, line ends that are none in JSON, what turns text around, and
#: halves of characters, which no encoding can write.
_ACTING = re.compile(
    "[\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def may_ask() -> bool:
    """Whether a person sits at a terminal, and can be asked."""
    return sys.stdin.isatty() and err.is_terminal


def table(title: str, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> Table:
    """Return a table that stays readable in 80 columns."""
    drawn = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        drawn.add_column(column, justify="left", overflow="fold")
    for row in rows:
        drawn.add_row(*(str(cell) for cell in row))
    return drawn


@contextmanager
def counting(what: str, unit: str = "rows") -> Iterator[Any]:
    """Show how many rows, or others, are done. Yields a callable that takes the number."""
    done = TextColumn("{task.completed:,} " + unit)
    columns = (TextColumn("{task.description}"), BarColumn(), done)
    shown = Progress(*columns, TimeElapsedColumn(), console=err, transient=True)
    if not err.is_terminal or is_quiet():
        yield lambda done, total=None: None
        return
    with shown:
        task: TaskID = shown.add_task(what, total=None)
        yield lambda done, total=None: shown.update(task, completed=done, total=total)
