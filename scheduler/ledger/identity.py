"""The ledger's id: made once, and unique to it."""

from __future__ import annotations

from uuid import uuid4

from scheduler.ledger import keys
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching

_KEY = f"{keys.ROOT}id"


def identity(ledger: Ledger) -> str:
    """Return the id of a ledger; the first caller creates it. Raises LedgerTrouble."""
    with reaching():
        if not (found := ledger.redis.get(_KEY)):
            ledger.redis.set(_KEY, uuid4().hex, nx=True)
            found = ledger.redis.get(_KEY)
    return str(found)


def known_identity(ledger: Ledger) -> str:
    """Return the id of a ledger; "" if it has none yet. Creates none. Raises LedgerTrouble."""
    with reaching():
        return str(ledger.redis.get(_KEY) or "")


def is_understood(ledger: Ledger) -> bool:
    """Tell whether this release knows the schema that the ledger has now. Raises LedgerTrouble."""
    with reaching():
        written = str(ledger.redis.get(f"{keys.ROOT}schema") or 0)
    return 0 <= keys.count_of(written, -1) <= keys.SCHEMA
