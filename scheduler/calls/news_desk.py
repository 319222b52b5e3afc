"""What is done about the news of live connections, as `news` decides it."""

from __future__ import annotations

from scheduler.calls.acts import keep, order
from scheduler.calls.memory import Memory
from scheduler.calls.news import Act, Meaning
from scheduler.calls.wake import Wake
from scheduler.ledger import listeners
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.listeners import ListenedCall
from scheduler.providers import Listens


class NewsDesk:
    """Acts on the news of one account's live connections. Safe to use from many threads.

    Whatever asks the ledger here may block, and is not repeated: who brings the news does that.
    """

    def __init__(
        self, ledger: Ledger, provider: Listens, account: str, *, memory: Memory, wake: Wake
    ) -> None:
        """`memory` knows which stops this process has sent, `wake` hears of those that are due."""
        self._ledger = ledger
        self._memory = memory
        self._wake = wake
        self.account = account
        self.provider = provider

    def keep(self, ear: ListenedCall, found: Meaning) -> None:
        """Keep what news tell of the callee. Raises LedgerTrouble, as `act` does."""
        keep(self._ledger, ear.attempt, found, ear.contact.address)

    def act(self, ear: ListenedCall, what: Act) -> None:
        """Do what news ask for. Raises LedgerTrouble: it is not on record, and must not be lost."""
        # While Redis refuses writes, nothing there says that this worker has stopped the call.
        if not self.has_sent_stop(ear) and order(self._ledger, self.account, ear.attempt, what):
            # Else it was being stopped already, and the news are of that.
            self._wake.due_in(0.0)

    def has_sent_stop(self, ear: ListenedCall) -> bool:
        """Whether this process has sent a stop of the call. Asks nobody."""
        return self._memory.has_sent(ear.connection.connection_id)

    def is_being_stopped(self, ear: ListenedCall) -> bool:
        """Whether a stop of the call is on record. Raises LedgerTrouble."""
        return listeners.is_being_stopped(self._ledger, ear.attempt)
