"""What news ask for, put on record: a worker does it, whoever has heard the news."""

from __future__ import annotations

import logging

from scheduler import logs
from scheduler.calls.news import Act
from scheduler.ledger import callbacks, do_not_call, listeners
from scheduler.ledger.ledger import Ledger
from scheduler.models import Attempt

logger = logging.getLogger(__name__)


def order(ledger: Ledger, account: str, attempt: Attempt, act: Act) -> bool:
    """Have a worker stop a live call, or have it say something else; False when it was ordered.

    Raises LedgerTrouble.
    """
    if act is Act.SPEAK:
        is_news = callbacks.owe_speech(ledger, account, attempt)
    else:
        is_news = listeners.hint(ledger, account, attempt, act)
    if is_news:
        with logs.about(account):
            logger.info("%s: %s", attempt, act)
    return is_news


def bar(ledger: Ledger, attempt: Attempt, address: str) -> None:
    """Put whom a call has reached on the do-not-call list. Raises LedgerTrouble."""
    do_not_call.bar(ledger, address, f"asked for it in {attempt}")
