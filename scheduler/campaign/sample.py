"""Reads the beginning of a file of contacts: its columns, some rows, and what columns stand for."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from scheduler.campaign.columns import UNDERSTOOD, Header
from scheduler.campaign.file.formats import Format, format_of, open_contacts
from scheduler.campaign.file.source import Lines, codec_name, open_file
from scheduler.campaign.file.xlsx import Sheet, open_sheet
from scheduler.campaign.names import Names, column_name

ROWS = 5
#: How many columns to show, and how many characters of a cell.
MOST_COLUMNS, LONGEST_CELL = 40, 60


@dataclass(frozen=True, slots=True)
class Sample:
    """The columns of a file as they are written, and the cells of its first rows."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    guessed: dict[str, str]  #: key -> the column that is taken for it


class _AnyNames(Names):
    """Names that report no faults, because nobody has said yet what the columns mean."""

    def header(self, written: Collection[str]) -> Header:
        return replace(super().header(written), faults=())


def sample(path: Path, encoding: str = "utf-8") -> Sample:
    """Read the beginning of a file. Raises CampaignError if it can't be read."""
    with ExitStack() as files:
        if format_of(path, contacts=True) is Format.SHEET:
            with open_file(path) as file:
                sheet = Sheet(file, path.name, "", lambda _: None)
            files.callback(sheet.close)
            contacts = open_sheet(sheet, path.name, _AnyNames())
            titles = contacts.shape.table.titles  # type: ignore[attr-defined]
            rows = [row.cells for _, row in islice(contacts.records, ROWS)]
            return _sample(titles, rows)
        file = files.enter_context(open_file(path))
        lines = Lines(file, path.name, codec_name(encoding, path.name), lambda _: None)
        contacts = open_contacts(lines, path, _AnyNames())
        records = [record for _, record in islice(contacts.records, ROWS)]
        if format_of(path, contacts=True) is Format.JSON_LINES:
            return _of_objects([*_objects(records)])
        return _sample(contacts.shape.titles, records)  # type: ignore[attr-defined]


def _objects(lines: list[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        with suppress(ValueError, RecursionError):
            found = json.loads(line)
            if isinstance(found, dict):
                yield found


def _of_objects(found: list[dict[str, Any]]) -> Sample:
    titles = tuple(dict.fromkeys(key for each in found for key in each))
    return _sample(titles, [[_text(each.get(key)) for key in titles] for each in found])


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _sample(titles: tuple[str, ...], rows: list[list[str]]) -> Sample:
    columns = titles[:MOST_COLUMNS]
    guessed: dict[str, str] = {}
    for key, title in zip(Names().header(titles).names, titles, strict=False):
        if key in UNDERSTOOD or (key := column_name(title)) in UNDERSTOOD:
            guessed.setdefault(key, title.strip())
    cut = [tuple(cell[:LONGEST_CELL] for cell in (row + [""] * 40)[: len(columns)]) for row in rows]
    return Sample(columns, tuple(cut), guessed)
