"""Opens the ledger that the settings name."""

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

#: If there is no campaign of an id: among how many of the newest to look for ids that resemble it,
#: and how many of these to suggest.
_LOOKED_THROUGH, _NAMED = 2_000, 3


def open_ledger(
    settings: Settings, *, upgrades: bool = True
) -> tuple[Ledger, EmbeddedRedis | None]:
    """Open the ledger; if the settings name no Redis, start the private one and return it as well.

    `upgrades` raises the schema of an earlier release to this one's. Raises LedgerUnreachable,
    which names the setting, if Redis does not answer, and ConfigError if it refuses us.
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
    """Open the ledger that these settings name, and its private Redis if it has one.

    Commands that make calls pass `upgrades`: from then on workers of an earlier release dial no
    more, because they might not know a rule that these calls need.
    """
    with closing(*open_ledger(chosen, upgrades=upgrades)) as both, _near_misses(both[0]):
        yield both


@contextmanager
def _near_misses(ledger: Ledger) -> Iterator[None]:
    """If there is no campaign of an id, suggest ids that begin with it or resemble it."""
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
