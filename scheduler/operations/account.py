"""The account that an operation asks the API as: is it a campaign's own, and its client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from scheduler import providers
from scheduler.errors import ConfigError
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.tokens import RedisTokenShelf
from scheduler.ledger.views import CampaignView
from scheduler.providers import Provider, open_provider
from scheduler.settings import Settings


def expect_account(campaign: CampaignView, settings: Settings) -> None:
    """Raise ConfigError unless the settings are those of the account that a campaign dials from."""
    if campaign.account != settings.account:
        raise ConfigError(
            f"campaign {campaign.campaign_id} dials from account {campaign.account}, these"
            f" credentials are for {settings.account}: set CALLSCHED_ACCOUNT={campaign.account},"
            " its credentials and its base URL"
        )


@contextmanager
def provider_of(settings: Settings, ledger: Ledger) -> Iterator[Provider]:
    """Open the client of these settings. Raises ConfigError without credentials."""
    provider = open_provider(settings, RedisTokenShelf(ledger))
    try:
        yield provider
    finally:
        provider.close()


@contextmanager
def provider_with(
    ability: type, campaign: CampaignView, settings: Settings, ledger: Ledger
) -> Iterator[Provider | None]:
    """Open the client of a campaign's account; None where its API lacks an ability.

    Raises ConfigError without credentials, or with those of another account.
    """
    if ability not in providers.of(settings).abilities:
        yield None
        return
    expect_account(campaign, settings)
    with provider_of(settings, ledger) as provider:
        yield provider
