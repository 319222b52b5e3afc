"""What `forget` and `purge` share: erasing calls one by one, here and at the API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import typer

from scheduler.cli import console
from scheduler.errors import AccountFault, ProviderError
from scheduler.ledger.erasing import erase
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.reading import CampaignView
from scheduler.ledger.tokens import RedisTokenShelf
from scheduler.operations.patience import patiently
from scheduler.providers import Provider, open_provider
from scheduler.settings import Settings

#: What stays on record, and why.
STAYS = (
    "that they were called, and how it ended, stays on record: else they could be called again;"
    " so does who asked not to be called"
)

#: Errors of the API that are listed; all are counted.
_LISTED = 10


@dataclass
class Erasure:
    """Erases what was said in calls, and has the API do so where that is wanted."""

    ledger: Ledger
    settings: Settings
    provider: Provider | None  #: None: the API is not asked
    calls: int = 0
    conversations: int = 0  #: that the API knows of these calls
    deleted: int = 0  #: of these, by the API
    errors: list[dict[str, str]] = field(default_factory=list)
    _fault: str = ""  #: why no other conversation need be tried

    def erase(self, campaign: CampaignView, row: int) -> None:
        """Erase one call. What went wrong at the API is noted, and the rest goes on."""
        conversations = erase(self.ledger, campaign.campaign_id, row)
        self.calls += 1
        self.conversations += len(conversations)
        if self.provider is None:
            return
        for conversation_id in conversations:
            if why := self._delete(self.provider, campaign, conversation_id):
                self.errors.append({"conversation_id": conversation_id, "error": why})
            else:
                self.deleted += 1

    def _delete(self, provider: Provider, campaign: CampaignView, conversation_id: str) -> str:
        """Return why the API did not delete a conversation; "" when it did."""
        if campaign.account != self.settings.account:
            ours = self.settings.account
            return f"it is of account {campaign.account}, these credentials are for {ours}"
        if self._fault:
            return self._fault
        try:
            patiently(provider.erase, conversation_id)
        except AccountFault as error:
            self._fault = str(error)
            return self._fault
        except ProviderError as error:
            return str(error)
        return ""

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "calls": self.calls,
            "conversations": self.conversations,
            "deleted": self.deleted,
            "errors": self.errors,
        }

    def report(self, whose: str, record: dict[str, Any], *, json: bool) -> None:
        """Say what was erased and what stays; exit with 1 when the API did not do all of it."""
        if json:
            console.emit(record | self.as_record())
        else:
            console.out.print(f"erased what was said in {whose}", markup=False)
            console.out.print(STAYS, markup=False)
        if self.provider is not None:
            console.say(f"the API deleted {self.deleted} of {self.conversations} conversations")
        elif self.conversations:
            console.say(
                "the API may keep what it has of them: the same command with --remote has it"
                " deleted"
            )
        for problem in self.errors[:_LISTED]:
            console.fail(f"conversation {problem['conversation_id']}: {problem['error']}")
        if len(self.errors) > _LISTED:
            console.say(f"… and {len(self.errors) - _LISTED} more")
        if self.errors:
            raise typer.Exit(1)


@contextmanager
def remote(ledger: Ledger, settings: Settings, *, wanted: bool) -> Iterator[Provider | None]:
    """Open the API, before anything is erased. Raises ConfigError without credentials."""
    if not wanted:
        yield None
        return
    provider = open_provider(settings, RedisTokenShelf(ledger))
    try:
        yield provider
    finally:
        provider.close()


def confirm(question: str) -> None:
    """On a terminal, ask; off a terminal never."""
    if console.may_ask() and not typer.confirm(question, default=False, err=True):
        console.say("nothing was erased")
        raise typer.Exit(1)
