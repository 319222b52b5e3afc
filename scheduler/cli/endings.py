"""Waiting for live calls to end whose stops are on record, and saying what became of each."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from scheduler.cli import console
from scheduler.clock import since_boot
from scheduler.fields.contact_label import label_of
from scheduler.ledger.controls import neglected_seconds, not_over
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.reading import result
from scheduler.models import Attempt, Disposition

_LOOK_SECONDS = 0.1

#: Off and on a terminal, a line this often.
_LINE_SECONDS = 5.0

#: A stop that nobody sends for this long: no worker runs. One that is restarted takes less.
NOBODY_SECONDS = 5.0
GIVE_UP_SECONDS = 30.0

_NOBODY = (
    "no worker sends the stops: start one with `callsched worker`, and the settings of this"
    " account. The stops are on record, the first worker that starts sends them"
)


def see_ended(ledger: Ledger, live: Mapping[str, Sequence[Attempt]]) -> list[Attempt]:
    """Wait for the ends of these attempts, by account; returns those that have none yet.

    The wait is over when our patience with their stops is, or when no worker runs.
    """
    began_at, told_at, warned = since_boot(), since_boot(), False
    while True:
        open_ones = {account: not_over(ledger, account, each) for account, each in live.items()}
        left = [attempt for attempts in open_ones.values() for attempt in attempts]
        passed = since_boot() - began_at
        neglected = max(
            (neglected_seconds(ledger, account, each) for account, each in open_ones.items()),
            default=0.0,
        )
        if not left or neglected > GIVE_UP_SECONDS or passed > _patience(ledger):
            return left
        if neglected > NOBODY_SECONDS and not warned:
            warned = True
            console.warn(_NOBODY)
        if since_boot() - told_at > _LINE_SECONDS:
            told_at = since_boot()
            console.say(f"{len(left)} live calls are being stopped …")
        time.sleep(_LOOK_SECONDS)


def _patience(ledger: Ledger) -> float:
    # From a start that is answered last to where a worker gives its stop up.
    return ledger.leases.dial + ledger.leases.stop_patience + GIVE_UP_SECONDS


def endings(
    ledger: Ledger, attempts: Sequence[Attempt], left: Sequence[Attempt]
) -> list[dict[str, Any]]:
    """Return what became of each call that was live, or may have been."""
    waiting = set(left)
    records = []
    for attempt in sorted(attempts, key=lambda each: (each.campaign_id, each.row)):
        record = result(ledger, attempt.campaign_id, attempt.row)
        if attempt in waiting or record["disposition"] != Disposition.SKIPPED:
            records.append(_ending(attempt, record) | {"is_over": attempt not in waiting})
    return records


_TOLD = (
    *("campaign_id", "contact_id", "state", "disposition", "reason", "connection_id"),
    *("started_at", "ended_at", "duration_seconds"),
)


def _ending(attempt: Attempt, record: dict[str, Any]) -> dict[str, Any]:
    told = {name: record[name] for name in _TOLD}
    return told | {"row": attempt.row, "label": label_of(record, attempt.row)}


def say_endings(records: Sequence[dict[str, Any]]) -> None:
    """Show them as a table."""
    rows = [
        (
            record["label"],
            record["disposition"] or record["state"],
            (record["reason"] or "").replace("_", " "),
            "" if record["duration_seconds"] is None else f"{record['duration_seconds']:.1f} s",
        )
        for record in records
    ]
    if rows:
        columns = ("contact", "ended as", "reason", "after")
        console.out.print(console.table("", columns, rows), markup=False)
