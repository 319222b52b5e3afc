"""The verbs that change a call's life: each one script, atomic, and harmless when it runs again."""

from __future__ import annotations

import logging
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from scheduler.errors import LedgerFault, LedgerTrouble, StaleAttempt
from scheduler.late import LateCause
from scheduler.ledger import keys, limits
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.limits import LimitView
from scheduler.ledger.redis.client import reaching
from scheduler.ledger.redis.durability import run_durably
from scheduler.limit import FIRST, Limit
from scheduler.models import (
    Attempt,
    Connection,
    Contact,
    Disposition,
    Policy,
    Reason,
)
from scheduler.records import decode, decode_policy

logger = logging.getLogger(__name__)


#: How long the ledger remembers that a party was called: the longest period of a cap.
REMEMBERED_SECONDS = 31 * 86_400

#: Within this time no other timekeeper sends the same message that a call can be dialled.
MESSAGE_INTERVAL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class ListenerLease:
    """A listener's lease of a connection."""

    listener: str = ""  #: "": nobody listens
    seconds: float = 0.0  #: until it runs out, unless the listener renews it


NO_LISTENER = ListenerLease()


@dataclass(frozen=True, slots=True)
class Ringing:
    """What `begin` records of an attempt if the provider answers before the callee does."""

    seconds: float  #: how long it may ring
    hold_seconds: float  #: how long it may live at most, queue and ringing included
    caller_id: str = ""  #: by which to find it among the provider's calls; "" for any
    is_searched: bool = False  #: whether the provider can search for it if its answer is lost

    @property
    def written(self) -> tuple[float, float, str, int]:
        """The arguments of begin.lua."""
        return self.hold_seconds, self.seconds, self.caller_id, int(self.is_searched)


@dataclass(frozen=True, slots=True)
class Wait:
    """How a call waits that its provider has accepted, and that nobody has answered yet."""

    stage: str  #: "queued" or "ringing"
    ring_seconds: float
    queue_seconds: float = 0.0  #: until it rings; after more than a minute we take the call back
    #: Margin of the deadline: an API may let it ring longer than it was told, and reads lag.
    MARGIN_SECONDS: ClassVar[float] = 35.0

    @property
    def deadline_seconds(self) -> float:
        """How long after `begin` somebody must have answered."""
        return self.queue_seconds + self.ring_seconds + self.MARGIN_SECONDS


@dataclass(frozen=True, slots=True)
class Claim:
    """A due call that holds a slot, and whom to dial for it."""

    attempt: Attempt
    contact: Contact
    policy: Policy
    now: float  #: when it was claimed, by the clock of Redis
    blocked_callers: frozenset[str] = frozenset()  #: caller ids that the provider refuses

    @property
    def max_duration_seconds(self) -> float:
        """The contact's own limit, else the campaign's."""
        return self.contact.max_duration_seconds or self.policy.max_duration_seconds


#: `StopOrder.why` of an order that is no stop: a worker is to read the call.
LOOK = "look"


@dataclass(frozen=True, slots=True)
class Bid:
    """On what terms an execution claims a call."""

    token: str  #: of this execution; the same token gets the same claim again
    ceiling: int  #: of slots, as the account is configured
    fingerprint: str = ""  #: of the credentials; a blocked one dials nothing
    only: str = ""  #: the one campaign that is served; "" for all
    starts_per_second: float = 0.0  #: starts a second at most; 0 for any


@dataclass(frozen=True, slots=True)
class StopOrder:
    """A stop that is due now, or an order to read a call at its deadline before the answer."""

    attempt: Attempt
    connection_id: str
    why: str  #: deadline, aborted, late, …; LOOK or SPEAK: it is no stop
    deadline: float  #: epoch seconds, by the clock of Redis
    sendings: int  #: how often a worker has taken it, this time included
    late_seconds: float  #: how long after it was due it was taken

    @classmethod
    def read(cls, values: Sequence[str]) -> StopOrder:
        """Read one of those that take_stops.lua returns."""
        attempt, connection_id, why, deadline, sendings, late = values
        return cls(
            Attempt.parse(attempt), connection_id, why, float(deadline), int(sendings), float(late)
        )


@dataclass(frozen=True, slots=True)
class Due:
    """What a timekeeper finds when it looks at an account."""

    expired: int  #: how many attempts `expire` has dealt with
    stops: list[StopOrder]  #: those that `take_stops` has taken
    dials: int  #: how many messages to send now so that workers dial
    collects: int  #: how many messages to send now so that workers read conversations
    seconds: float | None  #: until it has to look again; None if nothing is in sight
    work_seconds: float | None = None  #: the same, without what has to end


#: The tick did nothing, because the clock of Redis shows a later time than is possible.
HELD = Due(0, [], 0, 0, 0.0)


def claim(ledger: Ledger, account: str, bid: Bid, now: float | None = None) -> Claim | float | None:
    """Give the next due call a slot and a new attempt; None if nothing may be dialled.

    Returns the seconds to wait if only the pace of starts holds a call back.
    """
    found = ledger.run(ledger.do.claim, account, *_bidding(ledger, bid), ledger.clock(now))
    return _claimed(ledger, account, found, now)


def _bidding(ledger: Ledger, bid: Bid) -> tuple[Any, ...]:
    """Return the arguments of claim.lua for a bid, without account and time."""
    lease = ledger.leases
    terms = (bid.token, bid.ceiling, bid.fingerprint, bid.only)
    return (*terms, lease.claim, lease.dial, FIRST, lease.stop_late, bid.starts_per_second)


def _claimed(ledger: Ledger, account: str, found: Any, now: float | None) -> Claim | float | None:
    """Read what claim.lua has returned."""
    if not found:
        return None
    if isinstance(found, str):
        return float(found)
    attempt, record, policy, instant, blocked = found
    try:
        known = decode(record)[0], decode_policy(policy)
    except ValueError as error:
        # The script has ended this call. The next claim is for another one.
        logger.error("%s: its record in the ledger can't be read: %r", attempt, error)
        message = "its record in the ledger can't be read"
        finish(
            ledger, account, Attempt.parse(attempt), Disposition.REJECTED, message=message, now=now
        )
        return 0.0
    return Claim(Attempt.parse(attempt), *known, float(instant), frozenset(blocked))


def begin(
    ledger: Ledger,
    account: str,
    attempt: Attempt,
    token: str,
    *,
    max_duration_seconds: float,
    closes_at: float = math.inf,
    targets: Collection[str] = (),
    ringing: Ringing | None = None,
    now: float | None = None,
) -> bool:
    """Ask whether the start may be sent, and record that it leaves. Raises StaleAttempt.

    The client never sends this command twice. From the instant `closes_at` on no start may leave.
    `targets` are the parties to whom the call may be transferred; the do-not-call list must have
    neither the contact nor any of them. `ringing` is set if the provider answers before the callee
    does. Returns False if a rule forbids the dial: then the script has given the attempt back, or
    ended the call as skipped. Raises LedgerUnreachable also if the write does not become as durable
    in time as CALLSCHED_DURABILITY asks for.
    """
    lease = ledger.leases
    lengths = (lease.dial, max_duration_seconds, lease.stop_late)
    until = "" if closes_at == math.inf else repr(closes_at)
    rings = ringing.written if ringing else ("",) * 4
    known = (*lengths, until, REMEMBERED_SECONDS, *rings, "\n".join(targets))
    args = (account, str(attempt), token, *known, ledger.clock(now))
    with reaching():
        answer = run_durably(
            ledger.once, ledger.do_once.begin, [keys.ROOT], args, ledger.durability
        )
    if answer == "stale":
        raise StaleAttempt(f"attempt {attempt} is no longer claimed")
    return bool(answer == "go")


def give_back(
    ledger: Ledger,
    account: str,
    attempt: Attempt,
    token: str = "",
    *,
    delay_seconds: float = 0.0,
    signal: str = "",
    message: str = "",
    now: float | None = None,
) -> None:
    """Give slot and attempt back: no phone rang. Raises StaleAttempt."""
    nothing = ("",) * 7
    _give_back(
        ledger, account, attempt, token, delay_seconds, signal, message, *nothing, ledger.clock(now)
    )


def give_back_at_limit(
    ledger: Ledger,
    account: str,
    attempt: Attempt,
    token: str,
    *,
    delay_seconds: float,
    message: str,
    seen: LimitView,
    lowered: Limit,
    now: float | None = None,
) -> None:
    """Give slot and attempt back after a 429 and lower the learned limit, in one step."""
    change = (seen.version, *limits.written(lowered))
    _give_back(
        ledger,
        account,
        attempt,
        token,
        delay_seconds,
        "answered",
        message,
        delay_seconds,
        *change,
        ledger.clock(now),
    )


def _give_back(ledger: Ledger, account: str, attempt: Attempt, *rest: Any) -> None:
    if not ledger.run(ledger.do.give_back, account, str(attempt), *rest):
        raise StaleAttempt(f"attempt {attempt} is no longer open")


def connect(
    ledger: Ledger,
    account: str,
    attempt: Attempt,
    connection: Connection,
    *,
    answered_ago_seconds: float,
    max_duration_seconds: float,
    listener_lease: ListenerLease = NO_LISTENER,
    wait: Wait | None = None,
    now: float | None = None,
) -> tuple[str, float, LimitView]:
    """Put a connection and its deadline on record. An answer is never refused.

    If it is in time, the listener of `listener_lease` has it from then on. `wait` is set if the
    callee has not answered yet: then the deadline is the one before the answer, counted from
    `begin`, and `reports.answered` moves it.

    Returns how it was recorded ("connected"; "late": its stop is due now; "known": it was on
    record; "second": the attempt has another one and nothing was written), the deadline, and the
    account's limit as it stands now. Raises LedgerUnreachable also if the write does not become as
    durable in time as CALLSCHED_DURABILITY asks for: then call this again.
    """
    args = (
        account,
        str(attempt),
        connection.connection_id,
        connection.conversation_id,
        connection.details,
        answered_ago_seconds,
        max_duration_seconds,
        ledger.leases.stop_patience,
        listener_lease.listener,
        listener_lease.seconds,
        wait.stage if wait else "",
        wait.queue_seconds if wait else 0,
        wait.ring_seconds if wait else 0,
        Wait.MARGIN_SECONDS,
        ledger.clock(now),
    )
    with reaching():
        answer, deadline, seen = run_durably(
            ledger.once, ledger.do_once.connect, [keys.ROOT], args, ledger.durability
        )
    return answer, float(deadline), limits.parse(seen)


def finish(
    ledger: Ledger,
    account: str,
    attempt: Attempt,
    disposition: Disposition,
    *,
    reason: Reason | None = None,
    message: str = "",
    hold_seconds: float = 0.0,
    signal: str = "",
    now: float | None = None,
) -> None:
    """End a call that has no connection. Its slot stays taken for `hold_seconds`.

    Raises StaleAttempt.
    """
    args = (disposition, reason or "", message, hold_seconds, signal, ledger.clock(now))
    if not ledger.run(ledger.do.finish, account, str(attempt), *args):
        raise StaleAttempt(f"attempt {attempt} is no longer open")


def expire(ledger: Ledger, account: str, *, most: int = 100, now: float | None = None) -> int:
    """Deal with attempts whose lease or deadline has passed; returns how many, at most `most`."""
    patience = ledger.leases.stop_patience
    return int(ledger.run(ledger.do.expire, account, most, patience, ledger.clock(now)))


def take_stops(
    ledger: Ledger, account: str, *, most: int, delays: Sequence[float], now: float | None = None
) -> list[StopOrder]:
    """Take the stops that are due; each falls due again after the delay for its next sending."""
    give_up = ledger.leases.stop_give_up
    return _orders(
        ledger.run(ledger.do.take_stops, account, most, give_up, ledger.clock(now), *delays)
    )


def hurry_stops(ledger: Ledger, account: str, now: float | None = None) -> None:
    """Make every stop that waits for its next sending due now."""
    ledger.run(ledger.do.hurry_stops, account, ledger.clock(now))


def deny(
    ledger: Ledger, account: str, attempt: Attempt, now: float | None = None
) -> Disposition | None:
    """Record that the API answered a stop with "no such connection"; None if this proves nothing.

    If it answered the very first stop so, the far end had hung up; else a stop of ours may have
    ended the call.
    """
    seconds = ledger.leases.denied_interval
    answer = int(ledger.run(ledger.do.deny, account, str(attempt), seconds, ledger.clock(now)))
    return (None, Disposition.STOPPED, Disposition.HUNG_UP)[answer]


def note_stop_error(
    ledger: Ledger, attempt: Attempt, message: str, kind: LateCause = LateCause.API
) -> None:
    """Keep the API's answer to a stop that it did not confirm; the last answer counts."""
    fields = {"stop_error": message, "stop_error_kind": kind.value}
    with reaching():
        ledger.redis.hset(keys.attempt(str(attempt)), mapping=fields)


def confirm(
    ledger: Ledger,
    account: str,
    attempt: Attempt,
    disposition: Disposition,
    *,
    reason: Reason | None = None,
    conversation_id: str = "",
    summaries: str = "",
    ago_seconds: float = 0.0,
    now: float | None = None,
) -> bool:
    """Record that a connection is over, and free its slot. False if that was on record.

    `summaries` are the summary pages that the stop's answer names, as JSON. `ago_seconds` is how
    long ago the API confirmed the end, if the ledger could not record it at once.
    """
    end = (disposition, reason or "", conversation_id, summaries, ago_seconds)
    return bool(ledger.run(ledger.do.confirm, account, str(attempt), *end, ledger.clock(now)))


def hand_on(
    ledger: Ledger,
    account: str,
    attempt: Attempt,
    disposition: Disposition,
    bid: Bid,
    *,
    reason: Reason | None = None,
    conversation_id: str = "",
    summaries: str = "",
    ago_seconds: float = 0.0,
    now: float | None = None,
) -> tuple[bool, Claim | float | None]:
    """Do `confirm`, and `claim` on the terms of a bid, in one step: a freed slot is taken again."""
    end = (disposition, reason or "", conversation_id, summaries, ago_seconds)
    args = (account, str(attempt), *end, *_bidding(ledger, bid), ledger.clock(now))
    ended, found = ledger.run(ledger.do.hand_on, *args)
    return bool(ended), _claimed(ledger, account, found, now)


def ready(
    ledger: Ledger,
    account: str,
    *,
    ceiling: int,
    fingerprint: str = "",
    only: str = "",
    interval_seconds: float = 0.5,
    now: float | None = None,
) -> tuple[int, int, float | None]:
    """Return how many messages to send now for dials and for collects, and when to look again.

    The last is in seconds from now; None if nothing is in sight. No other timekeeper sends the same
    message within `interval_seconds`.
    """
    late = ledger.leases.stop_late
    args = (account, ceiling, fingerprint, only, FIRST, interval_seconds, late, ledger.clock(now))
    dials, collects, soonest, _ = ledger.run(ledger.do.ready, *args)
    return int(dials), int(collects), float(soonest) if soonest else None


def tick(
    ledger: Ledger,
    account: str,
    *,
    most: int,
    free: int,
    delays: Sequence[float],
    ceiling: int,
    fingerprint: str = "",
    only: str = "",
    interval_seconds: float = MESSAGE_INTERVAL_SECONDS,
    now: float | None = None,
) -> Due:
    """Do `expire`, `take_stops` (at most `free` of them) and `ready` in one step."""
    look = Look(account, free, delays, ceiling, fingerprint, only)
    asked = _asked(ledger, look, most, math.inf, interval_seconds, now)
    return _due(ledger.run(ledger.do.tick, *asked))


def _asked(
    ledger: Ledger,
    look: Look,
    most: int,
    latest: float,
    interval_seconds: float = MESSAGE_INTERVAL_SECONDS,
    now: float | None = None,
) -> tuple[Any, ...]:
    """Return the arguments of tick.lua."""
    lease = ledger.leases
    bounds = (look.account, most, lease.stop_patience, look.free, lease.stop_give_up)
    ready = (look.ceiling, look.fingerprint, look.only, FIRST, interval_seconds, lease.stop_late)
    until = "" if latest == math.inf else repr(latest)
    return (*bounds, *ready, ledger.clock(now), until, *look.delays)


def _due(found: Any) -> Due:
    if not found:
        return HELD
    expired, taken, (dials, collects, *sights) = found
    soonest, work = (float(sight) if sight else None for sight in sights)
    return Due(int(expired), _orders(taken), int(dials), int(collects), soonest, work)


@dataclass(frozen=True, slots=True)
class Look:
    """What a timekeeper asks of one account."""

    account: str
    free: int  #: how many stops the caller can send now
    delays: Sequence[float]  #: between the sendings of a stop, in seconds
    ceiling: int
    fingerprint: str
    only: str = ""  #: the one campaign whose calls are dialled; "" for all


def ticks(
    ledger: Ledger, looks: Sequence[Look], *, most: int, latest: float = math.inf
) -> list[Due | LedgerTrouble]:
    """Do `tick` for several accounts in one round trip; if it fails for one, the others go on.

    Does nothing and returns HELD if the clock of Redis shows a later time than `latest`. Raises
    LedgerTrouble if Redis can't be reached at all.
    """
    asked = [_asked(ledger, look, most, latest) for look in looks]
    return list(map(_due_or_why, ledger.run_each(ledger.do.tick, asked)))


def _due_or_why(found: Any) -> Due | LedgerTrouble:
    try:
        return found if isinstance(found, LedgerTrouble) else _due(found)
    except (ValueError, TypeError, IndexError) as error:
        return LedgerFault(f"its values in Redis can't be read: {error}")


def _orders(flat: Sequence[str]) -> list[StopOrder]:
    return [StopOrder.read(values) for values in zip(*(iter(flat),) * 6, strict=True)]
