"""The ledger for the length of a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from scheduler.errors import ConfigError, LedgerError
from scheduler.ledger import CampaignView, Store, campaign_ids
from scheduler.ledger.opening import opened
from scheduler.settings import Settings, settings


@contextmanager
def ledger(*, upgrades: bool = False) -> Iterator[Store]:
    """Open the ledger of this environment."""
    with opened(settings(), upgrades=upgrades) as (store, _):
        yield store


def expect_account(campaign: CampaignView, chosen: Settings) -> None:
    """Raise ConfigError unless the settings are those of the account that a campaign dials from."""
    if campaign.account != chosen.account:
        raise ConfigError(
            f"campaign {campaign.campaign_id} dials from account {campaign.account}, these"
            f" credentials are for {chosen.account}: set CALLSCHED_ACCOUNT={campaign.account}, its"
            " credentials and its base URL"
        )


def newest(store: Store) -> str:
    """Return the campaign that was created last. Raises LedgerError when there is none."""
    ids = campaign_ids(store)
    if not ids:
        raise LedgerError("no campaigns yet: callsched run FILE, or callsched submit FILE")
    return ids[0]
