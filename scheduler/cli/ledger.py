"""The ledger for the length of a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from scheduler.errors import LedgerError
from scheduler.settings import settings
from scheduler.store import Store, campaign_ids
from scheduler.worker import open_store


@contextmanager
def ledger() -> Iterator[Store]:
    """Open the ledger that the settings name, with its private Redis where it has one."""
    store, embedded = open_store(settings())
    try:
        yield store
    finally:
        store.close()
        if embedded is not None:
            embedded.close()


def newest(store: Store) -> str:
    """Return the campaign that was created last. Raises LedgerError when there is none."""
    ids = campaign_ids(store)
    if not ids:
        raise LedgerError("no campaigns yet: callsched run FILE, or callsched submit FILE")
    return ids[0]
