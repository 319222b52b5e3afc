"""Who may call: the access tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from scheduler.sandbox.symbl.knobs import Board

# Fixed, and no secret: a token outlives a restart of the sandbox, as one of the API would.
_KEY = b"callsched sandbox"


class Issued(NamedTuple):
    """A token that is handed out."""

    token: str
    left_seconds: int
    is_new: bool


class Tokens:
    """Tokens in the shape of a JWT. A token says itself until when it is good."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._issued: dict[str, tuple[str, float]] = {}
        self._revoked: set[str] = set()
        self._good_from = 0.0

    def are_right(self, app_id: object, app_secret: object) -> bool:
        """Whether these credentials are the ones that the knobs name, or any if they name none."""
        knobs = self._board.knobs
        return _fits(app_id, knobs.app_id) and _fits(app_secret, knobs.app_secret)

    def issue(self, app_id: str, *, anew: bool = False) -> Issued:
        """The app's token.

        As the API does, it hands out the same token again until that one is nearly over.
        """
        now = time.time()
        lifetime_seconds = self._board.knobs.token_lifetime_seconds
        token, expires_at = self._issued.get(app_id, ("", 0.0))
        is_new = anew or expires_at - now < min(60.0, lifetime_seconds / 10)
        if is_new:
            expires_at = now + lifetime_seconds
            token = _written(app_id, now, expires_at)
            self._issued[app_id] = (token, expires_at)
        return Issued(token, int(expires_at - now), is_new)

    def admit(self, headers: Mapping[str, str], others: Iterable[str] = ()) -> bool:
        """Whether a good token is among the headers, in any of their forms, or the others."""
        return any(map(self.is_good, (*_in_headers(headers), *others)))

    def is_good(self, token: str) -> bool:
        """Whether a token is ours, has not expired and was not revoked."""
        signed, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), _signature(signed)):
            return False
        claims = _claims(signed)
        is_of_age = self._good_from < claims["iat"] and time.time() < claims["exp"]
        return is_of_age and token not in self._revoked

    def revoke(self, headers: Mapping[str, str]) -> None:
        """Take the tokens of these headers for bad from now on."""
        self._revoked.update(filter(self.is_good, _in_headers(headers)))
        self.clear()

    def expire(self) -> None:
        """Take every token that was issued so far for bad."""
        self._good_from = time.time()
        self.clear()

    def clear(self) -> None:
        """Issue new tokens from now on."""
        self._issued.clear()


def _in_headers(headers: Mapping[str, str]) -> tuple[str, str]:
    authorization = headers.get("authorization", "")
    return authorization.removeprefix("Bearer ").strip(), headers.get("x-api-key", "")


def _fits(given: object, right: str | None) -> bool:
    return isinstance(given, str) and (given == right if right is not None else given != "")


def _written(app_id: str, issued_at: float, expires_at: float) -> str:
    header = {"alg": "HS256", "typ": "JWT"}
    payload = {"sub": app_id, "iat": issued_at, "exp": expires_at, "jti": uuid.uuid4().hex}
    signed = b".".join(_base64(json.dumps(part).encode()) for part in (header, payload)).decode()
    return f"{signed}.{_signature(signed).decode()}"


def _claims(signed: str) -> dict[str, float]:
    payload = signed.partition(".")[2].encode()
    claims = json.loads(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))
    return {name: float(claims.get(name, 0)) for name in ("iat", "exp")}


def _signature(signed: str) -> bytes:
    return _base64(hmac.digest(_KEY, signed.encode(), hashlib.sha256))


def _base64(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")
