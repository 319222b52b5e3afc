"""Results for other programs: one record for every contact, as CSV, JSON Lines or a workbook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from typing import Any

from scheduler.errors import ConfigError
from scheduler.fields.json_line import json_line
from scheduler.operations.export_columns import Column, columns_of
from scheduler.operations.export_csv import csv_lines
from scheduler.operations.instants import Times, cell, in_iso


class ResultFormat(StrEnum):
    """How results are written."""

    CSV = "csv"
    JSONL = "jsonl"
    XLSX = "xlsx"


def expect_library(chosen: ResultFormat) -> None:
    """Raise ConfigError if the library for a format is missing."""
    if chosen is ResultFormat.XLSX and find_spec("xlsxwriter") is None:
        raise ConfigError("an .xlsx file is written with XlsxWriter: pip install 'callsched[xlsx]'")


@dataclass(frozen=True, slots=True)
class Layout:
    """How records are written."""

    columns: tuple[Column, ...] = columns_of()  #: of a table
    times: Times | None = None  #: None: ISO 8601 in a table, epoch seconds in JSON Lines
    excel: bool = False  #: write CSV so that Excel changes no cell
    ascii_only: bool = False  #: escape all other characters in JSON
    only_columns: bool = False  #: JSON Lines have only these columns

    def rows(self, records: Iterable[Mapping[str, Any]]) -> Iterator[list[Any]]:
        """Yield the cells of each record; None for an empty one."""
        of_iso = self.times is not Times.EPOCH
        instants = [at for at, one in enumerate(self.columns) if of_iso and one.is_instant]
        for record in records:
            cells = [one.cell(record) for one in self.columns]
            for at in instants:
                cells[at] = cell(cells[at])
            yield cells


def text_of(
    records: Iterable[Mapping[str, Any]], chosen: ResultFormat, layout: Layout
) -> Iterator[str]:
    """Yield CSV or JSON Lines, a record at a time; for workbooks see export_workbook."""
    titles = [column.title for column in layout.columns]
    if chosen is ResultFormat.CSV:
        yield from csv_lines(layout.rows(records), titles, excel=layout.excel)
        return
    if layout.only_columns:
        records = ({one.title: one.cell(record) for one in layout.columns} for record in records)
    for record in records:
        written = in_iso(record) if layout.times is Times.ISO else record
        yield json_line(written, ascii_only=layout.ascii_only) + "\n"
