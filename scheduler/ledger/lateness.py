"""How late connections ended, by their confirmed ends; when stops were sent does not matter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scheduler.ledger import keys
from scheduler.ledger.readable import instant
from scheduler.models import Attempt, Disposition, Reason

_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Lateness:
    """Which connections of a campaign ended late, that is by more than LATE_SECONDS."""

    calls: int = 0
    worst_seconds: float = 0.0
    worst: str = ""  #: the attempt that ended latest
    since: float | None = None  #: when the first of them had to be over
    until: float | None = None  #: when the last of them was over
    causes: Mapping[str, int] = field(default_factory=dict)  #: of `LateCause`: how many each
    said: str = ""  #: what the API said last to a stop of such a call

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        worst = Attempt.parse(self.worst) if Attempt.is_written(self.worst) else None
        return {
            "calls": self.calls,
            "worst_seconds": self.worst_seconds,
            "worst_row": worst.row if worst else None,
            "since": self.since,
            "until": self.until,
            "causes": dict(self.causes),
            "said": self.said or None,
        }


NEVER_LATE = Lateness()


def of_campaign(meta: Mapping[str, str]) -> Lateness:
    """Read the lateness that a campaign's `meta` has."""
    if not (calls := keys.count_of(meta.get("late", ""))):
        return NEVER_LATE
    return Lateness(
        calls,
        instant(meta.get("late_worst")) or 0.0,
        meta.get("late_worst_of", ""),
        instant(meta.get("late_from")),
        instant(meta.get("late_until")),
        _causes(meta),
        meta.get("late_said", ""),
    )


def of_record(record: Mapping[str, Any]) -> Lateness:
    """Read what `as_record` writes, except for which attempt was the worst."""
    return Lateness(
        record.get("calls", 0),
        record.get("worst_seconds", 0.0),
        since=record.get("since"),
        until=record.get("until"),
        causes=record.get("causes") or {},
        said=record.get("said") or "",
    )


_CAUSE = "late:"


def _causes(meta: Mapping[str, str]) -> dict[str, int]:
    named = {name: keys.count_of(count) for name, count in meta.items() if name.startswith(_CAUSE)}
    return {name.removeprefix(_CAUSE): count for name, count in sorted(named.items()) if count}


def of_attempt(attempt: Mapping[str, str], call: Mapping[str, str] = _NOTHING) -> float | None:
    """Return how many seconds after its deadline a call ended; None if it was on time.

    The previous release wrote only the deadline and the end.
    """
    if "end_late" in attempt:
        return instant(attempt["end_late"])
    ended_at = _ended_at(attempt, call)
    due_at = instant(attempt.get("deadline"))
    if attempt.get("stop_why") in ("aborted", "late"):
        due_at = instant(attempt.get("stop_owed_at")) or due_at
    if ended_at is None or due_at is None or ended_at < due_at or attempt.get("rang") == "0":
        return None
    return round(ended_at - due_at, 6)


def _ended_at(attempt: Mapping[str, str], call: Mapping[str, str]) -> float | None:
    if call.get("reason") == Reason.UNCONFIRMED and "over_at" not in attempt:
        return instant(call.get("ended_at"))
    is_denied = attempt.get("disposition") == Disposition.HUNG_UP
    return instant((is_denied and attempt.get("denied_at")) or attempt.get("over_at"))
