"""Results as an Excel workbook. Importing this needs XlsxWriter."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterable, Mapping
from typing import IO, Any

from xlsxwriter import Workbook
from xlsxwriter.exceptions import XlsxWriterException
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from scheduler.errors import ConfigError
from scheduler.operations.export import Layout
from scheduler.operations.export_columns import Column

_MOST_ROWS = 1_048_576  # of Excel, the header included
_MOST_COLUMNS = 16_384
_LONGEST_TEXT = 32_767  # of Excel, in units of UTF-16
_CUT = " … (cut)"
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_OPTIONS = {"constant_memory": True, "in_memory": False}


class TooLarge(ConfigError):
    """The results don't fit into a workbook. Other formats have no such limit."""


def write_workbook(records: Iterable[Mapping[str, Any]], file: IO[bytes], layout: Layout) -> None:
    """Write a row for every record. No cell becomes a formula, whatever its text.

    Raises TooLarge if the records don't fit into a workbook; then discard the file.
    """
    try:
        with (
            tempfile.TemporaryDirectory(prefix="callsched-") as folder,
            Workbook(file, _OPTIONS | {"tmpdir": folder}) as book,
        ):
            _fill(book, records, layout)
    except XlsxWriterException as error:
        raise TooLarge(f"the workbook can't be written: {error}") from error


def _fill(book: Workbook, records: Iterable[Mapping[str, Any]], layout: Layout) -> None:
    columns = layout.columns
    if len(columns) > _MOST_COLUMNS:
        raise TooLarge(f"a sheet of Excel has at most {_MOST_COLUMNS:,} columns")
    sheet = book.add_worksheet("results")
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(columns) - 1, 18)
    bold, instant = book.add_format({"bold": True}), book.add_format({"num_format": "0.000"})
    for at, column in enumerate(columns):
        sheet.write_string(0, at, fitting(column.title), bold)
    for row, cells in enumerate(layout.rows(records), start=1):
        if row >= _MOST_ROWS:
            raise TooLarge(
                f"a sheet of Excel has at most {_MOST_ROWS:,} rows, and there are more results"
            )
        for at, (column, value) in enumerate(zip(columns, cells, strict=True)):
            _write(sheet, row, at, column, value, instant if column.is_instant else None)


def _write(
    sheet: Worksheet, row: int, at: int, column: Column, value: Any, shown: Format | None
) -> None:
    if value is None or value == {} or value == []:
        return
    if column.is_number and isinstance(value, int | float):
        sheet.write_number(row, at, value, shown)
    elif isinstance(value, dict | list):
        sheet.write_string(row, at, fitting(json.dumps(value, ensure_ascii=False)))
    elif text := fitting(str(value)):
        sheet.write_string(row, at, text)


def fitting(text: str) -> str:
    """Return a text that fits into a cell: without characters that XML lacks, and not too long."""
    text = _NO_XML.sub("�", text)
    units = text.encode("utf-16-le")
    if len(units) <= 2 * _LONGEST_TEXT:
        return text
    kept = units[: 2 * (_LONGEST_TEXT - len(_CUT))]
    return kept.decode("utf-16-le", "ignore") + _CUT
