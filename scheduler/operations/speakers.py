"""Tells a provider who speaks on a live call, so that it can name the speakers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scheduler.errors import ConfigError, MaybeDone, NoSuchConnection
from scheduler.fields.contact_label import label_of
from scheduler.ledger import views
from scheduler.ledger.ledger import Ledger
from scheduler.models import Connection
from scheduler.operations.account import account_of, provider_of
from scheduler.providers import Kind, SpeakerEvent, Tells, accounts_of
from scheduler.settings import Settings


@dataclass(frozen=True, slots=True)
class SpokenOn:
    """The live call that a provider was told of."""

    campaign_id: str
    row: int
    connection: Connection
    record: Mapping[str, Any]  #: the call's result, as `results` has it

    @property
    def label(self) -> str:
        """The contact's name for a person."""
        return label_of(self.record, self.row)


def tell(
    ledger: Ledger,
    settings: Settings,
    kind: Kind,
    campaign_id: str,
    contact: str,
    event: SpeakerEvent,
) -> SpokenOn:
    """Tell the provider who begins or stops speaking on a contact's live call.

    Raises ConfigError unless the settings are for this provider and the campaign's account,
    LedgerError if the call is not live, MaybeDone if the answer was lost: then repeat it.
    """
    known = {one.provider for one in accounts_of(settings)}
    if kind.name not in known:
        ours = " and ".join(sorted(known))
        raise ConfigError(f"the credentials are those of {ours}, not of {kind.name}")
    account = account_of(views.campaign(ledger, campaign_id), settings)
    if account.provider != kind.name:
        raise ConfigError(f"the credentials are those of {account.provider}, not of {kind.name}")
    row = views.find_row(ledger, campaign_id, contact)
    record = views.result(ledger, campaign_id, row)
    connection = views.live_connection(ledger, campaign_id, row)
    with provider_of(account, ledger) as provider:
        if not isinstance(provider, Tells):
            raise ConfigError(f"{account.provider} does not want to know who speaks")
        try:
            provider.tell(connection, event)
        except NoSuchConnection as error:
            raise NoSuchConnection(f"the call is over, as the API says: {error}") from error
        except MaybeDone as error:
            raise MaybeDone(
                f"whether the API heard it is not known, say it again: {error}"
            ) from error
    return SpokenOn(campaign_id, row, connection, record)
