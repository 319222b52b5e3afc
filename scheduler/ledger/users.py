"""Users of the console: what each may do, and the hash of their password."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from scheduler.ledger import keys
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching
from scheduler.rights import Scope

_USERS = keys.web("users")


@dataclass(frozen=True, slots=True)
class User:
    """A user as the ledger has them."""

    name: str
    password: str  #: as argon2 writes its hashes
    role: Scope
    accounts: frozenset[str] | None  #: None: all
    sees_numbers: bool
    created_at: float
    created_by: str
    #: Changes if the password changes or the user is made again: that ends their earlier sessions.
    generation: str


def add(ledger: Ledger, user: User) -> bool:
    """Add a user. False if there is one of this name, who stays as they are."""
    with reaching():
        if ledger.redis.hsetnx(_USERS, user.name, _written(user)):
            return True
        # It may be ours: the client sends a command again if its reply was lost.
        return bool(ledger.redis.hget(_USERS, user.name) == _written(user))


def find(ledger: Ledger, name: str) -> User | None:
    """Return the user of this name; None if there is none."""
    with reaching():
        record = ledger.redis.hget(_USERS, name)
    return None if record is None else _read(name, record)


def replace(ledger: Ledger, before: User, after: User) -> bool:
    """Replace a user. False if they have been changed or removed since `before` was read."""
    done = ledger.run(ledger.do.swap, "web:users", before.name, _written(before), _written(after))
    return bool(done) or find(ledger, after.name) == after


def remove(ledger: Ledger, name: str) -> bool:
    """Remove a user. False if there is none of this name."""
    with reaching():
        return bool(ledger.redis.hdel(_USERS, name))


def every(ledger: Ledger) -> list[User]:
    """Return every user, by name."""
    with reaching():
        records = ledger.redis.hgetall(_USERS)
    return [_read(name, record) for name, record in sorted(records.items())]


def count(ledger: Ledger) -> int:
    """Return how many users there are."""
    with reaching():
        return int(ledger.redis.hlen(_USERS))


def _written(user: User) -> str:
    record = asdict(user) | {"accounts": sorted(user.accounts) if user.accounts else None}
    del record["name"]
    return json.dumps(record)


def _read(name: str, record: str) -> User:
    kept = json.loads(record)
    accounts = kept["accounts"]
    return User(
        name=name,
        password=kept["password"],
        role=Scope(kept["role"]),
        accounts=None if accounts is None else frozenset(accounts),
        sees_numbers=kept["sees_numbers"],
        created_at=kept["created_at"],
        created_by=kept["created_by"],
        generation=kept["generation"],
    )
