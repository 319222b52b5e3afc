"""Tokens of the API: what each may do, and when it was last used.

The ledger has a digest of each secret, never the secret itself.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from scheduler.ledger import keys
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching
from scheduler.rights import Scope

_TOKENS, _USES = keys.web("tokens"), keys.web("token_uses")


@dataclass(frozen=True, slots=True)
class WebToken:
    """A token as the ledger has it."""

    name: str
    digest: str  #: SHA-256 of its secret, as hexadecimal digits
    scope: Scope
    accounts: frozenset[str] | None  #: None: all
    sees_numbers: bool
    created_at: float
    created_by: str


def add(ledger: Ledger, token: WebToken) -> bool:
    """Add a token. False if there is one of this name, which stays as it is."""
    with reaching():
        if not ledger.redis.hsetnx(_TOKENS, token.name, _written(token)):
            # It may be ours: the client sends a command again if its reply was lost.
            kept = find(ledger, token.name)
            return kept is not None and kept.digest == token.digest
        ledger.redis.hdel(_USES, token.name)
    return True


def find(ledger: Ledger, name: str) -> WebToken | None:
    """Return the token of this name; None if there is none."""
    with reaching():
        record = ledger.redis.hget(_TOKENS, name)
    return None if record is None else _read(name, record)


def remove(ledger: Ledger, name: str) -> bool:
    """Remove a token. False if there is none of this name."""
    with reaching():
        is_gone = bool(ledger.redis.hdel(_TOKENS, name))
        ledger.redis.hdel(_USES, name)
    return is_gone


def every(ledger: Ledger) -> list[tuple[WebToken, float | None]]:
    """Return every token with when it was last used, by name."""
    with reaching():
        records, uses = ledger.redis.hgetall(_TOKENS), ledger.redis.hgetall(_USES)
    return [
        (_read(name, record), float(uses[name]) if name in uses else None)
        for name, record in sorted(records.items())
    ]


def count(ledger: Ledger) -> int:
    """Return how many tokens there are."""
    with reaching():
        return int(ledger.redis.hlen(_TOKENS))


def note_use(ledger: Ledger, name: str, at: float) -> None:
    """Record when a token was last used."""
    with reaching():
        ledger.redis.hset(_USES, name, f"{at:.0f}")


def _written(token: WebToken) -> str:
    record = asdict(token) | {"accounts": sorted(token.accounts) if token.accounts else None}
    del record["name"]
    return json.dumps(record)


def _read(name: str, record: str) -> WebToken:
    kept = json.loads(record)
    accounts = kept["accounts"]
    return WebToken(
        name=name,
        digest=kept["digest"],
        scope=Scope(kept["scope"]),
        accounts=None if accounts is None else frozenset(accounts),
        sees_numbers=kept["sees_numbers"],
        created_at=kept["created_at"],
        created_by=kept["created_by"],
    )
