"""Which ledger the settings name, opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from scheduler.errors import ConfigError, LedgerFault, LedgerShut, LedgerUnreachable
from scheduler.ledger.ledger import Leases, Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.settings import Settings


def open_ledger(
    settings: Settings, *, upgrades: bool = True
) -> tuple[Ledger, EmbeddedRedis | None]:
    """Open the ledger, and the private Redis for as long as it is used when no other is named.

    Without `upgrades` a schema of an earlier release is left as it is.

    Raises LedgerUnreachable, which names the setting, when the named one does not answer, and
    ConfigError when it will not let us in.
    """
    embedded = None
    if settings.redis_url is not None:
        url = settings.redis_url.get_secret_value()
    else:
        embedded = EmbeddedRedis(settings.state_dir)
        embedded.open()
        url = embedded.url
    ledger = Ledger(url, Leases(stop_patience=settings.stop_patience), settings.durability)
    try:
        ledger.open(upgrades=upgrades)
    except BaseException as error:
        ledger.close()
        if embedded is not None:
            embedded.close()
        elif isinstance(error, LedgerShut):
            raise ConfigError(f"CALLSCHED_REDIS_URL: {error}") from error
        elif isinstance(error, LedgerUnreachable):
            raise LedgerUnreachable(f"check CALLSCHED_REDIS_URL: {error}") from error
        elif isinstance(error, LedgerFault):
            raise LedgerFault(f"check CALLSCHED_REDIS_URL: {error}") from error
        raise
    return ledger, embedded


@contextmanager
def opened(
    chosen: Settings, *, upgrades: bool = False
) -> Iterator[tuple[Ledger, EmbeddedRedis | None]]:
    """Open the ledger that these settings name, with its private Redis where it has one.

    Whoever has calls made `upgrades` it: from then on workers of an earlier release, which might
    not know a rule of theirs, dial no more.
    """
    with closing(*open_ledger(chosen, upgrades=upgrades)) as both:
        yield both


@contextmanager
def closing(
    ledger: Ledger, embedded: EmbeddedRedis | None
) -> Iterator[tuple[Ledger, EmbeddedRedis | None]]:
    """Close an opened ledger at the end of this block, then its private Redis."""
    try:
        yield ledger, embedded
    finally:
        ledger.close()
        if embedded is not None:
            embedded.close()
