"""The access tokens that all workers share, by their credentials' fingerprint.

Redis has them in the clear: who can read the ledger can dial on its accounts anyway.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

from scheduler.ledger import keys
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching
from scheduler.tokens import SharedToken

#: How long to remember that a token was refused: until its successor has surely been used.
_TRIAL_SECONDS = 600


class RedisTokenShelf:
    """Keeps tokens until shortly before they expire, by the clock of Redis alone."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def read(self, fingerprint: str) -> SharedToken | None:
        """Return the token; None if there is none."""
        key = keys.token(fingerprint)
        with reaching(), self._ledger.redis.pipeline(transaction=True) as pipe:
            pipe.hgetall(key)
            pipe.pttl(key)
            kept, left = pipe.execute()
        if not kept or left <= 0:
            return None
        on_trial = kept["on_trial"] == "1"
        return SharedToken(kept["value"], left / 1000, float(kept["margin"]), on_trial)

    def reserve(self, fingerprint: str, seconds: float) -> bool:
        """Reserve the fetch of a token for `seconds`; False while another worker has it."""
        key, mine = f"{keys.token(fingerprint)}:fetching", uuid4().hex
        with reaching():
            if self._ledger.redis.set(key, mine, nx=True, px=int(seconds * 1000)):
                return True
            # It may be ours: the client sends a command again if its reply was lost.
            return bool(self._ledger.redis.get(key) == mine)

    def put(self, fingerprint: str, token: SharedToken) -> SharedToken:
        """Share a fetched token, and end the reservation. Returns the token as it is shared."""
        key = keys.token(fingerprint)
        with reaching(), self._ledger.redis.pipeline(transaction=True) as pipe:
            pipe.exists(f"{key}:refused")
            (refused,) = pipe.execute()
            shelved = replace(token, on_trial=bool(refused))
            kept = {
                "value": token.value,
                "margin": repr(token.margin_seconds),
                "on_trial": int(shelved.on_trial),
            }
            pipe.delete(key)
            pipe.hset(key, mapping=kept)
            pipe.pexpire(key, max(1, int(token.seconds_left * 1000)))
            pipe.delete(f"{key}:fetching")
            pipe.execute()
        return shelved

    def release(self, fingerprint: str) -> None:
        """End the reservation without a token."""
        with reaching():
            self._ledger.redis.delete(f"{keys.token(fingerprint)}:fetching")

    def refuse(self, fingerprint: str, value: str) -> bool:
        """Remove a token that the API answered with 401. True if it was the second one in a row."""
        args = (keys.token(fingerprint), value, _TRIAL_SECONDS)
        return bool(self._ledger.run(self._ledger.do.refuse_token, *args))

    def accept(self, fingerprint: str, value: str) -> None:
        """Record that the API accepted a token that was on trial."""
        self._ledger.run(self._ledger.do.accept_token, keys.token(fingerprint), value)
