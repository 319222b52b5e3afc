"""Results as `callsched results` and `run` write them: to a file, or to standard output."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scheduler.cli import console, streams
from scheduler.cli.output import replacing, writing
from scheduler.errors import ConfigError
from scheduler.operations.export import ResultFormat, text_of

_ENDINGS = {
    ".csv": ResultFormat.CSV,
    ".jsonl": ResultFormat.JSONL,
    ".ndjson": ResultFormat.JSONL,
    ".json": ResultFormat.JSONL,
    ".xlsx": ResultFormat.XLSX,
}


def format_of(path: Path | None) -> ResultFormat:
    """Return the format that a path's ending stands for; CSV when there is no path."""
    if path is None:
        return ResultFormat.CSV
    if chosen := _ENDINGS.get(path.suffix.lower()):
        return chosen
    expected = "expected a path that ends in .csv, .jsonl or .xlsx, or say --format"
    raise ConfigError(f"{path}: {expected}")


#: Records that are written before somebody is told how many there are.
_TOLD_EVERY = 100


@contextmanager
def counted(
    records: Iterable[dict[str, Any]], path: Path | None, total: int
) -> Iterator[Iterable[dict[str, Any]]]:
    """Show on a terminal how many of so many records were read, where they go to a file."""
    if path is None:
        yield records
        return
    with console.counting(f"writing {path.name}", "calls") as told:
        yield _told(records, told, total)


def _told(
    records: Iterable[dict[str, Any]], told: Callable[..., None], total: int
) -> Iterator[dict[str, Any]]:
    for done, record in enumerate(records):
        if done % _TOLD_EVERY == 0:
            told(done, total)
        yield record


def export(
    records: Iterable[dict[str, Any]],
    path: Path | None,
    format_: ResultFormat | None = None,
    *,
    asked: Sequence[str] = (),
    excel: bool = False,
) -> None:
    """Write records to a file, or to standard output. A file is replaced when it is complete.

    `asked` are the steps that ask for keys: each is a column of a table.
    """
    chosen = format_ or format_of(path)
    if chosen is ResultFormat.XLSX:
        _write_workbook(records, path, asked)
        return
    ascii_only = not streams.takes_unicode()
    with writing(path) as file:
        file.writelines(text_of(records, chosen, asked=asked, excel=excel, ascii_only=ascii_only))


def _write_workbook(
    records: Iterable[dict[str, Any]], path: Path | None, asked: Sequence[str]
) -> None:
    # Only who wants a workbook needs the library.
    from scheduler.operations.export_workbook import TooLarge, write_workbook

    try:
        if path is None:
            with tempfile.TemporaryFile() as file:
                write_workbook(records, file, asked)
                file.seek(0)
                shutil.copyfileobj(file, sys.stdout.buffer)
        else:
            with replacing(path) as part, part.open("wb") as file:
                write_workbook(records, file, asked)
    except TooLarge as error:
        raise ConfigError(f"{error}: say --format csv") from error
