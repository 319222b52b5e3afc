"""`callsched results`: a record for every contact, as CSV, as a workbook or as JSON Lines."""

from __future__ import annotations

import csv
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from scheduler.cli import console, options, streams
from scheduler.cli.access import newest, opened_ledger
from scheduler.errors import ConfigError
from scheduler.fields.visible import visible
from scheduler.ledger.reading import campaign_view
from scheduler.ledger.reading import results as records_of


class Format(StrEnum):
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
    "started_at",
    "deadline",
    "ended_at",
    "duration_seconds",
    "error",
    "variables",
)

#: What a spreadsheet takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
#: What a spreadsheet takes for a number, a date or a time, and shows and saves in its own way.
_TAKEN_FOR_NUMBER = re.compile(r"[+-]?\d[\d.,:/ -]*([eE][+-]?\d+)?", re.ASCII)


def results(
    id_: options.SomeId = None,
    format_: Annotated[
        Format | None, typer.Option("--format", help="Without it: what --output ends in, or CSV.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="PATH", help="Write to this file.")
    ] = None,
    excel: Annotated[
        bool,
        typer.Option(
            "--excel",
            help="CSV for a double click in Excel: accents, plus signs and zeros stay.",
        ),
    ] = False,
) -> None:
    """Export one record for every contact: what became of its call, and why.

    JSON Lines have all that was collected of a conversation as well: `transcript`, `insights` and
    the summary's pages. CSV and workbooks have none of it; `callsched transcript` writes one for
    reading.

    Example: `callsched results nightly-2026-11-22 --format jsonl -o results.jsonl`
    """
    chosen = format_ or format_of(output)
    if excel and chosen is not Format.CSV:
        raise typer.BadParameter("only CSV has two ways to be written", param_hint="--excel")
    expect_writable(chosen)
    if chosen is Format.XLSX and output is None and sys.stdout.isatty():
        raise typer.BadParameter("a workbook is no text: say -o results.xlsx", param_hint="-o")
    with opened_ledger() as ledger:
        campaign_id = id_ or newest(ledger)
        campaign_view(ledger, campaign_id).expect_kept()
        export(records_of(ledger, campaign_id), output, chosen, excel=excel)


def expect_writable(chosen: Format) -> None:
    """Refuse a format that a library is missing for."""
    if chosen is Format.XLSX and find_spec("xlsxwriter") is None:
        raise ConfigError("an .xlsx file is written with XlsxWriter: pip install 'callsched[xlsx]'")


def export(
    records: Iterable[dict[str, Any]],
    path: Path | None,
    format_: Format | None = None,
    *,
    excel: bool = False,
) -> None:
    """Write records to a file, or to standard output. A file is replaced when it is complete."""
    chosen = format_ or format_of(path)
    if chosen is Format.XLSX:
        _write_sheet(records, path)
        return
    with writing(path) as file:
        if chosen is Format.CSV:
            _write_csv(records, file, excel=excel)
        else:
            file.writelines(console.as_json(record) + "\n" for record in records)


def format_of(path: Path | None) -> Format:
    """Return the format that a path's ending stands for; CSV when there is no path."""
    ending = path.suffix.lower() if path is not None else ".csv"
    if ending == ".csv":
        return Format.CSV
    if ending in (".jsonl", ".ndjson", ".json"):
        return Format.JSONL
    if ending == ".xlsx":
        return Format.XLSX
    said = "expected a path that ends in .csv, .jsonl or .xlsx, or say --format"
    raise ConfigError(f"{path}: {said}")


@contextmanager
def writing(path: Path | None) -> Iterator[TextIO]:
    """Open a file that is replaced when it is complete; standard output without a path."""
    if path is None:
        with streams.exactly():
            yield sys.stdout
        return
    with _replacing(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        yield file


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """Name a file that takes the place of another one in the end; nothing is left of half a one."""
    part = path.with_name(path.name + ".part")
    try:
        try:
            yield part
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror}") from error


def _write_sheet(records: Iterable[dict[str, Any]], path: Path | None) -> None:
    # Only who wants a workbook needs the library.
    from scheduler.cli.result_sheet import write_sheet

    if path is None:
        with tempfile.TemporaryFile() as file:
            write_sheet(records, COLUMNS, file)
            file.seek(0)
            shutil.copyfileobj(file, sys.stdout.buffer)
        return
    with _replacing(path) as part, part.open("wb") as file:
        write_sheet(records, COLUMNS, file)


def _write_csv(records: Iterable[dict[str, Any]], file: TextIO, *, excel: bool) -> None:
    if excel:
        file.write("\ufeff")  # without this mark Excel takes the file for one of its country's
    cell = _of_excel if excel else harmless
    writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for record in records:
        writer.writerow({name: cell(record.get(name)) for name in COLUMNS})


def _of_excel(value: object) -> str:
    """Return a cell that stays what it is when a spreadsheet opens and saves it.

    Texts of digits become ="…". That is a formula, but one without anything to run: only digits and
    what may stand between them are in it.
    """
    if isinstance(value, str) and _TAKEN_FOR_NUMBER.fullmatch(value):
        return f'="{value}"'
    return harmless(value)


def harmless(value: object) -> str:
    """Return a cell that no spreadsheet runs: a leading apostrophe makes a formula text.

    No cell has a second line, and nothing in it acts on a terminal.

    Numbers, and with them phone numbers, stay as they are.
    See https://owasp.org/www-community/attacks/CSV_Injection.
    """
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return visible(json.dumps(value, ensure_ascii=False)) if value else ""
    text = visible(str(value))
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text
