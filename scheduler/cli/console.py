"""How we speak to a person and to a program: results on standard output, the rest on error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

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


def say(text: str) -> None:
    """Say something about what goes on."""
    err.print(text, markup=False)


def fail(text: str) -> None:
    """Say what is wrong."""
    err.print(f"error: {text}", markup=False, style="red")


def show_problems(problems: Iterable[Problem], total: int, *, what: str = "error") -> None:
    """Say what is wrong with a file: the first problems, a line each, then how many there are."""
    shown = list(problems)
    for problem in shown:
        err.print(f"{what}: {problem}", markup=False, style="red" if what == "error" else "yellow")
    if total > len(shown):
        say(f"… and {total - len(shown)} more, {total} in all")


def emit(record: Mapping[str, Any]) -> None:
    """Write one JSON object on a line of its own to standard output."""
    typer.echo(json.dumps(record, ensure_ascii=False))


def table(title: str, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> Table:
    """Return a table that stays readable in 80 columns."""
    drawn = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        drawn.add_column(column, justify="left", overflow="fold")
    for row in rows:
        drawn.add_row(*(str(cell) for cell in row))
    return drawn


@contextmanager
def counting(what: str) -> Iterator[Any]:
    """Show how many rows are done. Yields a callable that takes the number."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,} rows"))
    shown = Progress(*columns, TimeElapsedColumn(), console=err, transient=True)
    if not err.is_terminal:
        yield lambda done, total=None: None
        return
    with shown:
        task: TaskID = shown.add_task(what, total=None)
        yield lambda done, total=None: shown.update(task, completed=done, total=total)
