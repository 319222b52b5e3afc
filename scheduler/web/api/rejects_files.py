"""Refused rows as a file, line by line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from fastapi.responses import StreamingResponse

from scheduler.ledger.rejects import Reject
from scheduler.operations.export_csv import csv_lines
from scheduler.rights import Visitor
from scheduler.web import refused

_COLUMNS = (
    *("row", "line", "contact_id", "phone_number", "sip_uri", "name"),
    *("reason", "column", "message"),
)
_TYPES = {"jsonl": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}


def answer(
    visitor: Visitor, campaign_id: str, found: Iterable[Reject], ending: str
) -> StreamingResponse:
    """Return refused rows as somebody may see them, as JSON Lines or CSV."""
    records = (refused.record(each, is_whole=visitor.sees_numbers) for each in found)
    lines = _csv(records) if ending == "csv" else _json_lines(records)
    name = f'attachment; filename="{campaign_id}-rejects.{ending}"'
    return StreamingResponse(
        lines, media_type=_TYPES[ending], headers={"Content-Disposition": name}
    )


def _json_lines(records: Iterator[dict[str, Any]]) -> Iterator[str]:
    return (json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def _csv(records: Iterator[dict[str, Any]]) -> Iterator[str]:
    rows = ([record[column] for column in _COLUMNS] for record in records)
    return csv_lines(rows, _COLUMNS, excel=False)
