"""The ledger for the length of a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from scheduler.errors import LedgerError
from scheduler.ledger import access, views
from scheduler.ledger.ledger import Ledger
from scheduler.settings import settings


@contextmanager
def opened_ledger(*, upgrades: bool = False) -> Iterator[Ledger]:
    """Open the ledger of this environment."""
    with access.opened(settings(), upgrades=upgrades) as (ledger, _):
        yield ledger


def newest(ledger: Ledger) -> str:
    """Return the campaign that was created last. Raises LedgerError when there is none."""
    ids = views.campaign_ids(ledger, 1)
    if not ids:
        raise LedgerError("no campaigns yet: callsched run FILE, or callsched submit FILE")
    return ids[0]
