"""Finds out how unknown calls ended: first from the API, then from the operator.

In this order: `unknown` lists the unknown calls, `look_up` asks the API about them, and `settle`
records the operator's verdict. Each returns an inquiry with the results so far.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from scheduler.calls.collector import Collector
from scheduler.calls.duty import Duty
from scheduler.clock import since_boot
from scheduler.errors import ConfigError, ProviderError, StaleAttempt
from scheduler.fields.contact_label import label_of
from scheduler.fields.counts import counted
from scheduler.ledger import controls, unknowns, views
from scheduler.ledger.ledger import NOBODY, Control, Ledger
from scheduler.ledger.unknowns import Resolution, Settled, UnknownCall
from scheduler.ledger.views import CampaignView
from scheduler.masking import mask_text
from scheduler.models import Attempt, conversation_name
from scheduler.operations import found_calls
from scheduler.operations.account import account_of, provider_of
from scheduler.operations.orders import about
from scheduler.operations.patience import patiently
from scheduler.providers import Finds, FoundConversation, Provider, Sweeps
from scheduler.settings import Settings

#: The window around `begin` in which to look for a conversation: the API's clock may differ, and a
#: worker that was frozen may have sent its start late.
BEFORE_SECONDS, AFTER_SECONDS = 600.0, 3600.0

#: Time for reading conversations, besides the patience for them.
_READING_SECONDS = 5.0
_LOOK_SECONDS = 0.1


class Outcome(StrEnum):
    """What was found out about an unknown call."""

    NOT_LOOKED_UP = "not_looked_up"
    NOT_FOUND = "not_found"  #: the API has nothing of it, which proves nothing
    FOUND = "found"  #: its conversation was found: it was placed
    KNOWN = "known"  #: its conversation had been found before
    SETTLED = "settled"  #: the operator's verdict is recorded
    CANDIDATES = "candidates"  #: calls at the provider may be it; the operator has to say which
    PROVEN = "proven"  #: not settled, because its conversation proves that it was placed
    STALE = "stale"  #: it is no longer unknown


@dataclass(frozen=True, slots=True)
class Case:
    """An unknown call, with what was found out about it."""

    call: UnknownCall
    name: str  #: the name that its conversation would have
    label: str  #: its contact's name for a person
    outcome: Outcome = Outcome.NOT_LOOKED_UP
    conversation_id: str = ""
    is_live: bool = False
    candidates: tuple[str, ...] = ()  #: calls at the provider that it may be

    @property
    def is_open(self) -> bool:
        """Whether the operator still has to decide."""
        return not self.conversation_id and self.outcome is not Outcome.STALE

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "contact_id": self.call.contact.contact_id,
            "row": self.call.attempt.row,
            "attempt": self.call.attempt.number,
            "name": self.name,
            "outcome": self.outcome,
            "conversation_id": self.conversation_id or None,
            "may_be_live": self.is_live,
            "candidates": list(self.candidates),
            "begun_at": self.call.begun_at,
            "held_until": self.call.held_until,
            "redial_at": self.call.redial_at,
        }


@dataclass(frozen=True, slots=True)
class Inquiry:
    """The unknown calls in question, and what went wrong with some of them."""

    campaign: CampaignView
    cases: tuple[Case, ...]
    verdict: Resolution | None = None  #: the verdict by which they were settled
    errors: tuple[str, ...] = ()
    lookup_error: str = ""  #: why the API did not answer all questions

    def count(self, *outcomes: Outcome) -> int:
        """Return how many calls have one of these outcomes."""
        return sum(case.outcome in outcomes for case in self.cases)

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "campaign_id": self.campaign.campaign_id,
            "unknown": len(self.cases),
            "found": self.count(Outcome.FOUND, Outcome.KNOWN, Outcome.PROVEN),
            "settled": self.count(Outcome.SETTLED),
            "verdict": self.verdict,
            "calls": [case.as_record() for case in self.cases],
            "errors": list(self.errors),
        }


def unknown(ledger: Ledger, campaign: CampaignView, contacts: Sequence[str]) -> Inquiry:
    """Return the unknown calls of a campaign, or of these contacts.

    A contact whose call is not unknown is an error of the inquiry. Raises LedgerError for one that
    the campaign does not have.
    """
    campaign_id = campaign.campaign_id
    rows = {views.find_row(ledger, campaign_id, who) for who in contacts}
    inquiry = of_rows(ledger, campaign, rows)
    errors = []
    for row in rows - {case.call.attempt.row for case in inquiry.cases}:
        record = views.result(ledger, campaign_id, row)
        stands = record["disposition"] or record["state"]
        errors.append(f"{label_of(record, row)} is not unknown: {stands}")
    return replace(inquiry, errors=tuple(errors))


def of_rows(ledger: Ledger, campaign: CampaignView, rows: Collection[int]) -> Inquiry:
    """Return the unknown calls of a campaign, or of these rows."""
    calls = unknowns.calls(ledger, campaign.campaign_id, campaign.account, rows)
    return Inquiry(campaign, tuple(_case(campaign, call) for call in calls))


def _case(campaign: CampaignView, call: UnknownCall) -> Case:
    contact = call.contact
    names = ("contact_id", "phone_number", "sip_uri", "dtmf")
    return Case(
        call,
        conversation_name(call.attempt, campaign.policy, contact),
        label_of({name: getattr(contact, name) for name in names}, call.attempt.row),
        Outcome.KNOWN if call.conversation_id else Outcome.NOT_LOOKED_UP,
        call.conversation_id,
        candidates=call.candidates,
    )


# What the API knows -------------------------------------------------------------------------------


def look_up(
    ledger: Ledger,
    inquiry: Inquiry,
    settings: Settings,
    on_reading: Callable[[int], None] = lambda waiting: None,
    *,
    reads: bool = True,
) -> Inquiry:
    """Ask the API for the conversations of these calls, attach them, and read them.

    The callback `on_reading` gets the number of conversations to read, which takes time. Without
    `reads` a worker reads them. If the API fails, the inquiry has its error. Raises ConfigError
    without credentials for the account.
    """
    account = account_of(inquiry.campaign, settings)
    search = _Search(ledger, inquiry)
    with provider_of(account, ledger) as provider:
        try:
            if isinstance(provider, Finds):
                search.find(provider)
                if reads:
                    patience = settings.insights_patience
                    _read(ledger, search.inquiry(), account.ceiling, patience, provider, on_reading)
            elif isinstance(provider, Sweeps):
                search.find_calls(provider)
            else:
                raise ConfigError(
                    "this provider can't tell what became of a call whose answer was lost: settle"
                    " it by --placed or --not-placed"
                )
        except ProviderError as error:
            why = f"the list of conversations can't be read: {mask_text(str(error))}"
            search.errors.append(why)
            return replace(search.inquiry(), lookup_error=why)
    return search.inquiry()


class _Search:
    """Looks for the conversations of an inquiry; its finds stay if the API fails in between."""

    def __init__(self, ledger: Ledger, inquiry: Inquiry) -> None:
        self._ledger = ledger
        self._inquiry = inquiry
        self._cases = {case.call.attempt: case for case in inquiry.cases}
        self.errors = list(inquiry.errors)

    def inquiry(self) -> Inquiry:
        """Return the inquiry with what has been found so far."""
        cases = tuple(self._cases.values())
        return replace(self._inquiry, cases=cases, errors=tuple(self.errors))

    def find(self, provider: Finds) -> None:
        """Look for all of them, and attach those found."""
        windows = _windows(self._inquiry.cases, self._inquiry.campaign.created_at)
        for since, until, cases in windows:
            names = {case.name for case in cases}
            found: dict[str, list[FoundConversation]] = {}
            for each in patiently(provider.find, names, since, until):
                found.setdefault(each.name, []).append(each)
            for case in cases:
                self._cases[case.call.attempt] = self._attach(case, found.get(case.name, []))

    def find_calls(self, provider: Sweeps) -> None:
        """Look for the calls that these may be, without attaching any."""
        for attempt, case in self._cases.items():
            found = tuple(found_calls.candidates(self._ledger, provider, case.call))
            outcome = Outcome.CANDIDATES if found else Outcome.NOT_FOUND
            self._cases[attempt] = replace(case, outcome=outcome, candidates=found)

    def _attach(self, case: Case, found: list[FoundConversation]) -> Case:
        if not found:
            is_known = bool(case.conversation_id)
            return replace(case, outcome=Outcome.KNOWN if is_known else Outcome.NOT_FOUND)
        if len(found) > 1:
            self.errors.append(
                f"{case.label}:"
                f" {counted(len(found), 'conversation has', 'conversations have')} its name,"
                f" so it was placed that often: {', '.join(each.conversation_id for each in found)}"
            )
        first = found[0]
        try:
            is_news, is_read = unknowns.attach(
                self._ledger,
                self._inquiry.campaign.account,
                case.call.attempt,
                first.conversation_id,
                started_at=first.started_at,
                ended_at=first.ended_at,
            )
        except StaleAttempt:
            return replace(case, outcome=Outcome.STALE)
        return replace(
            case,
            outcome=Outcome.FOUND if is_news else Outcome.KNOWN,
            conversation_id=case.conversation_id or first.conversation_id,
            is_live=not is_read,
        )


def _windows(cases: Iterable[Case], created_at: float) -> Iterator[tuple[float, float, list[Case]]]:
    """Yield spans of time, each with the calls that began in it; overlapping spans are merged."""
    window: list[Case] = []
    since = until = 0.0
    for case in sorted(cases, key=lambda case: case.call.begun_at or created_at):
        begun_at = case.call.begun_at or created_at
        if window and begun_at - BEFORE_SECONDS > until:
            yield since, until, window
            window = []
        if not window:
            since, until = begun_at - BEFORE_SECONDS, 0.0
        window.append(case)
        until = max(until, begun_at + AFTER_SECONDS if case.call.begun_at else time.time())
    if window:
        yield since, until, window


def _read(
    ledger: Ledger,
    inquiry: Inquiry,
    ceiling: int,
    patience: float,
    provider: Provider,
    on_reading: Callable[[int], None],
) -> None:
    """Read conversations as a worker would, because none may run for a finished campaign."""
    campaign = inquiry.campaign
    attempts = [case.call.attempt for case in inquiry.cases if case.conversation_id]
    collector = Collector(
        ledger,
        provider,
        Duty(campaign.account, ceiling, only=campaign.campaign_id),
        patience_seconds=patience,
        is_stopping=lambda: False,
    )
    give_up_at = since_boot() + patience + _READING_SECONDS
    if waiting := unknowns.still_to_read(ledger, campaign.account, attempts):
        on_reading(waiting)
    while unknowns.still_to_read(ledger, campaign.account, attempts) and since_boot() < give_up_at:
        collector.collect(until=give_up_at)
        time.sleep(_LOOK_SECONDS)


# What the operator knows --------------------------------------------------------------------------


_SAID = {
    Resolution.PLACED: "as placed",
    Resolution.NOT_PLACED: "as not placed",
    Resolution.REDIAL: "as not placed, to be dialled now",
}


def _token_of(verdict: Resolution, attempt: Attempt) -> str:
    """Return the token for a verdict; "": each time a new one.

    An order to redial always has the same token, so that repeating it does not fail because the
    call is no longer unknown.
    """
    return f"{verdict} {attempt}" if verdict is Resolution.REDIAL else ""


def is_redialled(ledger: Ledger, attempt: Attempt) -> bool:
    """Whether an operator has ordered to redial the call of this attempt."""
    token, _ = unknowns.last_verdict(ledger, attempt)
    return token == _token_of(Resolution.REDIAL, attempt)


def to_settle(inquiry: Inquiry, verdict: Resolution) -> tuple[Case, ...]:
    """Return the calls that a verdict would settle.

    Raises ConfigError if the verdict may ring a phone again, and the API could not say whether one
    has rung.
    """
    if inquiry.lookup_error and verdict is not Resolution.PLACED:
        raise ConfigError(
            inquiry.lookup_error,
            "nobody was settled as not placed; to do so without asking the API, say --no-lookup",
        )
    return tuple(case for case in inquiry.cases if case.is_open or verdict is Resolution.PLACED)


def settle(
    ledger: Ledger, inquiry: Inquiry, verdict: Resolution, control: Control = NOBODY
) -> Inquiry:
    """Record the operator's verdict on the calls that are still open, and who gave it.

    Several calls make one entry in the campaign's record. Raises what `to_settle` raises.
    """
    settled = {case.call.attempt: case for case in inquiry.cases}
    errors = list(inquiry.errors)
    chosen = to_settle(inquiry, verdict)
    for_each = control
    if len(chosen) > 1:
        of_all = about(control, f"{counted(len(chosen), 'unknown call')} {_SAID[verdict]}")
        controls.note(ledger, inquiry.campaign.campaign_id, "settle", of_all)
        for_each = NOBODY
    for case in chosen:
        if case.outcome is Outcome.STALE:
            continue
        attempt = case.call.attempt
        try:
            done = unknowns.settle(
                ledger,
                inquiry.campaign.account,
                attempt,
                verdict,
                token=_token_of(verdict, attempt),
                control=about(for_each, f"row {attempt.row} {_SAID[verdict]}"),
            )
        except StaleAttempt as error:
            settled[attempt] = replace(case, outcome=Outcome.STALE)
            errors.append(f"{case.label}: {error}")
            continue
        if done is Settled.SETTLED or not case.conversation_id:
            outcome = Outcome.PROVEN if done is Settled.PROVEN else Outcome.SETTLED
            settled[attempt] = replace(case, outcome=outcome)
    cases = tuple(settled.values())
    return replace(inquiry, cases=cases, verdict=verdict, errors=tuple(errors))
