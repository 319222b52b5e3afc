"""Which connections a call has had, attempt by attempt: what their provider may keep yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scheduler.ledger import keys
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching
from scheduler.models import Attempt

#: Of a second connection that the provider named for the same attempt.
_OTHER = "other:"


@dataclass(frozen=True, slots=True)
class Placed:
    """A connection of an attempt."""

    attempt: Attempt
    connection_id: str
    is_first: bool  #: the one that the provider named first, and that the attempt's record has
    is_over: bool  #: confirmed
    is_erased: bool  #: what was said on it is kept no longer


def placed(ledger: Ledger, campaign_id: str, row: int) -> list[Placed]:
    """Return every connection of a call, those of its first attempt first."""
    with reaching():
        last = keys.attempts_of(ledger.redis.hget(keys.call(campaign_id, row), "attempt"))
        attempts = [Attempt(campaign_id, row, number) for number in range(1, last + 1)]
        with ledger.redis.pipeline(transaction=False) as pipe:
            for attempt in attempts:
                pipe.hgetall(keys.attempt(str(attempt)))
            records = pipe.execute()
    return [
        Placed(attempt, connection_id, is_first, is_over, "erased" in record)
        for attempt, record in zip(attempts, records, strict=True)
        for connection_id, is_first, is_over in _connections(ledger, campaign_id, record)
    ]


def _connections(
    ledger: Ledger, campaign_id: str, record: Mapping[str, str]
) -> Iterator[tuple[str, bool, bool]]:
    """Yield the connections of an attempt, whether each is the first, and whether it is over."""
    is_over = "over_at" in record
    if connection_id := record.get("connection_id"):
        yield connection_id, True, is_over
    others = [name.removeprefix(_OTHER) for name in record if name.startswith(_OTHER)]
    if not others:
        return
    with reaching():
        account = ledger.redis.hget(keys.campaign(campaign_id, "meta"), "account") or ""
        living = ledger.redis.hkeys(keys.account(account, "orphans"))
    yield from ((other, False, is_over and other not in living) for other in others)
