"""The ledger for the length of a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from scheduler.embedded import EmbeddedRedis
from scheduler.errors import LedgerError
from scheduler.settings import Settings, settings
from scheduler.store import Store, campaign_ids
from scheduler.worker import open_store


@contextmanager
def opened(chosen: Settings) -> Iterator[tuple[Store, EmbeddedRedis | None]]:
    """Open the ledger that these settings name, with its private Redis where it has one."""
    store, embedded = open_store(chosen)
    try:
        yield store, embedded
    finally:
        store.close()
        if embedded is not None:
            embedded.close()


@contextmanager
def ledger() -> Iterator[Store]:
    """Open the ledger of this environment."""
    with opened(settings()) as (store, _):
        yield store


def newest(store: Store) -> str:
    """Return the campaign that was created last. Raises LedgerError when there is none."""
    ids = campaign_ids(store)
    if not ids:
        raise LedgerError("no campaigns yet: callsched run FILE, or callsched submit FILE")
    return ids[0]
