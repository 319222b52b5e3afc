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


#: For how long it is known that a party was called: the longest period that a cap may have.
REMEMBERED_SECONDS = 31 * 86_400

#: Within this time no other timekeeper says again that a call can be dialled.
APART_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Charge:
    """Who listens to a connection, and for how many seconds that holds unless it is renewed."""

    listener: str = ""  #: "" for nobody
    seconds: float = 0.0


NOBODYS = Charge()


@dataclass(frozen=True, slots=True)
class Ringing:
    """What `begin` is told of an attempt at a provider that answers before the callee does."""

    seconds: float  #: that it may ring
    hold_seconds: float  #: that it may live at most, queued and ringing included
    caller_id: str = ""  #: by which it is known among the provider's calls; "" for any
    is_searched: bool = False  #: the provider can be asked for it should its answer be lost

    @property
    def written(self) -> tuple[float, float, str, int]:
        """What a script takes."""
        return self.hold_seconds, self.seconds, self.caller_id, int(self.is_searched)


@dataclass(frozen=True, slots=True)
class Wait:
    """The state of a call that its provider has accepted, and that nobody has answered yet."""

    stage: str  #: "queued" or "ringing"
    ring_seconds: float
    queue_seconds: float = 0.0  #: before it rings; more than a minute: the call is taken back

    #: After these its deadline lies: an API may let it ring some seconds longer, and reads lag.
    MARGIN_SECONDS: ClassVar[float] = 35.0

    @property
    def deadline_seconds(self) -> float:
        """From its begin until somebody must have answered."""
        return self.queue_seconds + self.ring_seconds + self.MARGIN_SECONDS


@dataclass(frozen=True, slots=True)
class Claim:
    """A due call that holds a slot, and whom to dial for it."""

    attempt: Attempt
    contact: Contact
    policy: Policy
    now: float  #: when it was claimed, by the clock of Redis
    blocked_callers: frozenset[str] = frozenset()  #: our own numbers that the provider refuses

    @property
    def max_duration_seconds(self) -> float:
        """The contact's own, else the campaign's."""
        return self.contact.max_duration_seconds or self.policy.max_duration_seconds


#: Why a call is handed out that is to be looked at.
LOOK = "look"


@dataclass(frozen=True, slots=True)
class StopOrder:
    """A stop that is due now, or a look at a call whose deadline before the answer has passed."""

    attempt: Attempt
    connection_id: str
    why: str  #: deadline, aborted, late, …; LOOK: it is no stop
    deadline: float  #: epoch seconds, by the clock of Redis
    sendings: int  #: how often it has been taken, this time included
    late_seconds: float  #: since it was due, when it was taken


@dataclass(frozen=True, slots=True)
class Due:
    """What a timekeeper finds when it looks."""

    expired: int  #: attempts that were dealt with, as `expire` does
    stops: list[StopOrder]  #: taken, as `take_stops` does
    dials: int  #: worth a message now
    collects: int
    seconds: float | None  #: until it has to look again; None when nothing is in sight


#: Nobody has looked, for the clock of Redis shows more than it can.
HELD = Due(0, [], 0, 0, 0.0)


def claim(
    ledger: Ledger,
    account: str,
    token: str,
    *,
    ceiling: int,
    fingerprint: str = "",
    only: str = "",
    starts_per_second: float = 0.0,
    now: float | None = None,
) -> Claim | float | None:
    """Give the next due call a slot and a fresh attempt; None when nothing may be dialled.

    The seconds to wait, when all that holds a call back is the pace of starts.
    """
    lease = ledger.leases
    found = ledger.run(
        ledger.do.claim,
        account,
        token,
        ceiling,
        fingerprint,
        only,
        lease.claim,
        lease.dial,
        FIRST,
        lease.stop_late,
        starts_per_second,
        ledger.clock(now),
    )
    if not found:
        return None
    if isinstance(found, str):
        return float(found)
    attempt, record, policy, instant, blocked = found
    try:
        known = decode(record)[0], decode_policy(policy)
    except ValueError as error:
        # Whoever it was is not called. The next claim is for another call.
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
    """Ask for leave to send the start; the command is never sent twice. Raises StaleAttempt.

    `closes_at` is the instant from which on no start may be let out. `targets` are whom the call
    may be transferred to: none of them may be on the do-not-call list, nor may the contact.
    `ringing` is what is known of an attempt whose start is answered before the callee answers.
    False: a rule forbids it, and the attempt was given back, or the call has ended as skipped.
    Raises LedgerUnreachable also when the leave is not as safe in time as the setting asks for.
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
    nothing = ("",) * 6
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
    charge: Charge = NOBODYS,
    wait: Wait | None = None,
    now: float | None = None,
) -> tuple[str, float, LimitView]:
    """Put a connection and its deadline on record. An answer is never refused.

    One that is in time is in the `charge` of a listener from then on. With a `wait` the callee has
    not answered yet: the deadline is one before that, counted from `begin`, and
    `reports.answered` moves it.

    Returns what it was taken for ("connected", "late": its stop is due now, "known": it was on
    record, "second": the attempt has another one and nothing was written), the deadline, and
    the account's limit as it stands now. Raises LedgerUnreachable also when that is not as safe
    in time as the setting asks for: it is to be said again.
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
        charge.listener,
        charge.seconds,
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
    """End a call that has no connection; its slot may stay taken. Raises StaleAttempt."""
    args = (disposition, reason or "", message, hold_seconds, signal, ledger.clock(now))
    if not ledger.run(ledger.do.finish, account, str(attempt), *args):
        raise StaleAttempt(f"attempt {attempt} is no longer open")


def expire(ledger: Ledger, account: str, *, most: int = 100, now: float | None = None) -> int:
    """Deal with attempts whose time is over; returns how many there were, at most `most`."""
    patience = ledger.leases.stop_patience
    return int(ledger.run(ledger.do.expire, account, most, patience, ledger.clock(now)))


def take_stops(
    ledger: Ledger, account: str, *, most: int, delays: Sequence[float], now: float | None = None
) -> list[StopOrder]:
    """Take the stops that are due. Each is due again after the delay for its next sending."""
    give_up = ledger.leases.stop_give_up
    return _orders(
        ledger.run(ledger.do.take_stops, account, most, give_up, ledger.clock(now), *delays)
    )


def hurry_stops(ledger: Ledger, account: str, now: float | None = None) -> None:
    """Have every stop that waits for its next sending sent now."""
    ledger.run(ledger.do.hurry_stops, account, ledger.clock(now))


def deny(
    ledger: Ledger, account: str, attempt: Attempt, now: float | None = None
) -> Disposition | None:
    """Record that a stop was answered "no such connection"; None while that is not certain.

    The far end ended it if the very first stop was answered so; else a stop of ours may have.
    """
    seconds = ledger.leases.denied_apart
    answer = int(ledger.run(ledger.do.deny, account, str(attempt), seconds, ledger.clock(now)))
    return (None, Disposition.STOPPED, Disposition.HUNG_UP)[answer]


def note_stop_error(
    ledger: Ledger, attempt: Attempt, message: str, kind: LateCause = LateCause.API
) -> None:
    """Keep what the API said to a stop that it did not confirm; the last word counts."""
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
    """Record that a connection is over: its slot is free. False when that was known.

    `summaries` is what the stop's answer said of summary pages, as JSON. `ago_seconds` is since
    when it is over, where nobody could put that on record.
    """
    args = (account, str(attempt), disposition, reason or "", conversation_id, summaries)
    return bool(ledger.run(ledger.do.confirm, *args, ago_seconds, ledger.clock(now)))


def ready(
    ledger: Ledger,
    account: str,
    *,
    ceiling: int,
    fingerprint: str = "",
    only: str = "",
    apart_seconds: float = 0.5,
    now: float | None = None,
) -> tuple[int, int, float | None]:
    """Return how many dials and collects are worth a message now, and when to look again.

    The last is in seconds from now; None when nothing is in sight.
    """
    late = ledger.leases.stop_late
    args = (account, ceiling, fingerprint, only, FIRST, apart_seconds, late, ledger.clock(now))
    dials, collects, soonest = ledger.run(ledger.do.ready, *args)
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
    apart_seconds: float = APART_SECONDS,
    now: float | None = None,
) -> Due:
    """Do `expire`, `take_stops` (at most `free`) and `ready` in one step."""
    look = Look(account, free, delays, ceiling, fingerprint, only)
    asked = _asked(ledger, look, most, math.inf, apart_seconds, now)
    return _due(ledger.run(ledger.do.tick, *asked))


def _asked(
    ledger: Ledger,
    look: Look,
    most: int,
    latest: float,
    apart_seconds: float = APART_SECONDS,
    now: float | None = None,
) -> tuple[Any, ...]:
    """Return the arguments of tick.lua."""
    lease = ledger.leases
    bounds = (look.account, most, lease.stop_patience, look.free, lease.stop_give_up)
    ready = (look.ceiling, look.fingerprint, look.only, FIRST, apart_seconds, lease.stop_late)
    until = "" if latest == math.inf else repr(latest)
    return (*bounds, *ready, ledger.clock(now), until, *look.delays)


def _due(found: Any) -> Due:
    if not found:
        return HELD
    expired, taken, (dials, collects, soonest) = found
    seconds = float(soonest) if soonest else None
    return Due(int(expired), _orders(taken), int(dials), int(collects), seconds)


@dataclass(frozen=True, slots=True)
class Look:
    """What a timekeeper asks of one account."""

    account: str
    free: int  #: stops that there is room for
    delays: Sequence[float]  #: between the sendings of a stop
    ceiling: int
    fingerprint: str
    only: str = ""  #: the one campaign whose calls are dialled; "" for all


def ticks(
    ledger: Ledger, looks: Sequence[Look], *, most: int, latest: float = math.inf
) -> list[Due | LedgerTrouble]:
    """Do `tick` for several accounts in one journey; what fails for one fails for no other.

    HELD, and nothing done, where the clock of Redis shows more than `latest`. Raises LedgerTrouble
    when Redis can't be reached at all.
    """
    asked = [_asked(ledger, look, most, latest) for look in looks]
    return list(map(_due_or_why, ledger.run_each(ledger.do.tick, asked)))


def _due_or_why(found: Any) -> Due | LedgerTrouble:
    try:
        return found if isinstance(found, LedgerTrouble) else _due(found)
    except (ValueError, TypeError, IndexError) as error:
        return LedgerFault(f"what lies there can't be read: {error}")


def _orders(flat: Sequence[str]) -> list[StopOrder]:
    return [
        StopOrder(
            Attempt.parse(attempt), connection, why, float(deadline), int(sendings), float(late)
        )
        for attempt, connection, why, deadline, sendings, late in zip(
            *(iter(flat),) * 6, strict=True
        )
    ]
