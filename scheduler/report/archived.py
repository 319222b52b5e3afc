"""A campaign as `callsched archive` has left it in files."""

from __future__ import annotations

import gzip
import json
import time
import zlib
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from scheduler.errors import ConfigError
from scheduler.ledger import lateness
from scheduler.ledger.controls import Controlled
from scheduler.models import Disposition, reason_of
from scheduler.report.archived_record import wrong_with, wrong_with_head
from scheduler.report.header import Header, Source
from scheduler.report.times import Times

#: Of the file with the results; the one beside it ends in .json.
RESULTS_ENDING = ".jsonl.gz"
#: Of the one file, and of a record in the other; what is longer is cut off, and so damaged.
_MOST_BYTES = 8 * 1024**2


def source_in(path: Path) -> Source:
    """Read a campaign from its two files; `path` is that of the results, ID.jsonl.gz.

    They know the last attempt of each call, and nothing of the account's limit. Raises ConfigError
    when they can't be read; a damaged file of results does when its records are.
    """
    if not path.name.endswith(RESULTS_ENDING):
        raise ConfigError(f"{path}: expected ID{RESULTS_ENDING}, as `archive` writes it")
    head = _head(path.with_name(path.name.removesuffix(RESULTS_ENDING) + ".json"))
    if wrong := wrong_with_head(head):
        raise ConfigError(f"{path}: the file beside it is no archive: {wrong}")
    header = Header(
        times=Times(None),
        campaign_id=head["campaign_id"],
        made_at=time.time(),
        name=head["name"],
        state=head["state"],
        created_at=head["created_at"],
        finished_at=head["finished_at"],
        max_duration_seconds=head.get("max_duration_seconds"),
        account=head.get("account", ""),
        max_concurrency=head.get("max_concurrency"),
        stopped_itself=head["stopped_itself"] or "",
        late=lateness.of_record(head.get("late") or {}),
        orders=tuple(
            Controlled(each["at"], each["what"], each["who"], each["note"] or "")
            for each in head["controls"]
        ),
    )
    return Source(header, _records(path), total=head["total"])


def _head(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            return json.loads(file.read(_MOST_BYTES).decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path} can't be read, which belongs to the results: {error}") from error


def _records(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for number in count(1):
                if not (line := file.readline(_MOST_BYTES)):
                    return
                record = json.loads(line)
                if wrong := wrong_with(record):
                    raise ConfigError(f"{path}: line {number} is no result: {wrong}")
                yield _of_today(record)
    except (OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
        raise ConfigError(f"{path} can't be read: {error}") from error


def _of_today(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record with today's name of its reason, and with how late its call ended."""
    reason = reason_of(record.get("disposition"), record.get("reason"))
    late = record["late_seconds"] if "late_seconds" in record else _late(record)
    return record | {"reason": reason or None, "late_seconds": late}


def _late(record: dict[str, Any]) -> float | None:
    """Return how late a call ended, as the release before wrote it down.

    By when an operator had ordered its end, or its answer had come too late, is not known.
    """
    ended_at, deadline = record.get("ended_at"), record.get("deadline")
    is_ordered = record.get("disposition") == Disposition.ABORTED
    if ended_at is None or deadline is None or is_ordered or ended_at < deadline:
        return None
    return float(ended_at - deadline)
