"""The ledger for the length of a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from scheduler.cli.suggested import suggested
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
        raise LedgerError(nothing_yet())
    return ids[0]


def nothing_yet() -> str:
    """Return what is said of a ledger without campaigns."""
    return f"no campaigns yet: {suggested('run', 'FILE')}, or {suggested('submit', 'FILE')}"
