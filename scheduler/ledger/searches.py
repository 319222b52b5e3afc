"""Who reads an account's calls, which lost calls are searched for, and the orphans."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from scheduler.ledger import keys
from scheduler.ledger.calls import Wait
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching
from scheduler.models import Attempt
from scheduler.records import decode

#: How long a worker may read an account's calls without renewing its lease.
LEASE_SECONDS = 10.0


class Lead(StrEnum):
    """Whether this worker reads an account's calls."""

    TAKEN = "taken"  #: from now on
    KEPT = "kept"
    OTHERS = ""


def lead(ledger: Ledger, account: str, token: str, *, attaches: bool = False) -> Lead:
    """Take the lease, or keep it. Raises LedgerTrouble.

    `attaches`: whether the worker attaches lost calls that it finds.
    """
    return Lead(ledger.run(ledger.do.lead, account, token, LEASE_SECONDS, int(attaches)))


def step_down(ledger: Ledger, account: str, token: str) -> None:
    """Let another worker read the account's calls at once."""
    ledger.run(ledger.do.step_down, account, token)


# Lost calls ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LostCall:
    """An attempt whose answer was lost, and whose search is due."""

    attempt: Attempt
    address: str
    caller_id: str  #: "" for any
    begun_at: float  #: by the clock of Redis


def due(ledger: Ledger, account: str, now: float | None = None, most: int = 20) -> list[LostCall]:
    """Return the lost calls whose search is due, the longest due first."""
    instant = ledger.time(now)
    key = keys.account(account, "searches")
    with reaching():
        members = ledger.redis.zrangebyscore(key, "-inf", instant, start=0, num=most)
    attempts = [Attempt.parse(one) for one in members if Attempt.is_written(one)]
    with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
        for attempt in attempts:
            entry = f"{attempt.row}-0"
            pipe.xrange(keys.campaign(attempt.campaign_id, "contacts"), entry, entry)
            pipe.hmget(keys.attempt(str(attempt)), "begun_at", "caller_id")
        answers = pipe.execute()
    lost = []
    for attempt, contacts, (begun_at, caller_id) in zip(
        attempts, answers[::2], answers[1::2], strict=True
    ):
        if contacts and begun_at:
            address = decode(contacts[0][1]["c"])[0].address
            lost.append(LostCall(attempt, address, caller_id or "", float(begun_at)))
        else:
            # Its campaign is gone, so nobody needs the call any more.
            with reaching():
                ledger.redis.zrem(key, str(attempt))
    return lost


def seconds_until_next(ledger: Ledger, account: str, now: float | None = None) -> float | None:
    """Return the seconds until the next search for a lost call; None if there is none."""
    with reaching():
        head = ledger.redis.zrange(keys.account(account, "searches"), 0, 0, withscores=True)
    return max(0.0, head[0][1] - ledger.time(now)) if head else None


#: A lost call that was placed is nearly always found within this time after its `begin`.
FINDABLE_SECONDS = 75.0


def is_findable(
    ledger: Ledger,
    account: str,
    campaign_id: str,
    *,
    hears_callbacks: bool = False,
    now: float | None = None,
) -> bool:
    """Whether a lost call of a campaign may soon be attached: by a search, or by a callback.

    A callback names its attempt, so it attaches a call on any account; a search does so only on an
    exclusive one. Until a worker has recorded whether the account is exclusive, it may be.
    """
    key = keys.account(account, "searches")
    with reaching():
        exclusive = ledger.redis.hget(keys.account(account, "meta"), "exclusive")
        if exclusive == "0" and not hears_callbacks:
            return False
        members = ledger.redis.zrange(key, 0, -1)
        mine = [one for one in members if one.startswith(f"{campaign_id}:")]
        with ledger.redis.pipeline(transaction=False) as pipe:
            for attempt in mine:
                pipe.hmget(keys.attempt(attempt), "begun_at", "found")
            begun = pipe.execute()
    since = ledger.time(now) - FINDABLE_SECONDS
    return any(not found and float(at or 0) > since for at, found in begun)


class Found(StrEnum):
    """The result of a search."""

    ATTACHED = "attached"  #: from now on it is an ordinary live call
    NONE = "none"
    KEPT = "kept"  #: kept for the operator, because others may use the account
    CONTESTED = "contested"  #: another attempt to the number could have it too
    SEVERAL = "several"  #: it was placed more than once
    OVER = "over"  #: the search has ended


@dataclass(frozen=True, slots=True)
class Powers:
    """What workers may do without an operator with calls that they find on an account."""

    attaches: bool = False  #: lost calls to their attempts: nobody else uses the account
    stops: bool = False  #: those that no attempt has: besides, the ledger knows every call of it


def find(
    ledger: Ledger,
    account: str,
    lost: LostCall,
    candidates: Sequence[str],
    *,
    powers: Powers,
    next_in_seconds: float,
    now: float | None = None,
) -> tuple[Found, str]:
    """Record what a search has found; return the result, and the connection that was attached."""
    lengths = (next_in_seconds, Wait.MARGIN_SECONDS, ledger.leases.stop_patience)
    pairs = [part for one in candidates for part in (one, lost.address)]
    attaches = int(powers.attaches)
    args = (account, str(lost.attempt), attaches, *lengths, ledger.clock(now), *pairs)
    answer, connection = ledger.run(ledger.do.find, *args)
    return Found(answer), connection


def unbound(ledger: Ledger, connections: Sequence[str]) -> list[str]:
    """Return those of these connections that belong to no attempt."""
    with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
        for one in connections:
            pipe.exists(f"{keys.ROOT}connection:{one}")
        return [one for one, has in zip(connections, pipe.execute(), strict=True) if not has]


# Orphans ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Orphan:
    """A live call on the account that belongs to no attempt."""

    connection_id: str
    address: str
    first_at: float
    times: int  #: sweeps that have seen it
    is_to_stop: bool
    why: str

    @property
    def is_certain(self) -> bool:
        """Whether more than one sweep has seen it, or a search has shown it for certain."""
        return self.times > 1 or self.is_to_stop


def sweep(
    ledger: Ledger,
    account: str,
    open_calls: Iterable[tuple[str, str]],
    powers: Powers,
    now: float | None = None,
) -> int:
    """Compare open calls, each a connection and its address, with the ledger.

    Returns how many belong to no attempt, by two sweeps.
    """
    pairs = [part for one in open_calls for part in one]
    args = (account, int(powers.attaches and powers.stops), ledger.clock(now), *pairs)
    return int(ledger.run(ledger.do.sweep, *args))


def orphans(ledger: Ledger, account: str) -> list[Orphan]:
    """Return the live calls that now belong to no attempt."""
    with reaching():
        found = ledger.redis.hgetall(keys.account(account, "orphans"))
    return [one for one in read_orphans(found) if one.is_certain]


def read_orphans(written: Mapping[str, str]) -> list[Orphan]:
    """Read the ledger's records of orphans; leave out unreadable ones."""
    found = []
    for connection, text in written.items():
        try:
            known = json.loads(text)
            seen = (float(known["first_at"]), int(known["times"]), bool(known.get("stop")))
            found.append(Orphan(connection, str(known["address"]), *seen, str(known["why"])))
        except (ValueError, TypeError, KeyError):
            continue
    return found


def order_end(
    ledger: Ledger, account: str, connection_id: str, address: str, who: str, now: float
) -> None:
    """Have an orphan ended: the worker that reads the account's calls stops it."""
    known = {"address": address, "first_at": now, "times": 2, "stop": True}
    text = json.dumps(known | {"why": f"{who} has it ended"})
    with reaching():
        ledger.redis.hset(keys.account(account, "orphans"), connection_id, text)


def forget(ledger: Ledger, account: str, connection_id: str) -> None:
    """An orphan is over."""
    with reaching():
        ledger.redis.hdel(keys.account(account, "orphans"), connection_id)
