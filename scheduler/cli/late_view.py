"""How commands show calls that ended late."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from scheduler.cli.orders import instant
from scheduler.late import LATE_SECONDS
from scheduler.ledger import lateness, readable
from scheduler.ledger.lateness import Lateness
from scheduler.live import late


def lines(campaign: Lateness) -> tuple[str, ...]:
    """Return how many calls of a campaign ended late, when and why; [] if none did."""
    return late.in_full(campaign, instant)


def of_attempts(attempts: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a line for each attempt that ended late."""
    for attempt in attempts:
        seconds = lateness.of_attempt(attempt)
        if seconds is not None and seconds > LATE_SECONDS:
            cause, last_error = attempt.get("end_late_why", ""), attempt.get("stop_error", "")
            sent = readable.instant(attempt.get("stop_late"))
            yield f"attempt {attempt['number']} {late.of_attempt(seconds, cause, sent, last_error)}"
