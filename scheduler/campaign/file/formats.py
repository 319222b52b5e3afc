"""Decides which format a file has, by its name or its beginning."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto
from itertools import chain
from pathlib import Path
from typing import Any

from scheduler.campaign.file.jsonlines import open_json_lines
from scheduler.campaign.file.shapes import Contacts
from scheduler.campaign.file.source import STDIN, shown_path
from scheduler.campaign.file.table import open_table
from scheduler.campaign.file.xlsx import named_sheet
from scheduler.campaign.names import Names
from scheduler.errors import refusal


class Format(Enum):
    """The format of a file."""

    DOCUMENT = auto()  #: YAML
    TABLE = auto()  #: CSV, whatever separates its cells
    SHEET = auto()  #: a sheet of an Excel workbook
    JSON_LINES = auto()
    TABLE_OR_JSON_LINES = auto()  #: the first character decides


_ENDINGS = {
    ".yaml": Format.DOCUMENT,
    ".yml": Format.DOCUMENT,
    ".csv": Format.TABLE,
    ".tsv": Format.TABLE,
    ".txt": Format.TABLE,
    ".xlsx": Format.SHEET,
    ".xlsm": Format.SHEET,
    ".jsonl": Format.JSON_LINES,
    ".ndjson": Format.JSON_LINES,
}

_OTHER_SHEETS = {".xls", ".xlsb", ".xltx", ".ods", ".numbers"}


def format_of(path: Path, *, contacts: bool = False) -> Format:
    """Return the format of a file by its ending; a file of `contacts` can't be a document."""
    file, _ = named_sheet(path)
    plain = _without_gz(file)
    if path == STDIN or (plain != path and not plain.suffix):
        return Format.TABLE_OR_JSON_LINES
    found = _ENDINGS.get(plain.suffix.lower())
    if found is Format.SHEET and plain != file:
        raise refusal(str(path), "expected a workbook as it is, and not in gzip: unpack it")
    if plain.suffix.lower() in _OTHER_SHEETS:
        raise refusal(str(path), "expected another kind of sheet: save it as .xlsx, or as CSV")
    if found is None or (contacts and found is Format.DOCUMENT):
        known = [end for end, kind in _ENDINGS.items() if not contacts or kind != Format.DOCUMENT]
        message = f"expected a file that ends in {', '.join(known)}, or in one of these and .gz"
        if file.is_dir():
            message = f"this is a folder; {message}"
        raise refusal(str(path), message)
    return found


def stem(path: Path) -> str:
    """Return the name of a file without its suffixes."""
    return "stdin" if path == STDIN else _without_gz(named_sheet(path)[0]).stem


def open_contacts(lines: Iterable[str], path: Path, names: Names) -> Contacts[Any]:
    """Return the contacts in the lines of a file."""
    found = format_of(path, contacts=True)
    if found is Format.TABLE_OR_JSON_LINES:
        found, lines = _told_by_its_beginning(lines)
    if found is Format.JSON_LINES:
        return open_json_lines(lines, shown_path(path), names)
    return open_table(lines, shown_path(path), names)


def _told_by_its_beginning(lines: Iterable[str]) -> tuple[Format, Iterable[str]]:
    remaining, before = iter(lines), []
    for line in remaining:
        before.append(line)
        if line.strip():
            break
    is_object = bool(before) and before[-1].lstrip().startswith("{")
    return Format.JSON_LINES if is_object else Format.TABLE, chain(before, remaining)


def _without_gz(path: Path) -> Path:
    return path.with_suffix("") if path.suffix.lower() == ".gz" else path
