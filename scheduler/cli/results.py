"""`callsched results`: a record for every contact, as CSV or as JSON Lines."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from scheduler.cli import console, options, streams
from scheduler.cli.ledger import ledger, newest
from scheduler.errors import ConfigError
from scheduler.store import campaign_view
from scheduler.store import results as records_of


class Format(StrEnum):
    """How results are written."""

    CSV = "csv"
    JSONL = "jsonl"


COLUMNS = (
    "campaign_id",
    "contact_id",
    "phone_number",
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
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def results(
    id_: options.SomeId = None,
    format_: Annotated[
        Format | None, typer.Option("--format", help="Without it: what --output ends in, or CSV.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="PATH", help="Write to this file.")
    ] = None,
) -> None:
    """Export one record for every contact: what became of its call, and why.

    JSON Lines have all that was collected of a conversation as well: `transcript`, `insights` and
    the summary's pages. CSV has none of it; `callsched transcript` writes one for reading.

    Example: `callsched results nightly-2026-11-22 --format jsonl -o results.jsonl`
    """
    with ledger() as store:
        campaign_id = id_ or newest(store)
        campaign_view(store, campaign_id).expect_kept()
        export(records_of(store, campaign_id), output, format_)


def export(
    records: Iterable[dict[str, Any]], path: Path | None, format_: Format | None = None
) -> None:
    """Write records to a file, or to standard output. A file is replaced when it is complete."""
    chosen = format_ or format_of(path)
    with writing(path) as file:
        if chosen is Format.CSV:
            _write_csv(records, file)
        else:
            file.writelines(console.as_json(record) + "\n" for record in records)


def format_of(path: Path | None) -> Format:
    """Return the format that a path's ending stands for; CSV when there is no path."""
    ending = path.suffix.lower() if path is not None else ".csv"
    if ending == ".csv":
        return Format.CSV
    if ending in (".jsonl", ".ndjson", ".json"):
        return Format.JSONL
    raise ConfigError(f"{path}: expected a path that ends in .csv or .jsonl, or say --format")


@contextmanager
def writing(path: Path | None) -> Iterator[TextIO]:
    """Open a file that is replaced when it is complete; standard output without a path."""
    if path is None:
        with streams.exactly():
            yield sys.stdout
        return
    part = path.with_name(path.name + ".part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            yield file
        part.replace(path)
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror}") from error


def _write_csv(records: Iterable[dict[str, Any]], file: TextIO) -> None:
    writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for record in records:
        writer.writerow({name: harmless(record.get(name)) for name in COLUMNS})


def harmless(value: object) -> str:
    """Return a cell that no spreadsheet runs: a leading apostrophe makes a formula text.

    Numbers, and with them phone numbers, stay as they are.
    See https://owasp.org/www-community/attacks/CSV_Injection.
    """
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False) if value else ""
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text
