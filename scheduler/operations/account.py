"""The account that an operation asks the API as: is it a campaign's own, and its client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from scheduler.accounts import Account
from scheduler.errors import ConfigError
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.tokens import RedisTokenShelf
from scheduler.ledger.views import CampaignView
from scheduler.providers import Provider, accounts_of, open_provider
from scheduler.settings import Settings


def account_of(campaign: CampaignView, settings: Settings) -> Account:
    """Return the account that a campaign dials from. Raises ConfigError when it is not known."""
    try:
        return accounts_of(settings).named(campaign.account)
    except ConfigError as error:
        raise ConfigError(
            f"campaign {campaign.campaign_id} dials from account {campaign.account}, {error}"
        ) from None


@contextmanager
def provider_of(account: Account, ledger: Ledger) -> Iterator[Provider]:
    """Open the client of an account. Raises ConfigError without credentials."""
    provider = open_provider(account, RedisTokenShelf(ledger))
    try:
        yield provider
    finally:
        provider.close()
