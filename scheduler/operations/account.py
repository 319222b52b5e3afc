"""The account with which an operation calls the API, and its client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from scheduler.accounts import Account, Accounts
from scheduler.errors import ConfigError
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.tokens import RedisTokenShelf
from scheduler.ledger.views import CampaignView
from scheduler.providers import Provider, accounts_of, kind_of, open_provider
from scheduler.settings import Settings


def account_of(campaign: CampaignView, settings: Settings) -> Account:
    """Return the account on which a campaign is dialled. Raises ConfigError if it is not known."""
    return _named(accounts_of(settings), campaign)


def _named(accounts: Accounts, campaign: CampaignView) -> Account:
    try:
        return accounts.named(campaign.account)
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


@contextmanager
def provider_with(
    ability: type, campaign: CampaignView, settings: Settings, ledger: Ledger
) -> Iterator[Provider | None]:
    """Open the client of a campaign's account; yield None if its API lacks an ability.

    Raises ConfigError without credentials, or with those of another account.
    """
    accounts = accounts_of(settings)
    if not any(ability in kind_of(one).abilities for one in accounts):
        yield None
        return
    account = _named(accounts, campaign)
    if ability not in kind_of(account).abilities:
        yield None
        return
    with provider_of(account, ledger) as provider:
        yield provider
