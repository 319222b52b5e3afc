"""Results for other programs: one record for every contact, as CSV, JSON Lines or a workbook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from importlib.util import find_spec
from typing import Any

from scheduler.errors import ConfigError
from scheduler.fields.json_line import json_line
from scheduler.operations.export_csv import csv_lines


class ResultFormat(StrEnum):
    """How results are written."""

    CSV = "csv"
    JSONL = "jsonl"
    XLSX = "xlsx"


COLUMNS = (
    "campaign_id",
    "contact_id",
    "phone_number",
    "phone_column",
    "sip_uri",
    "name",
    "dtmf",
    "line",
    "state",
    "disposition",
    "reason",
    "attempts",
    "connection_id",
    "conversation_id",
    "caller_id",
    "started_at",
    "answered_at",
    "answered_by",
    "deadline",
    "ended_at",
    "duration_seconds",
    "price",
    "error",
    "variables",
)

_ANSWER = "answer_"


def columns_of(asked: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of a table: behind all others one for each step that asks for keys."""
    return (*COLUMNS, *(f"{_ANSWER}{name}" for name in asked))


def cells_of(record: Mapping[str, Any], columns: Sequence[str]) -> list[Any]:
    """Return what stands in these columns, None for nothing; of an answer the keys."""
    answers = record.get("answers") or {}
    return [
        answers.get(name.removeprefix(_ANSWER)) if name.startswith(_ANSWER) else record.get(name)
        for name in columns
    ]


def expect_library(chosen: ResultFormat) -> None:
    """Raise ConfigError for a format that a library is missing for."""
    if chosen is ResultFormat.XLSX and find_spec("xlsxwriter") is None:
        raise ConfigError("an .xlsx file is written with XlsxWriter: pip install 'callsched[xlsx]'")


def text_of(
    records: Iterable[Mapping[str, Any]],
    chosen: ResultFormat,
    *,
    asked: Sequence[str] = (),
    columns: Sequence[str] = (),
    excel: bool = False,
    ascii_only: bool = False,
) -> Iterator[str]:
    """Yield CSV or JSON Lines, a record at a time. A workbook is no text: see export_workbook.

    `asked` are the steps that ask for keys, each of which is a column of CSV. `columns` are those
    that are written, instead of all. `excel` has CSV stay as it is when Excel opens it;
    `ascii_only` has JSON escape the rest.
    """
    if chosen is ResultFormat.CSV:
        named = tuple(columns) or columns_of(asked)
        return csv_lines((cells_of(record, named) for record in records), named, excel=excel)
    if columns:
        records = (dict(zip(columns, cells_of(record, columns), strict=True)) for record in records)
    return (json_line(record, ascii_only=ascii_only) + "\n" for record in records)
