"""Waits until calls have ended whose stops are on record, and says how each ended."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from scheduler.clock import since_boot
from scheduler.fields.contact_label import label_of
from scheduler.ledger import live_calls, views
from scheduler.ledger.ledger import Ledger
from scheduler.models import Attempt, Disposition

_LOOK_SECONDS = 0.1

#: How often to report how many calls are left.
_REPORT_SECONDS = 5.0

#: If nobody sends a due stop for this long, no worker runs; a restart takes less.
NOBODY_SECONDS = 5.0
GIVE_UP_SECONDS = 30.0


class WaitReporter(Protocol):
    """Callbacks about a wait for ends."""

    def waits(self, left: int) -> None:
        """Report how many calls are still being stopped."""

    def misses_workers(self) -> None:
        """Report, once, that no worker sends the stops."""


def await_ends(
    ledger: Ledger,
    live: Mapping[str, Sequence[Attempt]],
    reporter: WaitReporter | None = None,
    within_seconds: float = math.inf,
) -> list[Attempt]:
    """Wait for the ends of these attempts, by account; return those that have none yet.

    The wait ends with our patience for their stops, or if no worker runs, or after
    `within_seconds`.
    """
    patience = min(within_seconds, _patience(ledger))
    began_at = reported_at = since_boot()
    is_warned = False
    while True:
        open_ones = {
            account: live_calls.not_over(ledger, account, each) for account, each in live.items()
        }
        left = [attempt for attempts in open_ones.values() for attempt in attempts]
        neglected = max(
            (
                live_calls.neglected_seconds(ledger, account, each)
                for account, each in open_ones.items()
            ),
            default=0.0,
        )
        now = since_boot()
        if not left or neglected > GIVE_UP_SECONDS or now - began_at > patience:
            return left
        if reporter and neglected > NOBODY_SECONDS and not is_warned:
            is_warned = True
            reporter.misses_workers()
        if reporter and now - reported_at > _REPORT_SECONDS:
            reported_at = now
            reporter.waits(len(left))
        time.sleep(_LOOK_SECONDS)


def _patience(ledger: Ledger) -> float:
    # The longest case: a start is answered late, and its stop takes all our patience.
    return ledger.leases.dial + ledger.leases.stop_patience + GIVE_UP_SECONDS


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended that was live, or may have been live."""

    attempt: Attempt
    record: Mapping[str, Any]  #: the call's result, as `results` has it
    is_over: bool

    @property
    def label(self) -> str:
        """The contact's name for a person."""
        return label_of(self.record, self.attempt.row)

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        kept = {name: self.record[name] for name in _KEPT}
        ours = {"row": self.attempt.row, "label": self.label, "is_over": self.is_over}
        return kept | ours


_KEPT = (
    *("campaign_id", "contact_id", "state", "disposition", "reason", "connection_id"),
    *("started_at", "ended_at", "duration_seconds"),
)


def endings(ledger: Ledger, attempts: Sequence[Attempt], left: Sequence[Attempt]) -> list[Ending]:
    """Return how each call ended that was live, or may have been."""
    waiting = set(left)
    ended = []
    for attempt in sorted(attempts, key=lambda each: (each.campaign_id, each.row)):
        record = views.result(ledger, attempt.campaign_id, attempt.row)
        if attempt in waiting or record["disposition"] != Disposition.SKIPPED:
            ended.append(Ending(attempt, record, is_over=attempt not in waiting))
    return ended
