"""Carries out what news of live connections ask for, as `news` decides it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from scheduler.calls.acts import keep, order, order_and_take
from scheduler.calls.memory import Memory
from scheduler.calls.news import Act, Meaning
from scheduler.calls.stops import Stops
from scheduler.calls.wake import Wake
from scheduler.errors import SchedulerError
from scheduler.ledger import listeners
from scheduler.ledger.calls import StopOrder
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.listeners import ListenedCall
from scheduler.providers import Collects, Listens


class NewsDesk:
    """Acts on the news of one account's live connections. Safe to use from many threads.

    Methods that use the ledger may block, and repeat nothing: their callers do.
    """

    def __init__(
        self,
        ledger: Ledger,
        provider: Listens,
        account: str,
        *,
        memory: Memory,
        stops: Stops,
        wake: Wake,
    ) -> None:
        """`memory` knows which stops this process has sent; `stops` sends those that news ask for.

        A tick in between would wake one more thread. It takes the stops for which `stops` has no
        room; then `wake` is called.
        """
        self._ledger = ledger
        self._memory = memory
        self._stops = stops
        self._wake = wake
        self.account = account
        self.provider = provider
        #: Whether the provider keeps what is said. Known here, because to find out takes long.
        self.has_transcripts = isinstance(provider, Collects)

    def keep(self, call: ListenedCall, found: Meaning) -> None:
        """Record what news tell about the callee. Raises LedgerTrouble, as `act` does."""
        keep(self._ledger, call.attempt, found, call.contact.address)

    def act(self, call: ListenedCall, what: Act) -> None:
        """Do what news ask for. Raises LedgerTrouble if this is not on record yet."""
        if self.has_sent_stop(call):
            # The news are about that. While Redis refuses writes, it has no record of the stop.
            return
        if what is not Act.SPEAK and self._stops.room > 0:
            if (stop := self._take_stop(call, what)) is not None:
                self._stops.submit(stop)
        elif order(self._ledger, self.account, call.attempt, what):
            self._wake.due_in(0.0)

    def have_stopped(
        self, call: ListenedCall, why: Act, on_trouble: Callable[[SchedulerError], object]
    ) -> bool:
        """Have a thread do what news ask for, and stop the call; False if none is to spare.

        `on_trouble` hears, on that thread, that this is not on record yet. Does not block.
        """
        return self._stops.order(partial(self._take_stop, call, why), on_trouble)

    def has_sent_stop(self, call: ListenedCall) -> bool:
        """Whether this process has sent a stop of the call. Does not use the ledger."""
        return self._memory.has_sent(call.connection.connection_id)

    def is_being_stopped(self, call: ListenedCall) -> bool:
        """Whether a stop of the call is on record. Raises LedgerTrouble."""
        return listeners.is_being_stopped(self._ledger, call.attempt)

    def _take_stop(self, call: ListenedCall, why: Act) -> StopOrder | None:
        return order_and_take(self._ledger, self.account, call.attempt, why, self._memory.delays)
