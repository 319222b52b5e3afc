"""How many slots an account has: a pure function of what was seen.

The API neither states its limit nor how much of it is in use, so it is learned below a configured
ceiling. A new account starts at FIRST and doubles each time that the limit is full of accepted
connections. A 429 lowers it to what was in use without the refused call; from then on it is raised
by one at a time, and each refusal doubles the quiet time before the next such probe.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Slots of an account that nothing is known of.
FIRST = 4

#: Quiet time in seconds after the first refusal; each further one doubles it, up to the longest.
SHORTEST_QUIET_SECONDS = 5.0
LONGEST_QUIET_SECONDS = 300.0

#: Refusals after which the quiet time is the longest. More are not counted: each would only put
#: off the return of trust, and an account that is full for a day sees thousands.
MOST_REFUSALS = 7


@dataclass(frozen=True, slots=True)
class Limit:
    """What is known of an account's limit."""

    learned: int = FIRST  #: never below 1
    refusals: int = 0  #: 429s that changed it, less the probes that succeeded since
    raise_at: float = 0.0  #: epoch seconds; before it, nothing above `learned` is tried


def quiet_seconds(refusals: int) -> float:
    """Return how long to leave the limit alone after so many refusals."""
    return min(LONGEST_QUIET_SECONDS, SHORTEST_QUIET_SECONDS * 2.0 ** (max(refusals, 1) - 1))


def after_acceptance(limit: Limit, *, live: int, ceiling: int, now: float) -> Limit:
    """Return the limit once a start was accepted and `live` connections are open."""
    known = max(limit.learned, min(live, ceiling))
    if live < limit.learned or known >= ceiling:
        return Limit(known, limit.refusals, limit.raise_at)
    if limit.refusals == 0:
        return Limit(min(2 * known, ceiling))
    if now < limit.raise_at:
        return Limit(known, limit.refusals, limit.raise_at)
    trust = max(1, limit.refusals - 1)
    return Limit(known + 1, trust, now + quiet_seconds(trust))


def after_refusal(limit: Limit, *, fits: int, now: float) -> Limit:
    """Return the limit once a start was answered 429 while `fits` other slots were in use.

    Of those some may still be refused as well; each that is lowers the limit by its own.
    """
    refusals = min(limit.refusals + 1, MOST_REFUSALS)
    return Limit(max(1, min(limit.learned, fits)), refusals, now + quiet_seconds(refusals))
