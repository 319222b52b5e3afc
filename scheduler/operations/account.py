"""The account with which an operation calls the API, and its client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from scheduler.accounts import SANDBOX_ACCOUNT, Account, Accounts
from scheduler.errors import ConfigError
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.tokens import RedisTokenShelf
from scheduler.ledger.views import CampaignView
from scheduler.providers import Provider, accounts_of, kind_of, open_provider
from scheduler.settings import Settings


def account_of(campaign: CampaignView, settings: Settings) -> Account:
    """Return the account on which a campaign is dialled. Raises ConfigError if it is not known."""
    return _named(accounts_of(settings), campaign)


def is_out_of_reach(campaign: CampaignView, settings: Settings) -> bool:
    """Whether a campaign was called in the sandbox of its run, which nothing else reaches.

    Raises ConfigError if the accounts can't be read.
    """
    return _is_out_of_reach(campaign, accounts_of(settings))


def _is_out_of_reach(campaign: CampaignView, accounts: Accounts) -> bool:
    return campaign.account == SANDBOX_ACCOUNT not in accounts.by_name


def why_out_of_reach(campaign: CampaignView) -> str:
    """Return why nobody can ask the sandbox of a run."""
    return (
        f"campaign {campaign.campaign_id} was called in the sandbox of its run, where no phone"
        " rings: only that run reaches it, and it is gone when the run has ended"
    )


def expect_reachable(campaign: CampaignView, settings: Settings) -> None:
    """Raise ConfigError if a campaign was called in a sandbox that nobody can ask."""
    if is_out_of_reach(campaign, settings):
        raise ConfigError(why_out_of_reach(campaign))


def _named(accounts: Accounts, campaign: CampaignView) -> Account:
    if _is_out_of_reach(campaign, accounts):
        raise ConfigError(why_out_of_reach(campaign))
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
