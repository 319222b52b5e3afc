"""Erases what was said in calls to a party, or of a campaign, in the ledger and at the API.

Some APIs delete conversations, others delete calls with their recordings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from scheduler import providers
from scheduler.accounts import SANDBOX_ACCOUNT
from scheduler.errors import AccountFault, ConfigError, ProviderError
from scheduler.fields.numbers import possible
from scheduler.fields.sip import sip_uri
from scheduler.ledger import addresses, erasure, views
from scheduler.ledger.connections import PlacedConnection, connections_of
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import CampaignView
from scheduler.models import CallState
from scheduler.operations.account import provider_of
from scheduler.operations.patience import patiently
from scheduler.operations.progress import Counting, uncounted
from scheduler.providers import Erases, ErasesCalls, accounts_of
from scheduler.settings import Settings

#: The reason why a live call is not deleted at the API: its end is still to be read.
_LIVES = "it is not over: repeat the command after its end"

#: How many campaigns to ask at once.
_AT_ONCE = 100

_ONCE_A_NUMBER = re.compile(r"\+[1-9]\d{6,14}")

#: The client that deletes at an account's API, or why there is none.
Api = Erases | ErasesCalls | str

#: A campaign, and the row of one of its calls.
Call = tuple[CampaignView, int]


def read_address(written: str, region: str | None = None) -> str:
    """Read a number or SIP address as a campaign file does. Raises ValueError.

    National numbers are those of `region`.
    """
    try:
        if written.lower().startswith(("sip:", "sips:")):
            return sip_uri(written)
        return possible(written, region)
    except ValueError:
        # Numbering plans change; a number that was valid when it was called must stay erasable.
        if _ONCE_A_NUMBER.fullmatch(written):
            return written
        raise


def calls_to(ledger: Ledger, address: str, counting: Counting = uncounted) -> list[Call]:
    """Return every call to a number or SIP address, in whichever campaign."""
    found: list[Call] = []
    ids = views.campaign_ids(ledger)
    with counting("looking", "campaigns") as counted:
        for at in range(0, len(ids), _AT_ONCE):
            some = views.campaigns(ledger, ids[at : at + _AT_ONCE])
            for campaign, rows in addresses.rows_to(ledger, some, address):
                found += [(campaign, row) for row in rows]
            counted(min(at + _AT_ONCE, len(ids)), len(ids))
    return found


@dataclass(frozen=True, slots=True)
class Undeleted:
    """A conversation that the API still has, or the record of a call."""

    id_: str
    error: str
    is_call: bool = False

    def as_record(self) -> dict[str, str]:
        """Return it as JSON has it."""
        return {"connection_id" if self.is_call else "conversation_id": self.id_} | {
            "error": self.error
        }


@dataclass
class ErasedCalls:
    """What an API that keeps records of calls deleted: records and recordings."""

    known: int = 0  #: calls whose records it was to delete
    deleted: int = 0
    recordings: int = 0
    kept: set[str] = field(default_factory=set)  #: what it says that it still keeps, in words

    def add(self, answer: providers.Erased) -> None:
        """Count a call that the API confirmed."""
        self.deleted += 1
        self.recordings += answer.recordings
        self.kept |= {answer.kept} - {""}

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "call_records": self.known,
            "call_records_deleted": self.deleted,
            "recordings_deleted": self.recordings,
            "kept": sorted(self.kept),
        }


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased, and how many calls may still add to it."""

    calls: int
    conversations: int  #: that the API has of these calls
    deleted: int  #: how many of these the API deleted
    errors: tuple[Undeleted, ...]  #: those that it did not delete, if it was asked
    under_way: int  #: live calls; what is said in them from now on is not kept
    waiting: int = 0  #: calls that are still to be made
    may_be_kept: bool = False  #: the API was not asked, and may have something of these calls
    at_api: ErasedCalls | None = None  #: None if no API that keeps records of calls was asked
    sandboxed: int = 0  #: calls in the sandbox of a run, which is gone with all that it had

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "calls": self.calls,
            "conversations": self.conversations,
            "deleted": self.deleted,
            **(self.at_api.as_record() if self.at_api else {}),
            "errors": [each.as_record() for each in self.errors],
        }


@contextmanager
def eraser(
    ledger: Ledger, settings: Settings, calling: Collection[str], *, remote: bool
) -> Iterator[Eraser]:
    """Yield an eraser of calls on these accounts.

    With `remote`, open the APIs' clients before it erases anything: ConfigError without
    credentials. There is no API to ask for calls in the sandbox of a run.
    """
    if not remote:
        yield Eraser(ledger)
        return
    accounts = accounts_of(settings)
    if not set(calling) - ({SANDBOX_ACCOUNT} - set(accounts.names)):
        yield Eraser(ledger, {})
        return
    with ExitStack() as stack:
        apis: dict[str, Api] = {}
        for account in accounts:
            try:
                provider = stack.enter_context(provider_of(account, ledger))
                if not isinstance(provider, Erases | ErasesCalls):
                    raise ConfigError(
                        "this provider deletes nothing on request: leave out --remote"
                    )
                apis[account.name] = provider
            except ConfigError as error:
                if len(accounts.by_name) == 1:
                    raise
                apis[account.name] = str(error)
        yield Eraser(ledger, apis)


@dataclass
class Eraser:
    """Erases what was said, call by call, in the ledger and perhaps at the API.

    The record that somebody was called, and how it ended, stays: else they could be called again.
    If the API fails, it notes this and goes on. If it is killed, run it again.
    """

    ledger: Ledger
    #: The client that deletes for each account, or why there is none; None if no API is asked.
    apis: Mapping[str, Api] | None = None
    _calls: int = 0
    _connections: int = 0
    _conversations: int = 0
    _deleted: int = 0
    _sandboxed: int = 0
    _at_api: ErasedCalls = field(default_factory=ErasedCalls)
    _errors: list[Undeleted] = field(default_factory=list)
    _faults: dict[str, str] = field(default_factory=dict)  #: account that is asked no more -> why

    def erase_calls(self, calls: Sequence[Call], counting: Counting = uncounted) -> Erased:
        """Erase what was said in these calls."""
        with counting("erasing", "calls") as counted:
            for campaign, row in calls:
                self._erase(campaign, row)
                counted(self._calls, len(calls))
        states = [views.result(self.ledger, view.campaign_id, row)["state"] for view, row in calls]
        live = (CallState.CONNECTED, CallState.STOPPING)
        return self._erased(under_way=sum(state in live for state in states))

    def erase_campaign(self, campaign: CampaignView, counting: Counting = uncounted) -> Erased:
        """Erase what was said in every call of a campaign; nothing more is collected in it."""
        campaign_id = campaign.campaign_id
        erasure.collect_no_more(self.ledger, campaign_id)
        erasure.erase_lines(self.ledger, campaign_id)
        with counting("erasing", "calls") as counted:
            for row in erasure.called_rows(self.ledger, campaign_id):
                self._erase(campaign, row)
                counted(self._calls, campaign.dials)
        now = views.campaign(self.ledger, campaign_id)
        return self._erased(now.open, now.calls[CallState.PENDING])

    def _erased(self, under_way: int, waiting: int = 0) -> Erased:
        deletes_calls = any(isinstance(api, ErasesCalls) for api in (self.apis or {}).values())
        return Erased(
            self._calls,
            self._conversations,
            self._deleted,
            tuple(self._errors),
            under_way,
            waiting,
            may_be_kept=self.apis is None and bool(self._conversations or self._connections),
            at_api=self._at_api if deletes_calls else None,
            sandboxed=self._sandboxed,
        )

    def _erase(self, campaign: CampaignView, row: int) -> None:
        conversations = erasure.erase(self.ledger, campaign.campaign_id, row)
        connections = connections_of(self.ledger, campaign.campaign_id, row)
        self._calls += 1
        if campaign.account == SANDBOX_ACCOUNT not in (self.apis or {}):
            self._sandboxed += 1
            return
        self._conversations += len(conversations)
        self._connections += len(connections)
        if self.apis is None:
            return
        known = ", ".join(self.apis)
        api = self.apis.get(
            account := campaign.account,
            f"it is of account {account}, these credentials are for {known}",
        )
        if isinstance(api, str):
            self._note_undeleted(conversations, connections, api)
        if isinstance(api, ErasesCalls):
            for each in connections:
                self._erase_call(api, account, each)
        if isinstance(api, Erases):
            for conversation_id in conversations:
                self._erase_conversation(api, account, conversation_id)

    def _note_undeleted(
        self, conversations: Sequence[str], connections: Sequence[PlacedConnection], why: str
    ) -> None:
        """Note the conversations or calls that stay at an API that can't be asked."""
        if conversations:
            self._errors += [Undeleted(each, why) for each in conversations]
        else:
            self._errors += [Undeleted(one.connection_id, why, True) for one in connections]

    def _erase_conversation(self, api: Erases, account: str, conversation_id: str) -> None:
        if why := self._why_not(account, lambda: api.erase(conversation_id)):
            self._errors.append(Undeleted(conversation_id, why))
        else:
            self._deleted += 1

    def _erase_call(self, api: ErasesCalls, account: str, each: PlacedConnection) -> None:
        def delete() -> None:
            self._at_api.add(api.erase_call(each.connection_id))

        self._at_api.known += 1
        why = self._why_not(account, delete) if each.is_over else _LIVES
        if why:
            self._errors.append(Undeleted(each.connection_id, why, is_call=True))

    def _why_not(self, account: str, delete: Callable[[], None]) -> str:
        """Return why the API did not delete something; "" if it did."""
        if fault := self._faults.get(account):
            return fault
        try:
            patiently(delete)
        except AccountFault as error:
            self._faults[account] = str(error)
            return str(error)
        except ProviderError as error:
            return str(error)
        return ""
