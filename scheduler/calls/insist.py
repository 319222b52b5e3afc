"""What must get on record, although the ledger may be away for a moment."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from scheduler.errors import AccountFault, CallerIdFault, LedgerUnreachable
from scheduler.ledger import limits
from scheduler.ledger.ledger import Ledger
from scheduler.masking import mask, mask_text

logger = logging.getLogger(__name__)

T = TypeVar("T")

#: How long to insist on recording the end of a dialing attempt; less than its lease.
INSIST_SECONDS = 20.0


def insist(tell: Callable[[], T]) -> T:
    """Write to the ledger; while it can't be reached, try again, for less than a lease.

    Raises LedgerUnreachable after that.
    """
    again = Retrying(
        retry=retry_if_exception_type(LedgerUnreachable),
        wait=wait_fixed(0.25),
        stop=stop_after_delay(INSIST_SECONDS),
        reraise=True,
    )
    answer: T = again(tell)
    return answer


def block(ledger: Ledger, account: str, fingerprint: str, error: AccountFault) -> None:
    """Have nobody dial with these credentials any more; stops are still sent.

    This is logged once, and not for each stop that is refused meanwhile.
    """

    def do() -> None:
        if limits.block(ledger, account, fingerprint, str(error)):
            logger.error("account %s stops dialling: %s", account, mask_text(str(error)))

    insist(do)


def block_caller(ledger: Ledger, account: str, error: CallerIdFault) -> None:
    """Have nobody dial from this number of ours any more while there are others."""
    why = mask_text(str(error))
    logger.error("account %s: nobody is called from %s: %s", account, mask(error.caller_id), why)
    insist(partial(limits.block_caller, ledger, account, error.caller_id, str(error)))
