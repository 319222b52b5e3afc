"""Records what workers read of live calls at the provider: the callee's answer, and the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scheduler.ledger import keys, limits
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.limits import LimitView
from scheduler.ledger.redis.client import reaching
from scheduler.limit import Limit
from scheduler.models import Attempt, Contact, Disposition, Policy, Reason
from scheduler.records import decode, decode_policy


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A live connection as the ledger has it. Instants are by the clock of Redis."""

    attempt: Attempt
    connection_id: str
    stage: str  #: "queued", "ringing" or "answered"; "" if its provider reports no stages
    begun_at: float
    max_duration_seconds: float  #: from the callee's answer
    answered_at: float | None  #: None: not known to be answered
    stop_why: str  #: why a stop of it is on record; "" if none is
    stop_owed_at: float | None
    stop_sendings: int


_FIELDS = (
    *("connection_id", "stage", "begun_at", "max_duration", "answered_at"),
    *("stop_why", "stop_owed_at", "stop_sendings", "over_at", "stop_unrecorded"),
)


def open_calls(
    ledger: Ledger, account: str, attempts: Sequence[Attempt] | None = None
) -> list[OpenCall]:
    """Return the live connections of an account, or of these attempts.

    Raises LedgerTrouble.
    """
    with reaching():
        if attempts is None:
            members = ledger.redis.zrange(keys.account(account, "live"), 0, -1)
            attempts = [Attempt.parse(one) for one in members if Attempt.is_written(one)]
        with ledger.redis.pipeline(transaction=False) as pipe:
            for attempt in attempts:
                pipe.hmget(keys.attempt(str(attempt)), *_FIELDS)
            found = pipe.execute(raise_on_error=False)
    read = [_open_call(attempt, fields) for attempt, fields in zip(attempts, found, strict=True)]
    return [call for call in read if call is not None]


def _open_call(attempt: Attempt, fields: Any) -> OpenCall | None:
    try:
        return _parse(attempt, fields) if isinstance(fields, list) else None
    except ValueError:
        # Another program has spoiled the record. The deadline does not depend on it.
        return None


def _parse(attempt: Attempt, fields: list[str | None]) -> OpenCall | None:
    connection, stage, begun, longest, answered, why, owed, sendings, over, unrecorded = fields
    if not connection or over:
        return None
    return OpenCall(
        attempt,
        connection,
        stage or "",
        float(begun or 0),
        float(longest or 0),
        float(answered) if answered else None,
        # A stop that a worker sent but could not record may have ended the call.
        why or ("deadline" if unrecorded else ""),
        float(owed) if owed else None,
        int(sendings or 0),
    )


def policy_of(ledger: Ledger, campaign_id: str) -> Policy:
    """Return a campaign's policy for its calls. Raises LedgerTrouble, ValueError."""
    with reaching():
        return decode_policy(ledger.redis.hget(keys.campaign(campaign_id, "meta"), "policy"))


def contact_of(ledger: Ledger, attempt: Attempt) -> Contact:
    """Return the contact of an attempt. Raises LedgerTrouble, and ValueError if it is not known."""
    entry = f"{attempt.row}-0"
    with reaching():
        found = ledger.redis.xrange(keys.campaign(attempt.campaign_id, "contacts"), entry, entry)
    if not found:
        raise ValueError(f"{attempt}: no record of its contact")
    return decode(found[0][1]["c"])[0]


def answered(
    ledger: Ledger,
    account: str,
    attempt: Attempt,
    *,
    answered_at: float | None = None,
    now: float | None = None,
) -> bool:
    """Record when the callee answered, from which the deadline counts; False if it was on record.

    `answered_at` is by the clock of Redis; without it the call counts as answered at the last read
    that showed it unanswered. The deadline moves once: a later answer does not move it again.
    """
    at = "" if answered_at is None else repr(answered_at)
    args = (account, str(attempt), at, ledger.clock(now))
    return bool(ledger.run(ledger.do.answered, *args))


def unanswered(ledger: Ledger, asked_at: float, calls: Iterable[tuple[Attempt, str]]) -> None:
    """Record that these calls, each with its stage, were unanswered at the read at `asked_at`."""
    pairs = [part for attempt, stage in calls for part in (str(attempt), stage)]
    if pairs:
        ledger.run(ledger.do.unanswered, repr(asked_at), *pairs)


def over(
    ledger: Ledger,
    account: str,
    attempt: Attempt,
    disposition: Disposition,
    *,
    reason: Reason | None = None,
    message: str = "",
    is_final: bool = False,
    facts: Mapping[str, Any] | None = None,
    now: float | None = None,
) -> bool:
    """Record the end of a call whose final status was read; False if that was on record.

    `is_final`: the call is not dialled again, even if the policy retries such calls, and counts as
    a failure. `facts` are kept under the attempt: `answered_at`, `duration`, `answered_by`,
    `price`, ….
    """
    pairs = [part for name, value in (facts or {}).items() for part in (name, value)]
    args = (account, str(attempt), disposition, reason or "", message, int(is_final))
    return bool(ledger.run(ledger.do.over, *args, ledger.clock(now), *pairs))


#: The reason of a stop that takes a call back from the provider's queue.
TAKEN_BACK = "taken_back"

#: How often a call may find the account's calls used up before it ends as failed.
MOST_FULL = 5


def unplaced(ledger: Ledger, account: str, attempt: Attempt, now: float | None = None) -> bool:
    """Record that a call that was taken back never rang; its record says what follows.

    It uses up no attempt. False if its end was on record.
    """
    nothing = ("",) * 6
    args = (account, str(attempt), "", "", 0, *nothing, ledger.clock(now))
    return int(ledger.run(ledger.do.unplaced, *args)) == 1


def give_back_at_limit(
    ledger: Ledger,
    account: str,
    attempt: Attempt,
    message: str,
    *,
    delay_seconds: float,
    seen: LimitView,
    lowered: Limit,
    now: float | None = None,
) -> bool:
    """Give back a call for which the account had no concurrent call left, and lower the limit.

    No phone rang, and it uses up no attempt. False if this has happened to it MOST_FULL times, or
    if its end was on record: then nothing changes.
    """
    change = (seen.version, *limits.written(lowered))
    args = (account, str(attempt), message, MOST_FULL, delay_seconds, *change, ledger.clock(now))
    return int(ledger.run(ledger.do.unplaced, *args)) == 1


def recall(
    ledger: Ledger, account: str, attempts: Sequence[Attempt], now: float | None = None
) -> int:
    """Order the stop of those queued calls that must not ring any more; return how many."""
    if not attempts:
        return 0
    args = (account, ledger.leases.stop_patience, ledger.clock(now), *map(str, attempts))
    return int(ledger.run(ledger.do.recall, *args))


@dataclass(frozen=True, slots=True)
class Unpriced:
    """A call that is over, and whose price is not known yet."""

    attempt: Attempt
    connection_id: str
    reads: int  #: how many reads have shown no price


def unpriced(ledger: Ledger, account: str, most: int, now: float | None = None) -> list[Unpriced]:
    """Return the calls whose price is due to be read."""
    instant = ledger.time(now)
    key = keys.account(account, "prices")
    with reaching():
        members = ledger.redis.zrangebyscore(key, "-inf", instant, start=0, num=most)
        attempts = [Attempt.parse(one) for one in members if Attempt.is_written(one)]
        with ledger.redis.pipeline(transaction=False) as pipe:
            for attempt in attempts:
                pipe.hmget(keys.attempt(str(attempt)), "connection_id", "price_reads")
            found = pipe.execute()
    return [
        Unpriced(attempt, connection or "", keys.count_of(reads or ""))
        for attempt, (connection, reads) in zip(attempts, found, strict=True)
    ]


def note_price(
    ledger: Ledger,
    account: str,
    attempt: Attempt,
    facts: Mapping[str, Any],
    *,
    delay_seconds: float | None,
    now: float | None = None,
) -> None:
    """Keep the facts of a later read; if it showed no price, read again after the delay, if any."""
    pairs = [part for name, value in facts.items() for part in (name, value)]
    delay = "" if delay_seconds is None else delay_seconds
    ledger.run(ledger.do.note_price, account, str(attempt), delay, ledger.clock(now), *pairs)
