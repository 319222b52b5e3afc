"""When an end is late, and why it can be: a closed list, by what is on record of the call."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

#: A call has ended late when its end was confirmed longer than this after it had to be over: a stop
#: leaves within a second, and an API takes a moment to answer it.
LATE_SECONDS = 2.0

#: Up to each of these the calls of an account are counted by how late they ended, in seconds.
LATE_BUCKETS = (0.1, 0.25, 0.5, 1.0, LATE_SECONDS, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0)


class LateCause(StrEnum):
    """What made a call end late: first what sent its stop late, else what came of the stop."""

    NO_WORKER = "no_worker"  #: no worker ran when it had to be over
    ASLEEP = "asleep"  #: the machine of the worker slept
    LEDGER = "ledger"  #: no worker could reach Redis
    BUSY = "busy"  #: workers ran and sent its stop late
    UNREACHABLE = "unreachable"  #: its stop did not reach the API
    API = "api"  #: the API did not confirm its stop
    SLOW = "slow"  #: nothing went wrong; the API took so long

    @property
    def in_words(self) -> str:
        """What it says to people, after the number of calls."""
        return _WORDS[self]


_WORDS = {
    LateCause.NO_WORKER: "no worker was running",
    LateCause.ASLEEP: "the worker's machine was asleep",
    LateCause.LEDGER: "no worker could reach Redis",
    LateCause.BUSY: "the worker was held up, or had too many stops to send at once",
    LateCause.UNREACHABLE: "the API could not be reached",
    LateCause.API: "the API did not confirm the stops",
    LateCause.SLOW: "the API was slow to confirm the stops",
}


def why_in_words(causes: Mapping[str, int], said: str = "") -> str:
    """Say what made calls end late, the most frequent first, and what the API said to a stop."""
    known = sorted(causes.items(), key=lambda cause: -cause[1])
    parts = [f"{_said(cause)} ({calls:,})" for cause, calls in known]
    if len(known) == 1:
        parts = [_said(known[0][0])]
    if said:
        parts.append(f"the API said last: {said.rstrip('.')}")
    return "; ".join(parts)


def _said(cause: str) -> str:
    """Return a cause in words; one of a newer release by its name."""
    return LateCause(cause).in_words if cause in list(LateCause) else cause
