"""Sends messages on a thread of its own: a broker that hangs delays neither a tick nor a stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial


class Messages:
    """Sends a message for each piece of work; a message that can't be sent is forgotten.

    A message occupies a thread, which works for as long as there is work. So no more messages wait
    to be sent than there are threads, even if a thousand slots become free at once.
    """

    def __init__(self, send: Callable[[], bool], most: int) -> None:
        """`send` sends one message, and returns False if that failed."""
        self._send = send
        self._most = most
        self._wanted = 0
        self._lock = threading.Lock()
        self._is_wanted = threading.Event()
        self._thread: threading.Thread | None = None

    def say(self, count: int = 1) -> None:
        """Have `count` messages sent soon, or fewer if that is enough."""
        with self._lock:
            self._wanted = min(self._most, self._wanted + count)
            # Started here, and again in a forked process, where no thread has survived.
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._keep, name="messages", daemon=True)
                self._thread.start()
        self._is_wanted.set()

    def _keep(self) -> None:
        while True:
            self._is_wanted.wait()
            self._is_wanted.clear()
            with self._lock:
                count, self._wanted = self._wanted, 0
            while count and self._send():
                count -= 1


class Mailbox:
    """The messages of one kind for every account, each on a thread of its own."""

    def __init__(self, send: Callable[[str], bool], most: int) -> None:
        """`send` sends one message for an account, and returns False if that failed."""
        self._send = send
        self._most = most
        self._lock = threading.Lock()
        self._of: dict[str, Messages] = {}

    def say(self, account: str, count: int = 1) -> None:
        """Have so many messages sent for an account soon, or fewer if that is enough."""
        with self._lock:
            if account not in self._of:
                self._of[account] = Messages(partial(self._send, account), self._most)
        self._of[account].say(count)
