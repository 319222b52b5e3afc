"""What limits an account: its learned limit, blocked credentials and blocked caller ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scheduler.ledger import keys
from scheduler.ledger.ledger import NOBODY, Control, Ledger
from scheduler.ledger.redis.client import reaching
from scheduler.limit import Limit, as_set

#: The fields of an account's `meta` that say what was learned of its limit and of an outage.
FORGOTTEN = (
    *("learned", "refusals", "raise_at", "step", "had", "proven", "accepted"),
    *("refused_in_row", "closed_until", "closed_for", "failures", "probe", "probe_at"),
)


@dataclass(frozen=True, slots=True)
class LimitView:
    """The facts from which a decision about the limit is made."""

    limit: Limit
    version: int  #: fences the change: it is dropped if another worker was faster
    live: int  #: connections that are open, or may be open because their answer was lost
    slots: int  #: in use, by connections and by attempts that may become one
    refused_in_row: int  #: 429s since the last accepted start
    accepted: int  #: starts since the last 429
    proven: int  #: the most connections that were open at once since then
    now: float


def read(ledger: Ledger, account: str, now: float | None = None) -> LimitView:
    """Read what is known of the account's limit."""
    return parse(ledger.run(ledger.do.limit, account, ledger.clock(now)))


def learn(
    ledger: Ledger,
    account: str,
    seen: LimitView,
    learned: Limit,
    control: Control = NOBODY,
    now: float | None = None,
) -> bool:
    """Replace the limit; False if another worker has changed it since it was `seen`."""
    args = (seen.version, *written(learned), *control.written, ledger.clock(now))
    return bool(ledger.run(ledger.do.learn, account, *args))


def forget(ledger: Ledger, account: str, control: Control | None = None) -> None:
    """Forget what was learned of an account, for example because its provider has changed.

    An operator's `control` goes on record in the same step.
    """
    with reaching(), ledger.redis.pipeline(transaction=True) as pipe:
        pipe.hdel(keys.account(account, "meta"), *FORGOTTEN)
        if control is not None:
            record = {"at": f"{ledger.time():.6f}", "what": "forget", "who": control.who}
            record |= {"note": control.note, "token": control.token}
            pipe.xadd(keys.account(account, "controls"), record, maxlen=100, approximate=False)
        pipe.execute()


def block(ledger: Ledger, account: str, fingerprint: str, why: str) -> bool:
    """Stop dialling with these credentials; other credentials go on, and workers still send stops.

    Returns False if they were blocked before.
    """
    with reaching():
        return bool(ledger.redis.hset(keys.account(account, "blocks"), fingerprint, why))


def block_caller(ledger: Ledger, account: str, caller_id: str, why: str) -> None:
    """Dial from this caller id no more, as long as a call has others."""
    with reaching():
        ledger.redis.hset(keys.account(account, "caller_blocks"), caller_id, why)


def unblock(ledger: Ledger, account: str) -> None:
    """Unblock all credentials and caller ids; workers block again what still can't dial."""
    with reaching():
        ledger.redis.delete(keys.account(account, "blocks"), keys.account(account, "caller_blocks"))


def parse(seen: Sequence[Any]) -> LimitView:
    """Read a script's answer about the limit."""
    version, *limit, live, slots, in_row, accepted, proven, instant = seen
    try:
        learned, refusals, raise_at, step, had = limit
        known = Limit(int(learned), int(refusals), float(raise_at), int(step), keys.count_of(had))
    except ValueError:
        known = Limit()  # nothing was learned, or its record can't be read
    counts = (
        keys.count_of(version),
        int(live),
        int(slots),
        keys.count_of(in_row),
        keys.count_of(accepted),
        keys.count_of(proven),
    )
    return LimitView(known, *counts, float(instant))


def written(known: Limit) -> tuple[int, int, float, int, int]:
    """Return a limit as arguments of a script."""
    return known.learned, known.refusals, known.raise_at, known.step, known.had


def replace(ledger: Ledger, account: str, slots: int, control: Control) -> None:
    """Set an account's learned limit to the number that an operator gives."""
    while True:
        seen = read(ledger, account)
        if learn(ledger, account, seen, as_set(slots, seen.now), control):
            return


def throttle(ledger: Ledger, account: str, seconds: float, now: float | None = None) -> None:
    """Allow no claim for some seconds, because the API had too many requests. The limit stays."""
    ledger.run(ledger.do.throttle, account, seconds, ledger.clock(now))
