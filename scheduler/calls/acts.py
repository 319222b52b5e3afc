"""Records what a piece of news asks for, and leaves the work to a worker."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from scheduler import logs
from scheduler.calls.news import Act, Meaning
from scheduler.heard import OPT_OUT
from scheduler.ledger import callbacks, heard, listeners
from scheduler.ledger.calls import StopOrder
from scheduler.ledger.ledger import Ledger
from scheduler.models import Attempt

logger = logging.getLogger(__name__)


def order(ledger: Ledger, account: str, attempt: Attempt, act: Act) -> bool:
    """Have a worker stop a live call, or have it say something else; False if that was ordered.

    Raises LedgerTrouble.
    """
    if act is Act.SPEAK:
        is_news = callbacks.order_speech(ledger, account, attempt)
    else:
        is_news = listeners.hint(ledger, account, attempt, act)
    if is_news:
        _log(account, attempt, act)
    return is_news


def order_and_take(
    ledger: Ledger, account: str, attempt: Attempt, act: Act, delays: Sequence[float]
) -> StopOrder | None:
    """Order a stop that the caller sends at once; None if it was ordered before.

    After these delays any worker sends it again. Raises LedgerTrouble.
    """
    stop = listeners.hint_and_take(ledger, account, attempt, act, delays=delays)
    if stop is not None:
        _log(account, attempt, act)
    return stop


def _log(account: str, attempt: Attempt, act: Act) -> None:
    with logs.about(account):
        logger.info("%s: %s", attempt, act)


def keep(ledger: Ledger, attempt: Attempt, found: Meaning, address: str) -> None:
    """Record what news say about the callee; after a wish not to be called, bar `address`.

    Raises LedgerTrouble.
    """
    bars = address if OPT_OUT in found.intents else ""
    if found.answered_by or found.intents:
        heard.note(ledger, attempt, answered_by=found.answered_by, intents=found.intents, bars=bars)
