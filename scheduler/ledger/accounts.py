"""What watchers, metrics and reports read of an account; no decision is made from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scheduler.ledger import due, keys, turns, views
from scheduler.ledger.due import DueCalls
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.readable import instant
from scheduler.ledger.redis.client import reaching
from scheduler.models import (
    Attempt,
    CallState,
    Disposition,
    Reason,
    label_of,
    reason_of,
)


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened on an account."""

    at: float  #: epoch seconds
    #: "placed", "answered", "ended", "amended" (of a call); "refused" (a 429); "limit", "outage";
    #: "campaign" (finished, or stopped itself); "control" (an operator's order)
    what: str
    which: str  #: attempt or campaign; "" for the account itself
    detail: str  #: such as "skipped:duplicate", "20 -> 18", "pause by ana@desk"


@dataclass(frozen=True, slots=True)
class Load:
    """How full an account was at an instant."""

    at: float  #: epoch seconds
    slots: int
    learned: int  #: the limit as far as it was known
    live: int
    refused: int  #: 429s since the account's first call


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits on an account."""

    due: int  #: calls that could be dialled now if there were a slot
    oldest_due_seconds: float  #: how long ago the first of them fell due; 0 if none is due
    stops: int  #: to be sent, or to be sent again
    collects: int  #: conversations to read
    webhooks: int  #: messages to send
    sockets_wanted: int  #: live connections to which nobody listens


#: How many of the newest campaigns to read for their account, besides the list of accounts.
_NEWEST = 50


def names(ledger: Ledger) -> list[str]:
    """Return every account that has had a campaign, by name."""
    with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
        # Workers of the previous release record no names: take them from the newest campaigns.
        last = _NEWEST - 1 if turns.is_indexed(ledger.redis) else -1
        pipe.smembers(f"{keys.ROOT}accounts")
        for campaign_id in ledger.redis.zrevrange(f"{keys.ROOT}campaigns", 0, last):
            pipe.hget(keys.campaign(campaign_id, "meta"), "account")
        known, *newest = pipe.execute(raise_on_error=False)
    known = known if isinstance(known, set) else ()  # else it is none of ours
    return sorted({*known, *(name for name in newest if isinstance(name, str))})


def with_entries(ledger: Ledger, among: Sequence[str], part: str) -> list[str]:
    """Return those of several accounts that have anything in one of their sorted sets."""
    if len(among) <= 1:
        return list(among)  # the caller reads that set itself, so this would cost a round trip more
    with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
        for name in among:
            pipe.exists(keys.account(name, part))
        return [name for name, is_there in zip(among, pipe.execute(), strict=True) if is_there]


def is_open(ledger: Ledger, name: str) -> bool:
    """Whether a call of an account is open, or its end is not confirmed yet."""
    return any_open(ledger, [name])


def any_open(ledger: Ledger, among: Sequence[str]) -> bool:
    """Whether a call of any of these accounts is open, or its end is not confirmed yet."""
    parts = ("slots", "live", "stops", "held")
    every = [keys.account(name, part) for name in among for part in parts]
    with reaching():
        return bool(every and ledger.redis.exists(*every))


def event_name(written: str) -> str:
    """Return the present name of an event, whichever release recorded it.

    An earlier release said "answered" of a call that the provider had accepted.
    """
    return {"answered": "placed", "picked_up": "answered"}.get(written, written)


def happenings(
    ledger: Ledger, account: str, *, after: str = "-", most: int = 50
) -> tuple[list[Happening], str]:
    """Return the newest events after a cursor, oldest first, and the next cursor.

    "-" is before everything. The ledger keeps about the last thousand.
    """
    since = "-" if after == "-" else f"({after}"
    with reaching():
        found = ledger.redis.xrevrange(keys.account(account, "events"), "+", since, count=most)
    if not found:
        return [], after
    lines = [
        Happening(
            float(fields["at"]),
            event_name(fields["what"]),
            fields["which"],
            label_of(fields["detail"]),
        )
        for _, fields in reversed(found)
        if fields.keys() >= {"at", "what", "which", "detail"}
    ]
    return lines, found[0][0]


def load_between(ledger: Ledger, account: str, since: float, until: float) -> list[Load]:
    """Return how full an account was between two instants, oldest first.

    The first sample may be older: it was valid at `since`. There is one at every change, at most
    one a second; the ledger keeps about the last 20,000.
    """
    key = keys.account(account, "load")
    # Entries are named by the thousandth of a second.
    first, last = max(1, int(since * 1000)), int(until * 1000) + 1
    with reaching():
        before = ledger.redis.xrevrange(key, f"({first}-0", "-", count=1)
        found = ledger.redis.xrange(key, first, last)
    loads = (_load(fields) for _, fields in [*before, *found])
    return [load for load in loads if load is not None]


def _load(fields: dict[str, str]) -> Load | None:
    """Read an entry; None if another program wrote it, or spoiled what we read."""
    try:
        slots, learned, live, refused = map(int, fields["load"].split())
        return Load(float(fields["at"]), slots, learned, live, refused)
    except (KeyError, ValueError):
        return None


def count(ledger: Ledger, account: str, counted: Mapping[str, int]) -> None:
    """Add to an account's counts. Raises LedgerTrouble."""
    key = keys.account(account, "totals")
    with reaching(), ledger.redis.pipeline(transaction=True) as pipe:
        for what, number in counted.items():
            pipe.hincrby(key, what, number)
        pipe.execute()


def totals(ledger: Ledger, account: str) -> dict[str, int]:
    """Return what was counted on an account since its first call.

    "starts": dials that `begin` allowed; "accepted", "refused" (429): what the API answered;
    "throttled": starts that it refused because of too many requests; "found": calls whose start had
    lost its answer; "stops": connections that are over. "end_late:{seconds}": a histogram, how many
    ended no later than this and later than the bucket before it; "end_late_ms": by how much in all;
    "late_ends": how many were late. "ended:{disposition}[:{reason}]": how calls ended, as far as
    that is known now. "webhooks", "webhooks:delivered", "webhooks:given_up": messages;
    "callbacks:{outcome}": requests of its provider.
    """
    with reaching():
        counted = ledger.redis.hgetall(keys.account(account, "totals"))
    summed: Counter[str] = Counter()
    for name, number in counted.items():
        head, colon, label = name.partition(":")
        summed[head + colon + label_of(label)] += int(number)
    return dict(sorted(summed.items()))


def backlog(
    ledger: Ledger, account: str, now: float | None = None, due_calls: DueCalls | None = None
) -> Backlog:
    """Read what waits on an account; a caller that has counted its due calls passes them."""
    at = ledger.time(now)
    known = due_calls or due.count(ledger, account, now)
    with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
        pipe.zcard(keys.account(account, "stops"))
        pipe.zcard(keys.account(account, "collect"))
        pipe.zcard(keys.account(account, "webhooks"))
        pipe.zcount(keys.account(account, "ears"), "-inf", at)
        waiting = pipe.execute()
    return Backlog(known.count, max(0.0, at - known.since) if known.count else 0.0, *waiting)


def attempt_spans(ledger: Ledger, campaign_id: str) -> Iterator[tuple[float, float | None]]:
    """Yield for each attempt of a campaign when its slot was taken and when it was given back.

    The slot is taken from `begin` to the confirmed end; if the answer was lost, for as long as it
    was held. The end is None while the attempt is open.
    """
    for page in views.contact_pages(ledger, campaign_id):
        with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
            for row, _ in page:
                pipe.hmget(keys.call(campaign_id, row), "attempt", "state", "ended_at")
            calls = pipe.execute()
            numbers = [
                (row, number, call)
                for (row, _), call in zip(page, calls, strict=True)
                for number in range(1, keys.attempts_of(call[0]) + 1)
            ]
            for row, number, _ in numbers:
                pipe.hmget(keys.attempt(f"{campaign_id}:{row}:{number}"), *_SPAN)
            attempts = pipe.execute()
        for (_, number, call), attempt in zip(numbers, attempts, strict=True):
            if attempt[0]:
                yield _span(attempt, call, is_last=number == keys.attempts_of(call[0]))


_LOST = (Reason.LEASE, Reason.ANSWER_LOST)
_SPAN = ("begun_at", "over_at", "disposition", "reason", "max_duration", "hold")


def _span(
    attempt: list[str | None], call: list[str | None], *, is_last: bool
) -> tuple[float, float | None]:
    begun_at, over_at, disposition, reason, max_duration, hold = attempt
    began = instant(begun_at) or 0.0
    if (over := instant(over_at)) is not None:
        return began, over
    if is_last and call[1] != CallState.ENDED:
        return began, None
    ended = (instant(call[2]) if is_last else None) or began
    is_lost = disposition == Disposition.UNKNOWN and reason_of(disposition, reason) in _LOST
    held = (instant(hold or max_duration) or 0.0) if is_lost else 0.0
    return began, ended + held


def held_campaigns(ledger: Ledger, account: str) -> set[str]:
    """Return the campaigns with calls whose answer was lost and whose slot is still taken."""
    with reaching():
        held = ledger.redis.zrange(keys.account(account, "held"), 0, -1)
    return {Attempt.parse(one).campaign_id for one in held if Attempt.is_written(one)}
