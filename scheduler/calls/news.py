"""What a piece of news of a live connection means, whichever way it came, and what is done then."""

from __future__ import annotations

import logging
from enum import StrEnum

from scheduler import logs
from scheduler.calls.memory import Memory
from scheduler.calls.wake import Wake
from scheduler.ledger import do_not_call, listeners
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.listeners import ListenedCall, LiveLine
from scheduler.models import OnMachine, Policy
from scheduler.providers import Listens, News

logger = logging.getLogger(__name__)


class Meaning(StrEnum):
    """What news ask for: all but the last have the call stopped, for the reason that they name."""

    HUNG_UP = "hung_up"
    MACHINE = "machine"
    NOT_REACHED = "not_reached"
    DO_NOT_CALL = "do not call"


def meaning(news: News, policy: Policy) -> Meaning | None:
    """Return what a piece of news means for its call; None when it only is to be shown."""
    if news.kind == "completed":
        return Meaning.HUNG_UP
    if news.answered_by_machine and policy.on_machine is not OnMachine.GO_ON:
        is_stop = policy.on_machine is OnMachine.STOP
        return Meaning.MACHINE if is_stop else Meaning.NOT_REACHED
    return Meaning.DO_NOT_CALL if news.intent == "do_not_call" else None


def line_of(ear: ListenedCall, news: News) -> LiveLine | None:
    """Return the line that is kept of a piece of news; None when it has no text."""
    if not news.text:
        return None
    return LiveLine(ear.attempt, news.kind, news.text, news.speaker, news.said_at)


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

    def act(self, ear: ListenedCall, what: Meaning) -> None:
        """Do what news ask for. Raises LedgerTrouble: it is not on record, and must not be lost."""
        if what is Meaning.DO_NOT_CALL:
            do_not_call.bar(self._ledger, ear.contact.address, f"asked for it in {ear.attempt}")
        # While Redis refuses writes, nothing there says that this worker has stopped the call.
        elif not self.has_sent_stop(ear) and listeners.hint(
            self._ledger, self.account, ear.attempt, what
        ):
            # Else it was being stopped already, and the news are of that.
            with logs.about(self.account):
                logger.info("%s: %s", ear.attempt, what)
            self._wake.due_in(0.0)

    def has_sent_stop(self, ear: ListenedCall) -> bool:
        """Whether this process has sent a stop of the call. Asks nobody."""
        return self._memory.has_sent(ear.connection.connection_id)

    def is_being_stopped(self, ear: ListenedCall) -> bool:
        """Whether a stop of the call is on record, whoever sends it. Raises LedgerTrouble."""
        return listeners.is_being_stopped(self._ledger, ear.attempt)
