"""How many slots an account has: a pure function of what was seen.

The API neither states its limit nor how much of it is in use, so it is learned below a configured
ceiling. A new account starts at FIRST and doubles each time that the limit is full of accepted
connections. A 429 lowers it to what was in use without the refused call. From then on it is probed
by one; a probe that is accepted is followed by steps of one, two, four, …, for a limit that has
moved has often moved far. A probe that is refused cost one refusal, and the next one waits longer.

A limit that fell may rise again, and then more slots are to be had than one. So while fewer fit
than fitted before, probes come sooner, one for each slot that was lost, and an accepted one is soon
followed by the step back to what fitted.

Some APIs accept a call and have it fail afterwards. Where one did, a start that is accepted proves
nothing by itself: each step waits until a refusal of the one before would have come.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

#: Slots of an account that nothing is known of.
FIRST = 4

#: Quiet time in seconds after the first refusal; each probe that fails doubles it, up to the
#: longest.
SHORTEST_QUIET_SECONDS = 5.0
LONGEST_QUIET_SECONDS = 300.0

#: Where calls are short a probe is soon worth its refusal: when each slot has been used so often
#: since the last one. It keeps refusals below 1 for so many starts and slots.
TURNS = 5.0

#: The same, and the shortest quiet time, while slots are missing that fitted before.
TURNS_AFTER_FALL = 2.0
QUIET_SECONDS_AFTER_FALL = 2.0

#: Settled, where refusals come late.
_LATE = -1

#: Failed probes after which the quiet time is the longest. More are not counted: each would only
#: put off the return of trust.
MOST_REFUSALS = 7

#: Starts that may be unanswered at once above what has been proven to fit, or this share of it: a
#: limit that is met while climbing costs so many refusals at most.
UNPROVEN = 2
UNPROVEN_SHARE = 0.125


#: Of so many grants of a slot one goes to a lower priority class, so that none waits for ever.
STARVING = 20


@dataclass(frozen=True, slots=True)
class Limit:
    """What is known of an account's limit."""

    learned: int = FIRST  #: never below 1
    refusals: int = 0  #: probes that failed in a row, and the refusal before them; 0: none yet
    raise_at: float = 0.0  #: epoch seconds; before it, nothing above `learned` is tried
    step: int = 0  #: by how much the next step of a climb raises it; 1: a probe is out; 0: settled
    #: Below 0: refusals come late, and the next step is as large as this.
    #: Slots that fitted before it fell, less one for each probe that failed since. 0: all fit.
    had: int = 0

    @property
    def has_fallen(self) -> bool:
        """Whether slots are missing that fitted before, and may be back."""
        return self.learned < self.had


def as_set(slots: int, now: float) -> Limit:
    """Return the limit that an operator says: probed as late as if often refused."""
    return Limit(slots, MOST_REFUSALS, now + LONGEST_QUIET_SECONDS)


def quiet_seconds(refusals: int) -> float:
    """Return how long to leave the limit alone after so many refusals."""
    return min(LONGEST_QUIET_SECONDS, SHORTEST_QUIET_SECONDS * 2.0 ** (max(refusals, 1) - 1))


def after_acceptance(
    limit: Limit, *, live: int, ceiling: int, now: float, accepted: int = 0
) -> Limit:
    """Return the limit once a start was accepted and `live` connections are open.

    `accepted` counts the starts that were, since the last refusal.
    """
    if limit.step < 0:
        return _while_refusals_come_late(
            limit, live=live, ceiling=ceiling, now=now, accepted=accepted
        )
    known = replace(limit, learned=max(limit.learned, min(live, ceiling)))
    if live < limit.learned or known.learned >= ceiling:
        return known
    if limit.refusals == 0:
        return replace(known, learned=min(2 * known.learned, ceiling))
    if limit.step > 0:
        # The last step fits: it has moved, and what failed before says nothing any more.
        return replace(
            known,
            learned=min(known.learned + _next_step(known), ceiling),
            refusals=1,
            step=2 * limit.step,
        )
    if now < limit.raise_at and not _is_worth_a_refusal(limit, accepted, now):
        return known
    return replace(known, learned=known.learned + 1, step=1)


def _next_step(limit: Limit) -> int:
    # A probe may have been accepted because a call had ended of which we had not heard, so the
    # first step is taken twice.
    return 1 if limit.step == 1 else max(limit.step, limit.had - limit.learned)


def _while_refusals_come_late(
    limit: Limit, *, live: int, ceiling: int, now: float, accepted: int
) -> Limit:
    is_settled = limit.step == _LATE
    is_time = now >= limit.raise_at or (is_settled and _is_worth_a_refusal(limit, accepted, now))
    if live < limit.learned or limit.learned >= ceiling or not is_time:
        return limit
    return replace(
        limit,
        learned=min(limit.learned - limit.step, ceiling),
        refusals=limit.refusals if is_settled else 1,  # the last step fits
        raise_at=now + SHORTEST_QUIET_SECONDS,
        step=2 * limit.step,
    )


def _is_worth_a_refusal(limit: Limit, accepted: int, now: float) -> bool:
    turns, quiet = TURNS, SHORTEST_QUIET_SECONDS
    if limit.has_fallen:
        turns, quiet = TURNS_AFTER_FALL, QUIET_SECONDS_AFTER_FALL
    refused_at = limit.raise_at - quiet_seconds(limit.refusals)
    return accepted >= turns * limit.learned and now >= refused_at + quiet


def after_refusal(
    limit: Limit, *, fits: int, now: float, reserve: int = 0, proven: int = 0
) -> Limit:
    """Return the limit once a start was answered 429 while `fits` other slots were in use.

    Of those some may still be refused as well; each that is lowers the limit by its own. `reserve`
    slots are left free for other traffic on the account. `proven` connections were open at once
    since the refusal before.
    """
    was_probe = limit.step == 1 and fits >= limit.learned - 1
    refusals = min(limit.refusals + 1, MOST_REFUSALS) if was_probe else 1
    learned = max(1, min(limit.learned, fits - reserve))
    had = max(limit.had, proven - reserve) - was_probe
    missing = had if had > learned else 0
    return Limit(learned, refusals, now + quiet_seconds(refusals), had=missing)


def after_late_refusal(
    limit: Limit, *, fits: int, now: float, reserve: int = 0, proven: int = 0
) -> Limit:
    """Do the same for a start that was accepted, and failed since the account was full."""
    was_probe = limit.step == 2 * _LATE
    known = replace(limit, step=1 if was_probe else 0)
    after = after_refusal(known, fits=fits, now=now, reserve=reserve, proven=proven)
    return replace(after, step=_LATE)
