"""How many more calls can go on an account, and which threads take them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from scheduler.clock import since_boot
from scheduler.ledger.calls import Claim

#: How long a message may be on its way to a thread: after that another worker has taken it, or it
#: is lost, and another one may be sent.
ARRIVES_SECONDS = 0.5

#: How long a thread with nothing to dial waits for a slot that its own process frees.
LINGER_SECONDS = 2.0


class Demand:
    """Hands freed slots to the threads that dial. Safe to use from many threads.

    A thread with nothing to dial lingers a moment, and takes the next slot that this process frees,
    without a message.
    """

    def __init__(self, send: Callable[[int], None], *, threads: int = 1_000_000) -> None:
        """`send` has so many messages sent and does not wait; at most `threads` dial."""
        self._send = send
        self._threads = threads
        self.closing = threading.Event()  #: set: no more is claimed
        self._changed = threading.Condition()
        self._pacing = threading.Lock()
        self._inside = 0  #: threads that dial or linger
        self._idle = self._wanted = 0  #: threads that linger, and how many of them shall dial
        self._claims: deque[Claim] = deque()  #: for some of these, which need not claim
        self._coming = 0  #: messages that no thread has taken yet
        self._asked_at = 0.0  #: when the first of them was sent

    @property
    def is_closing(self) -> bool:
        """Whether no more is claimed."""
        return self.closing.is_set()

    @property
    def dialling(self) -> int:
        """How many threads dial, without those that linger."""
        with self._changed:
            return self._inside - self._idle

    def close(self) -> None:
        """Have threads claim no more; those that linger leave."""
        self.closing.set()
        with self._changed:
            self._changed.notify_all()

    def want(self, calls: int) -> None:
        """Note that so many calls are due: waiting threads take them, messages start others.

        If every thread of this process dials, or a message is on its way to it, none is sent: each
        thread claims again when it is done, and idle threads elsewhere get messages from their own
        timekeeper.
        """
        with self._changed:
            here = min(calls, self._idle - self._wanted)
            self._wanted += here
            self._changed.notify(here)
            others = self._worth_sending(calls - here)
        if others > 0:
            self._send(others)

    def has_idle(self) -> bool:
        """Whether a thread lingers to which a claim can be handed on."""
        with self._changed:
            return self._idle > self._wanted and not self.is_closing

    def hand_on(self, claim: Claim) -> bool:
        """Have a thread that lingers dial a claimed call; False if none lingers any more."""
        with self._changed:
            if not self.has_idle():
                return False
            self._wanted += 1
            self._claims.append(claim)
            self._changed.notify()
            return True

    def _worth_sending(self, calls: int) -> int:
        now = since_boot()
        if now - self._asked_at > ARRIVES_SECONDS:
            self._asked_at, self._coming = now, 0
        others = max(0, min(calls, self._threads - self._inside - self._coming))
        self._coming += others
        return others

    # What a thread that dials asks --------------------------------------------------------------

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """Count this thread among those that dial."""
        with self._changed:
            self._inside += 1
            self._coming = max(0, self._coming - 1)
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1

    def linger(self) -> Claim | bool:
        """Wait for a call to dial; False if there was none for a while.

        Returns its claim if it is claimed already, or else True.
        """
        with self._changed:
            self._idle += 1
            try:
                self._changed.wait_for(lambda: self._wanted > 0 or self.is_closing, LINGER_SECONDS)
                if self._wanted == 0:
                    return False
                self._wanted -= 1
                return self._claims.popleft() if self._claims else True
            finally:
                self._idle -= 1

    def wait_for(self, seconds: float | None) -> Claim | bool:
        """Wait for the pace of starts, or for the next slot; False if the wait was in vain.

        Returns the claim of a call that is claimed already.

        `seconds` is the wait that the pace asks for; None if no slot is free. Only one thread waits
        for the pace, because the others would only claim in vain.
        """
        if seconds is not None and self._pacing.acquire(blocking=False):
            try:
                return not self.closing.wait(min(seconds, LINGER_SECONDS))
            finally:
                self._pacing.release()
        return self.linger()
