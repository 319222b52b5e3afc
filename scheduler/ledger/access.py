"""Which ledger the settings name, opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches

from scheduler.errors import (
    ConfigError,
    LedgerFault,
    LedgerShut,
    LedgerUnreachable,
    NoSuchCampaign,
)
from scheduler.ledger import views
from scheduler.ledger.ledger import Leases, Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.settings import Settings

#: So many of the newest campaigns may have been meant by an id that is none; so many are named.
_LOOKED_THROUGH, _NAMED = 2_000, 3


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
    with closing(*open_ledger(chosen, upgrades=upgrades)) as both, _near_misses(both[0]):
        yield both


@contextmanager
def _near_misses(ledger: Ledger) -> Iterator[None]:
    """Name the campaigns that were meant by an id that is none, if that can be told."""
    try:
        yield
    except NoSuchCampaign as error:
        known = views.campaign_ids(ledger, _LOOKED_THROUGH)
        begun = [each for each in known if each.startswith(error.campaign_id)]
        near = begun or get_close_matches(error.campaign_id, known, cutoff=0.7)
        raise NoSuchCampaign(error.campaign_id, near[:_NAMED]) from None


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
