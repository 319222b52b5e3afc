"""The key with which the operator who started `callsched web` signs in before there is a user."""

from __future__ import annotations

import secrets
import threading
from hmac import compare_digest


class FirstKey:
    """A key for one sign-in. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._key = ""

    def make(self) -> str:
        """Make a key, and return it. An earlier key is no longer valid."""
        with self._lock:
            self._key = secrets.token_urlsafe(32)
            return self._key

    def take(self, given: str) -> bool:
        """Use the key up. False for a wrong key, and for one that has been used."""
        with self._lock:
            is_right = bool(self._key) and compare_digest(given.encode(), self._key.encode())
            if is_right:
                self._key = ""
        return is_right
