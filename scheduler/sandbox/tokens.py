"""Who may call: the access tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Mapping

from scheduler.sandbox.knobs import Board

# Fixed, and no secret: a token outlives a restart of the sandbox, as one of the API would.
_KEY = b"callsched sandbox"


class Tokens:
    """Tokens in the shape of a JWT. A token says itself until when it is good."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._issued: dict[str, tuple[str, float]] = {}

    def are_right(self, app_id: object, app_secret: object) -> bool:
        """Whether these credentials are the ones that the knobs name, or any if they name none."""
        knobs = self._board.knobs
        return _fits(app_id, knobs.app_id) and _fits(app_secret, knobs.app_secret)

    def issue(self, app_id: str) -> tuple[str, int]:
        """The app's token and the whole seconds that it has left.

        As the API does, it hands out the same token again until that one is nearly over.
        """
        now = time.time()
        lifetime_seconds = self._board.knobs.token_lifetime_seconds
        token, expires_at = self._issued.get(app_id, ("", 0.0))
        if expires_at - now < min(60.0, lifetime_seconds / 10):
            expires_at = now + lifetime_seconds
            token = _written(app_id, expires_at)
            self._issued[app_id] = (token, expires_at)
        return token, int(expires_at - now)

    def admit(self, headers: Mapping[str, str]) -> bool:
        """Whether a request's headers hold a good token, in any of the forms that the API takes."""
        authorization = headers.get("authorization", "")
        given = (authorization.removeprefix("Bearer ").strip(), headers.get("x-api-key", ""))
        return any(map(_is_good, given))

    def clear(self) -> None:
        """Issue new tokens from now on."""
        self._issued.clear()


def _is_good(token: str) -> bool:
    signed, _, signature = token.rpartition(".")
    is_ours = hmac.compare_digest(signature.encode(), _signature(signed))
    return is_ours and time.time() < _expires_at(signed)


def _fits(given: object, right: str | None) -> bool:
    return isinstance(given, str) and (given == right if right is not None else given != "")


def _written(app_id: str, expires_at: float) -> str:
    header = {"alg": "HS256", "typ": "JWT"}
    payload = {"sub": app_id, "exp": expires_at, "jti": uuid.uuid4().hex}
    signed = b".".join(_base64(json.dumps(part).encode()) for part in (header, payload)).decode()
    return f"{signed}.{_signature(signed).decode()}"


def _expires_at(signed: str) -> float:
    payload = signed.partition(".")[2].encode()
    return float(json.loads(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))["exp"])


def _signature(signed: str) -> bytes:
    return _base64(hmac.digest(_KEY, signed.encode(), hashlib.sha256))


def _base64(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")
