"""Explains why a contact was or was not called: what every rule finds, and what comes next.

`explain` explains a call of a campaign. For a file that is not submitted yet, `find_row` finds a
row, and `explain_row` explains it. Nothing here changes anything.
"""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from scheduler.campaign.checked import CheckedCampaign
from scheduler.campaign.duplicates import Duplicates
from scheduler.errors import LedgerError, refusal
from scheduler.fields.parties import spellings
from scheduler.hours.openings import opening, verdicts, zones_of
from scheduler.ledger import controls, do_not_call, explanation, views
from scheduler.ledger.controls import Controlled
from scheduler.ledger.explanation import RuleFinding, Standing
from scheduler.ledger.heard import NOTHING_HEARD, CalleeFacts
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import CampaignView
from scheduler.masking import shown
from scheduler.models import (
    CallState,
    CampaignState,
    Contact,
    Disposition,
    Policy,
    Reason,
    Row,
)
from scheduler.operations.contact_search import Search, named_in_message, place_of
from scheduler.records import decode


@dataclass(frozen=True, slots=True)
class Original:
    """The row that is called instead of a duplicate."""

    row: int
    line: int
    contact: Contact
    shares_id: bool  #: whether both have one id; else both have one number or address

    @property
    def description(self) -> str:
        """What a duplicate has in common with it, in words."""
        which = "number" if self.contact.phone_number else "address"
        which = "id" if self.shares_id else which
        return f"the same {which} as {named_in_message(self.contact, self.row)} in line {self.line}"

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        contact_id, shares = self.contact.contact_id, "id" if self.shares_id else "party"
        return {"row": self.row, "line": self.line, "contact_id": contact_id, "shares": shares}


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the rules find of a contact, and when it may be called."""

    contact: Contact
    row: int  #: from 1, as a campaign counts them
    line: int  #: of the file
    rules: tuple[RuleFinding, ...]
    next_at: float | None  #: when it may be called next; None: never, or not until an order
    source: str  #: the campaign's id, or the path of the file
    call: Standing | None = None  #: its call; None for a file
    is_held: bool = False  #: whether the campaign waits for an operator's order
    original: Original | None = None  #: set for a duplicate
    order: Controlled | None = None  #: the operator's order by which its call waits or has ended
    #: Who was heard, and what they meant.
    callee: CalleeFacts = field(default_factory=lambda: NOTHING_HEARD)
    zones: tuple[str, ...] = ()  #: time zones in which the contact may be

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON has it; for a file it has only the rules."""
        contact = {
            "row": self.row,
            "contact_id": self.contact.contact_id,
            "phone_number": self.contact.phone_number or None,
            "sip_uri": self.contact.sip_uri or None,
            "dtmf": self.contact.dtmf,
        }
        rules = {"rules": [_as_record(rule) for rule in self.rules]}
        original = {"duplicate_of": self.original.as_record() if self.original else None}
        if (call := self.call) is None:
            there = {"file": self.source, "line": self.line}
            return contact | there | rules | {"next_at": self.next_at} | original
        return {
            **contact,
            "campaign_id": self.source,
            "line": self.line,
            "state": call.state,
            "disposition": call.disposition or None,
            "reason": call.reason or None,
            "error": call.error or None,
            **self.callee,
            **rules,
            "attempts": list(call.attempts),
            "due_at": call.due_at,
            "next_at": self.next_at,
            "ended_at": call.ended_at,
            "held": self.is_held,
            **original,
            "order": self.order.as_record() if self.order else None,
        }


def _as_record(rule: RuleFinding) -> dict[str, Any]:
    return {
        "rule": rule.rule,
        "passes": rule.passes,
        "found": rule.found,
        "until": rule.until,
        "reason": rule.reason,
    }


# A campaign's -------------------------------------------------------------------------------------


def explain(
    ledger: Ledger, campaign_id: str, contact: str, *, searches: bool = False
) -> Explanation:
    """Explain why a contact of a campaign was or was not called, and when it may be.

    `contact` is an id, a number or address, or `#12` for the twelfth row. With `searches` it may
    also be `line 13`, or a name or another cell that only one contact has; this looks through all
    contacts, which may take seconds. Raises LedgerError if the campaign or the contact does not
    exist.
    """
    view = views.campaign(ledger, campaign_id)
    call = explanation.standing(ledger, campaign_id, _row(ledger, view, contact, searches=searches))
    now, decided = explanation.explain(ledger, campaign_id, call.row)
    rules = _rules_of_time(view.policy, call.contact, now)
    rules += [_in_full(ledger, view, call, rule) for rule in decided]
    if call.state is not CallState.PENDING:
        # Rules of the campaign matter only for a next call, and there is none.
        rules = [rule for rule in rules if rule.rule != "campaign"]
    is_held = _is_held(view)
    return Explanation(
        call.contact,
        call.row,
        call.line,
        tuple(rules),
        None if is_held else _next_at(view.policy, call, rules, now),
        campaign_id,
        call,
        is_held,
        _original(ledger, campaign_id, call),
        _order(ledger, view, call),
        _callee(ledger, campaign_id, call),
        zones_of(call.contact, view.policy),
    )


def _callee(ledger: Ledger, campaign_id: str, call: Standing) -> CalleeFacts:
    if not call.attempts:
        return NOTHING_HEARD
    result = views.result(ledger, campaign_id, call.row)
    return {name: result[name] for name in NOTHING_HEARD}


def _row(ledger: Ledger, view: CampaignView, who: str, *, searches: bool) -> int:
    """Return the row of a contact; `searches` also finds what no index has. Raises LedgerError."""
    if not searches:
        return views.find_row(ledger, view.campaign_id, who)
    row = views.row_of(ledger, view, who)
    if row is not None:
        return row
    search = Search(who)
    for page in views.contact_pages(ledger, view.campaign_id):
        for number, record in page:
            _look(search, number, record)
    row = search.found()
    if row is None:
        raise LedgerError(f"campaign {view.campaign_id}: {search.miss()}")
    return row


def _look(search: Search, number: int, record: str) -> None:
    if not search.may_be(number, record):
        return
    try:
        contact, line = decode(record)
    except ValueError:  # another program has changed it
        return
    search.look(number, line, contact)


def _original(ledger: Ledger, campaign_id: str, call: Standing) -> Original | None:
    if call.reason != Reason.DUPLICATE:
        return None
    row = explanation.first_of(ledger, campaign_id, call.row, call.contact)
    if row is None:
        return None
    first = explanation.standing(ledger, campaign_id, row)
    shares_id = first.contact.contact_id == call.contact.contact_id
    return Original(row, first.line, first.contact, shares_id)


def _order(ledger: Ledger, view: CampaignView, call: Standing) -> Controlled | None:
    """Return the operator's order because of which a call has ended, or waits."""
    if call.disposition == Disposition.ABORTED:
        orders: tuple[str, ...] = ("stop", "abort", "interrupt")
    elif call.reason == Reason.CANCELLED:
        orders = ("cancel", "abort")
    elif call.state is CallState.PENDING and _is_held(view):
        orders = ("pause", "interrupt")
    else:
        return None
    given = controls.of_campaign(ledger, view.campaign_id)
    return next((each for each in given if _is_of(each, orders, call.row)), None)


def _is_of(order: Controlled, wanted: Collection[str], row: int) -> bool:
    """Whether an order is one of these; for `stop`, whether its note names this row."""
    is_meant = order.what != "stop" or order.note.partition(":")[0] == f"#{row}"
    return order.what in wanted and is_meant


def _is_held(view: CampaignView) -> bool:
    return view.state is CampaignState.PAUSED and not view.cancelled_by


def _in_full(ledger: Ledger, view: CampaignView, call: Standing, rule: RuleFinding) -> RuleFinding:
    """Add to a finding which entry of the do-not-call list bars the call, or who paused it."""
    if rule.rule == "do_not_call" and not rule.passes:
        return replace(rule, found=_listed(ledger, call.contact, view.policy) or rule.found)
    return _without_end(rule, view)


def _without_end(rule: RuleFinding, view: CampaignView) -> RuleFinding:
    """Add to the finding of a pause who ordered it, or why, and remove its end."""
    if rule.rule != "campaign" or not _is_held(view):
        return rule
    why = f"paused by {view.paused_by}" if view.paused_by else "paused"
    if view.stopped_itself:
        why = f"it stopped itself: {view.stopped_itself}"
    return replace(rule, found=why, until=None)


def _next_at(
    policy: Policy, call: Standing, rules: Iterable[RuleFinding], now: float
) -> float | None:
    """Return the next instant at which it may be called; None if it is not called any more."""
    if call.state is not CallState.PENDING:
        return None
    waits = [rule.until for rule in rules if rule.until is not None]
    found = opening(policy, call.contact, max([now, call.due_at or now, *waits]))
    if found.reason is not None or any(rule.reason for rule in rules if not rule.passes):
        return None
    return found.at


# A file's -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FileRow:
    """A row of a file."""

    number: int  #: from 1, as a campaign counts them
    row: Row
    first: Original | None  #: the row that it repeats, if it is a duplicate


def find_row(checked: CheckedCampaign, path: Path, who: str) -> FileRow:
    """Return a contact of a file with its place in it.

    `who` is what `explain` takes. Raises CampaignError if the file does not have the contact.
    """
    known_as = set(spellings(who, checked.policy.default_region or None))
    place, search = place_of(who), Search(who)
    number, named = 0, None
    for number, row in enumerate(checked.rows(), start=1):
        contact = row.contact
        names = {contact.contact_id, contact.party, contact.address}
        if number == place if place is not None else known_as & names:
            named = number
            break
        search.look(number, row.line, contact)
    if named is None and place is not None:
        text = f"there is no contact {shown(who)}: there are {number:,}, and #1 is the first"
        raise refusal(str(path), text, code="nobody")
    named = named or search.found()
    if named is None:
        raise refusal(str(path), search.miss(), code="nobody")
    return _judged(checked, named)


def _judged(checked: CheckedCampaign, wanted: int) -> FileRow:
    """Return a row with the one that it repeats."""
    judged = Duplicates(checked.chunks()).judged(checked.chunks())
    row, first = next(islice(judged, wanted - 1, None))
    if first is None or row.reason is not None:
        return FileRow(wanted, row, None)
    one = next(islice(checked.rows(), first.row - 1, None))
    return FileRow(wanted, row, Original(first.row, first.line, one.contact, first.shares_id))


def explain_row(ledger: Ledger, policy: Policy, path: Path, found: FileRow) -> Explanation:
    """Explain a row of a file that is not submitted yet."""
    row, original = found.row, found.first
    contact, now = row.contact, time.time()
    rules = _rules_of_time(policy, contact, now)
    if row.reason is not None:
        rules.insert(0, RuleFinding("row", row.error, False, reason=row.reason))
    if original is not None:
        rules.insert(0, RuleFinding("row", original.description, False, reason=Reason.DUPLICATE))
    rules.append(_do_not_call(ledger, contact, policy))
    first = opening(policy, contact, now)
    is_never = any(rule.reason for rule in rules) or first.at == math.inf
    next_at = None if is_never else first.at
    place = (found.number, row.line)
    zones = zones_of(contact, policy)
    return Explanation(
        contact, *place, tuple(rules), next_at, str(path), original=original, zones=zones
    )


def _do_not_call(ledger: Ledger, contact: Contact, policy: Policy) -> RuleFinding:
    found = _listed(ledger, contact, policy)
    if found is None:
        return RuleFinding("do_not_call", "not on the list", True)
    return RuleFinding("do_not_call", found, False, reason="do_not_call")


def _listed(ledger: Ledger, contact: Contact, policy: Policy) -> str | None:
    """Return which entry bars a contact, since when and why, in words; None if none does."""
    for address in (contact.address, *explanation.transfers_of(policy, contact)):
        if barred := do_not_call.barred(ledger, address):
            entry, listing = barred
            since = "" if listing.since is None else f" since {_instant(listing.since)}"
            text = f"{do_not_call.shown(entry)} is on the list{since}: {listing.why}"
            return text if address == contact.address else f"it may be transferred: {text}"
    return None


def _instant(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


# Either's -----------------------------------------------------------------------------------------


def _rules_of_time(policy: Policy, contact: Contact, now: float) -> list[RuleFinding]:
    """Return what the rules about time find, and whether the contact can ever be called."""
    found = opening(policy, contact, now)
    rules = [
        RuleFinding(one.rule, one.found, one.passes, None if one.passes else one.until)
        for one in verdicts(policy, contact, now)
    ]
    if found.reason is not None:
        rules.append(RuleFinding("opening", "no opening is left", False, reason=found.reason))
    return rules
