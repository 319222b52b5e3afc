"""Makes and revokes tokens of the API, and finds the visitor who sends one."""

from __future__ import annotations

import re
import secrets
from hashlib import sha256
from hmac import compare_digest

from scheduler.clock import since_boot
from scheduler.errors import ConfigError, LedgerError
from scheduler.ledger import web_tokens
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.web_tokens import WebToken
from scheduler.rights import Scope, Visitor

#: The beginning of our tokens, so that somebody who finds one knows what it is for.
PREFIX = "cs_"
#: The last use of a token is recorded no more often than this.
NOTED_SECONDS = 60.0

_SECRET_BYTES = 32
_TOKEN = re.compile(rf"{PREFIX}([A-Za-z0-9][A-Za-z0-9._-]{{0,63}})_([0-9a-f]{{64}})")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Uses:
    """Records when tokens are used. Safe to use from many threads: a second note does no harm."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._noted: dict[str, float] = {}

    def note(self, name: str) -> None:
        """Record that a token is used now, unless that was done a moment ago."""
        now = since_boot()
        if now - self._noted.get(name, -NOTED_SECONDS) < NOTED_SECONDS:
            return
        self._noted[name] = now
        web_tokens.note_use(self._ledger, name, self._ledger.time())


def create(
    ledger: Ledger,
    name: str,
    scope: Scope,
    *,
    accounts: frozenset[str] | None = None,
    sees_numbers: bool = False,
    who: str,
) -> tuple[WebToken, str]:
    """Make a token; return its record, and the token itself, which is stored nowhere.

    Raises ConfigError for a name that no token can have, LedgerError if the name is taken.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} is no name for a token: expected up to 64 letters, digits, dots, dashes or"
            " underscores, such as nightly-load"
        )
    secret = secrets.token_hex(_SECRET_BYTES)
    token = WebToken(name, _digest(secret), scope, accounts, sees_numbers, ledger.time(), who)
    if not web_tokens.add(ledger, token):
        raise LedgerError(
            f"there is a token {name} already: revoke it (`callsched token revoke {name}`), or"
            " choose another name"
        )
    return token, f"{PREFIX}{name}_{secret}"


def revoke(ledger: Ledger, name: str) -> None:
    """Revoke a token at once. Raises LedgerError if there is none."""
    if not web_tokens.remove(ledger, name):
        raise LedgerError(f"there is no token {name}; `callsched token list` shows those there are")


def visitor_of(ledger: Ledger, written: str, uses: Uses) -> Visitor | None:
    """Return the visitor of a token, and note its use; None if it is not ours, or revoked."""
    if (found := _TOKEN.fullmatch(written)) is None:
        return None
    token = web_tokens.find(ledger, found[1])
    if token is None or not compare_digest(_digest(found[2]), token.digest):
        return None
    uses.note(token.name)
    sees_numbers = token.sees_numbers or token.scope is Scope.ADMIN
    return Visitor(f"token {token.name}", token.scope, token.accounts, sees_numbers)


def _digest(secret: str) -> str:
    # Nobody guesses 256 random bits, so a slow hash would only cost time.
    return sha256(secret.encode()).hexdigest()
