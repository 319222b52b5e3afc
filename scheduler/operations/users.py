"""Adds and removes users of the console, and signs them in and out."""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network
from uuid import uuid4

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from scheduler.errors import ConfigError, LedgerError, SchedulerError
from scheduler.ledger import sessions, users
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.sessions import Session
from scheduler.ledger.users import User
from scheduler.rights import Scope, Visitor

#: The length of a password; it has an upper bound because hashing takes time.
SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 1000
#: How many wrong passwords a user, or an address, may try before it has to wait.
TRIES_OF_USER, TRIES_FROM_ADDRESS = 5, 20
#: How many passwords to hash at once, because each takes 64 MB meanwhile; and how long others wait
#: for a place before they get TooManyTries.
_AT_ONCE, _WAIT_SECONDS = 2, 2.0

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_hasher = PasswordHasher()
_places = threading.BoundedSemaphore(_AT_ONCE)


class SignInRefused(SchedulerError):
    """There is no such user, or the password is wrong; the answer does not say which."""


class TooManyTries(SchedulerError):
    """Too many wrong passwords: no other is checked for a while."""

    def __init__(self, seconds: float) -> None:
        super().__init__("too many wrong passwords")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A browser that has just been signed in, with the content of its cookie."""

    cookie: str
    session: Session


def add(
    ledger: Ledger,
    name: str,
    role: Scope,
    password: str,
    *,
    accounts: frozenset[str] | None = None,
    sees_numbers: bool = False,
    who: str,
) -> User:
    """Add a user. Raises ConfigError for an invalid name or password, LedgerError if it exists.

    It shares nothing with an earlier user of this name who was removed.
    """
    expect_name(name)
    now, hashed = ledger.time(), _hashed(password)
    user = User(name, hashed, role, accounts, sees_numbers, now, who, uuid4().hex)
    if not users.add(ledger, user):
        raise LedgerError(
            f"there is a user {name} already: `callsched user password {name}` sets another"
            f" password, `callsched user remove {name}` removes them"
        )
    sessions.forget_tries(ledger, _user(name))
    return user


def expect_name(name: str) -> None:
    """Raise ConfigError if a user can't have this name."""
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} is no name for a user: expected up to 64 letters, digits, or any of . _ @ -"
        )


def expect_password(password: str) -> None:
    """Raise ConfigError if a password is too short or too long."""
    if len(password) < SHORTEST_PASSWORD:
        raise ConfigError(f"a password needs at least {SHORTEST_PASSWORD} characters")
    if len(password) > LONGEST_PASSWORD:
        raise ConfigError(f"a password may have {LONGEST_PASSWORD} characters at most")


def expect_user(ledger: Ledger, name: str) -> User:
    """Return a user. Raises LedgerError if there is none of this name."""
    if (user := users.find(ledger, name)) is None:
        raise LedgerError(f"there is no user {name}; `callsched user list` shows those there are")
    return user


def set_password(ledger: Ledger, name: str, password: str) -> User:
    """Change a user's password, and end all their sessions. Raises LedgerError."""
    user = expect_user(ledger, name)
    changed = replace(user, password=_hashed(password), generation=uuid4().hex)
    if not users.replace(ledger, user, changed):
        raise LedgerError(f"user {name} was changed or removed at the same time: look again")
    sessions.end_every(ledger, name)
    sessions.forget_tries(ledger, _user(name))
    return changed


def remove(ledger: Ledger, name: str) -> None:
    """Remove a user, and end all their sessions. Raises LedgerError."""
    if not users.remove(ledger, name):
        expect_user(ledger, name)
    sessions.end_every(ledger, name)


def sign_in(ledger: Ledger, name: str, password: str, address: str) -> SignedIn:
    """Sign a browser in. Raises SignInRefused; TooManyTries after too many wrong passwords.

    It counts a try before it checks the password, so that parallel tries do not exceed the limit.
    """
    _expect_few_tries(ledger, _address(address), TRIES_FROM_ADDRESS)
    with _a_place():
        _expect_few_tries(ledger, _user(name), TRIES_OF_USER)
        user = users.find(ledger, name)
        if not _is_right(user, password) or user is None:
            raise SignInRefused("the name or the password is wrong")
    sessions.forget_tries(ledger, _user(name))
    sessions.forgive_try(ledger, _address(address))
    if _hasher.check_needs_rehash(user.password):
        users.replace(ledger, user, replace(user, password=_hasher.hash(password)))
    return _started(ledger, name, user.generation)


def change_password(ledger: Ledger, visitor: Visitor, old: str, new: str, address: str) -> SignedIn:
    """Change the visitor's password; end all their sessions, and start a new one for this browser.

    Raises what `sign_in` raises for the old password, and ConfigError for an invalid new one.
    """
    expect_password(new)
    sign_in(ledger, visitor.name, old, address)
    changed = set_password(ledger, visitor.name, new)
    return _started(ledger, changed.name, changed.generation)


def sign_in_by_key(ledger: Ledger, name: str) -> SignedIn:
    """Sign in a browser that has used the one-time key; there need not be such a user."""
    return _started(ledger, name, "")


def sign_out(ledger: Ledger, digest: str) -> None:
    """End a session, if it is not over."""
    if (session := sessions.find(ledger, digest)) is not None:
        sessions.end(ledger, session)


def sign_out_elsewhere(ledger: Ledger, visitor: Visitor) -> None:
    """End the visitor's other sessions."""
    sessions.end_every(ledger, visitor.name, but=visitor.session)


def visitor_of(
    ledger: Ledger, cookie: str, *, by_key: bool, is_used: bool = True
) -> Visitor | None:
    """Return the visitor with this cookie, with their present role; None if the session is over.

    `by_key` also accepts a session that began with a one-time key, which is an administrator's.
    `is_used`: note that the session is in use.
    """
    session = sessions.find(ledger, digest_of(cookie), is_used=is_used)
    if session is None:
        return None
    if not session.generation:
        return _of_key(session) if by_key else None
    user = users.find(ledger, session.user)
    if user is None or user.generation != session.generation:
        return None
    sees_numbers = user.sees_numbers or user.role is Scope.ADMIN
    return Visitor(user.name, user.role, user.accounts, sees_numbers, session.digest)


def digest_of(cookie: str) -> str:
    """Return the digest under which the ledger has a cookie's session."""
    return sha256(cookie.encode()).hexdigest()


def _of_key(session: Session) -> Visitor:
    return Visitor(session.user, Scope.ADMIN, sees_numbers=True, session=session.digest)


def _started(ledger: Ledger, user: str, generation: str) -> SignedIn:
    cookie, now = secrets.token_hex(32), ledger.time()
    session = Session(digest_of(cookie), user, generation, now, now)
    sessions.start(ledger, session)
    return SignedIn(cookie, session)


def _expect_few_tries(ledger: Ledger, subject: str, most: int) -> None:
    tries, seconds = sessions.note_try(ledger, subject)
    if tries > most:
        raise TooManyTries(seconds)


def _is_right(user: User | None, password: str) -> bool:
    """Whether a user has this password. It takes as long if there is no such user."""
    nobodys = _nobodys()
    try:
        return _hasher.verify(user.password if user else nobodys, password) and bool(user)
    except (VerificationError, InvalidHashError):
        return False


def _hashed(password: str) -> str:
    expect_password(password)
    return _hasher.hash(password)


@contextmanager
def _a_place() -> Iterator[None]:
    if not _places.acquire(timeout=_WAIT_SECONDS):
        raise TooManyTries(_WAIT_SECONDS)
    try:
        yield
    finally:
        _places.release()


@cache
def _nobodys() -> str:
    return _hasher.hash(secrets.token_hex(32))


def _user(name: str) -> str:
    return f"user {name}"


def _address(address: str) -> str:
    """Return the subject of a limit for an address; for IPv6 its /64, which one client owns."""
    try:
        place = ip_address(address)
    except ValueError:
        return f"address {address}"
    if isinstance(place, IPv6Address) and place.ipv4_mapped is None:
        return f"address {ip_network((place, 64), strict=False)}"
    return f"address {place}"
