"""The threads that send an account's stops: no stop waits behind a dial, or a speech."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from scheduler import logs
from scheduler.calls.speaker import Speaker
from scheduler.calls.stopper import Stopper
from scheduler.calls.wake import Wake
from scheduler.clock import since_boot
from scheduler.errors import SchedulerError
from scheduler.ledger.callbacks import SPEAK
from scheduler.ledger.calls import StopOrder

logger = logging.getLogger(__name__)

#: Threads that have calls say something else.
SPEAK_THREADS = 2


class Stops:
    """Sends stops on threads of its own. Safe to use from many threads."""

    def __init__(
        self, stopper: Stopper, speaker: Speaker, *, account: str, threads: int, wake: Wake
    ) -> None:
        """`wake` has more stops taken once these threads are about to idle."""
        self._stopper = stopper
        self._speaker = speaker
        self._threads = threads
        self._wake = wake
        self._executor = ThreadPoolExecutor(threads, "stop", logs.be_about, (account,))
        self._speeches = ThreadPoolExecutor(SPEAK_THREADS, "speak", logs.be_about, (account,))
        self._under_way: set[str] = set()
        self._speaking: set[str] = set()
        self._ordering = 0  #: threads that put an order on record before they send it
        self._is_closed = False
        self._is_behind = False
        self._lock = threading.Lock()

    @property
    def room(self) -> int:
        """How many more stops to take: at most two may wait for each thread.

        While they wait here, no other worker sends them. A thread that may wait for Redis does not
        count, and once it is closed none does.
        """
        with self._lock:
            free = 0 if self._is_closed else self._threads - self._ordering
            return max(0, 3 * free - len(self._under_way))

    @property
    def sending(self) -> int:
        """How many stops are being sent."""
        with self._lock:
            return len(self._under_way)

    def is_behind(self) -> bool:
        """Whether stops are due for which this worker has no free thread."""
        return self._is_behind

    def is_sending(self) -> bool:
        """Whether this worker is sending a stop now."""
        return self.sending > 0

    def send(self, orders: Sequence[StopOrder], room: int) -> None:
        """Send the stops that were taken. If they fill all of `room`, more may be due.

        Some of these orders have a call say something else.
        """
        for order in orders:
            if order.why == SPEAK:
                self._submit_speech(order)
            else:
                self.submit(order)
        self._is_behind = len(orders) == room

    def submit(self, order: StopOrder) -> None:
        """Send one stop, unless this worker is sending it already."""
        if self._begins(order):
            self._executor.submit(self._send, order, since_boot())

    def _begins(self, order: StopOrder) -> bool:
        """Note that a stop is under way; False if this worker is sending it already."""
        with self._lock:
            is_new = order.connection_id not in self._under_way
            self._under_way.add(order.connection_id)
            return is_new

    def order(
        self, take: Callable[[], StopOrder | None], on_trouble: Callable[[SchedulerError], object]
    ) -> bool:
        """Have a thread order a stop, and send it at once; False if no thread is to spare for that.

        `take` may block, and returns the order if it is to be sent. `on_trouble` hears, on that
        thread, that the stop could not be ordered. Waits for nothing itself.
        """
        with self._lock:
            # A Redis that hangs holds up those that order: others send what is on record already.
            is_spare = 2 * self._ordering + 2 <= self._threads
            is_idle = self._ordering + len(self._under_way) < self._threads
            if self._is_closed or not (is_spare and is_idle):
                return False
            self._ordering += 1
            self._executor.submit(self._order, take, on_trouble)
            return True

    def close(self) -> None:
        """Wait for the stops that are being ordered and sent."""
        with self._lock:
            self._is_closed = True
        self._executor.shutdown(wait=True)
        self._speeches.shutdown(wait=True, cancel_futures=True)

    def _order(
        self, take: Callable[[], StopOrder | None], on_trouble: Callable[[SchedulerError], object]
    ) -> None:
        order = None
        try:
            order = take()
        except SchedulerError as error:
            on_trouble(error)
        except Exception:
            logger.exception("a stop can't be ordered")
        finally:
            # Under way only now: if a tick has taken it meanwhile, that must not be in vain.
            is_ours = order is not None and self._begins(order)
            with self._lock:
                self._ordering -= 1
        if order is not None and is_ours:
            self._send(order, since_boot())

    def _send(self, order: StopOrder, taken_at: float) -> None:
        late = order.late_seconds + since_boot() - taken_at
        try:
            self._stopper.stop(replace(order, late_seconds=late))
        except SchedulerError as error:
            # Its confirmation is not on record, so the ledger has it sent again.
            logger.warning("%s: stop: %s", order.attempt, error)
        except Exception:
            logger.exception("%s: stop failed", order.attempt)
        finally:
            with self._lock:
                self._under_way.discard(order.connection_id)
                # Fewer stops wait than there are threads, so some would idle until more are taken.
                is_short = len(self._under_way) < 2 * self._threads
            if self._is_behind and is_short:
                # The slot is on its way already.
                self._wake.now()

    def _submit_speech(self, order: StopOrder) -> None:
        """Have a call say something else, unless this worker is doing so, or is stopping it."""
        known = order.connection_id
        with self._lock:
            if known in self._speaking or known in self._under_way:
                return
            self._speaking.add(known)
        self._speeches.submit(self._speak, order)

    def _speak(self, order: StopOrder) -> None:
        try:
            self._speaker.speak(order)
        except SchedulerError as error:
            logger.warning("%s: what it has to say: %s", order.attempt, error)
        except Exception:
            logger.exception("%s: can't be made to say something else", order.attempt)
        finally:
            with self._lock:
                self._speaking.discard(order.connection_id)
