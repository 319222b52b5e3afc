"""The connections of attempts, as their records have them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scheduler.ledger import keys
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching
from scheduler.models import Attempt, Connection

#: Before the id of a second connection of the same attempt, in the attempt's record.
_OTHER = "other:"


def of_attempt(
    connection_id: str,
    conversation_id: str | None,
    details: str | None,
    event_url: str | None,
    result_websocket_url: str | None,
) -> Connection:
    """Return a connection from the fields of an attempt's record; a missing field is None.

    The previous release wrote two addresses, `event_url` and `result_websocket_url`, instead of
    `details`: its only provider now keeps them there under the same names.
    """
    if details is None:
        known = {"event_url": event_url, "result_websocket_url": result_websocket_url}
        given = {name: value for name, value in known.items() if value}
        details = json.dumps(given) if given else ""
    return Connection(connection_id, conversation_id or "", details)


@dataclass(frozen=True, slots=True)
class PlacedConnection:
    """A connection of an attempt."""

    attempt: Attempt
    connection_id: str
    is_first: bool  #: whether it is the attempt's own; else it is a second one
    is_over: bool  #: whether its end is confirmed
    is_erased: bool  #: whether what was said on it was erased


def connections_of(ledger: Ledger, campaign_id: str, row: int) -> list[PlacedConnection]:
    """Return every connection that a call has had, those of its first attempt first."""
    with reaching():
        last = keys.attempts_of(ledger.redis.hget(keys.call(campaign_id, row), "attempt"))
        attempts = [Attempt(campaign_id, row, number) for number in range(1, last + 1)]
        with ledger.redis.pipeline(transaction=False) as pipe:
            for attempt in attempts:
                pipe.hgetall(keys.attempt(str(attempt)))
            records = pipe.execute()
    return [
        PlacedConnection(attempt, connection_id, is_first, is_over, "erased" in record)
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
