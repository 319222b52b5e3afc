"""Why a contact was or was not called: every rule with its verdict, and what comes next.

`explain` looks at a call of a campaign. Of a file, before anything is submitted, `find_row` says
which row is meant, and `explain_row` what the rules find of it now. Nothing here changes anything.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scheduler.campaign.checked import CheckedCampaign
from scheduler.errors import refusal
from scheduler.fields.parties import spellings
from scheduler.hours.openings import opening, verdicts
from scheduler.ledger import do_not_call, explanation, views
from scheduler.ledger.explanation import RuleFinding, Standing
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import CampaignView
from scheduler.masking import shown
from scheduler.models import CallState, CampaignState, Contact, Policy, Row


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the rules find of a contact, and when it may be called."""

    contact: Contact
    row: int  #: from 1, as a campaign counts them
    line: int  #: of the file
    rules: tuple[RuleFinding, ...]
    next_at: float | None  #: from when on it may be called; None: it is not, or is held
    source: str  #: the campaign's id, or the path of the file
    call: Standing | None = None  #: where its call stands; None of a file
    is_held: bool = False  #: whether somebody has to say before the campaign goes on

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON has it: of a file it has no more than the rules."""
        whom = {
            "row": self.row,
            "contact_id": self.contact.contact_id,
            "phone_number": self.contact.phone_number or None,
            "sip_uri": self.contact.sip_uri or None,
            "dtmf": self.contact.dtmf,
        }
        rules = {"rules": [_as_record(rule) for rule in self.rules]}
        if (call := self.call) is None:
            return (
                whom | {"file": self.source, "line": self.line} | rules | {"next_at": self.next_at}
            )
        return {
            **whom,
            "campaign_id": self.source,
            "line": self.line,
            "state": call.state,
            "disposition": call.disposition or None,
            "reason": call.reason or None,
            "error": call.error or None,
            **rules,
            "attempts": list(call.attempts),
            "due_at": call.due_at,
            "next_at": self.next_at,
            "held": self.is_held,
        }


def _as_record(rule: RuleFinding) -> dict[str, Any]:
    return {
        "rule": rule.rule,
        "passes": rule.passes,
        "found": rule.said,
        "until": rule.until,
        "reason": rule.reason,
    }


# A campaign's -------------------------------------------------------------------------------------


def explain(ledger: Ledger, campaign_id: str, contact: str) -> Explanation:
    """Say why a contact of a campaign was or was not called, and when it may be.

    The contact is named by its id, its number or address, or as `#12`, which is the twelfth. Raises
    LedgerError when there is no such campaign, or no such contact in it.
    """
    view = views.campaign(ledger, campaign_id)
    call = explanation.standing(ledger, campaign_id, views.find_row(ledger, campaign_id, contact))
    now, decided = explanation.explain(ledger, campaign_id, call.row)
    rules = _rules_of_time(view.policy, call.contact, now)
    rules += [_without_end(rule, view) for rule in decided]
    if call.state is not CallState.PENDING:
        # They forbid the next call, and there is none.
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
    )


def _is_held(view: CampaignView) -> bool:
    return view.state is CampaignState.PAUSED and not view.cancelled_by


def _without_end(rule: RuleFinding, view: CampaignView) -> RuleFinding:
    """Say of a pause who made it or why, and that no instant is its end."""
    if rule.rule != "campaign" or not _is_held(view):
        return rule
    why = f"paused by {view.paused_by}" if view.paused_by else "paused"
    if view.stopped_itself:
        why = f"it stopped itself: {view.stopped_itself}"
    return replace(rule, said=why, until=None)


def _next_at(
    policy: Policy, call: Standing, rules: Iterable[RuleFinding], now: float
) -> float | None:
    """Return the next instant at which it may be called; None when it is not called any more."""
    if call.state is not CallState.PENDING:
        return None
    waits = [rule.until for rule in rules if rule.until is not None]
    found = opening(policy, call.contact, max([now, call.due_at or now, *waits]))
    if found.reason is not None or any(rule.reason for rule in rules if not rule.passes):
        return None
    return found.at


# A file's -----------------------------------------------------------------------------------------


def find_row(checked: CheckedCampaign, path: Path, contact: str) -> tuple[int, Row]:
    """Return a contact of a file with its place in it, counted as a campaign does: from 1.

    It is named as for `explain`. Raises CampaignError when the file does not have the contact.
    """
    known_as = set(spellings(contact, checked.policy.default_region or None))
    place = int(contact[1:]) if re.fullmatch(r"#\d{1,10}", contact) else None
    number = 0
    for number, row in enumerate(checked.rows(), start=1):
        names = {row.contact.contact_id, row.contact.party, row.contact.address}
        if number == place if place is not None else known_as & names:
            return number, row
    there = f": there are {number:,}, and #1 is the first" if place is not None else ""
    raise refusal(str(path), f"there is no contact {shown(contact)}{there}", code="nobody")


def explain_row(ledger: Ledger, policy: Policy, path: Path, number: int, row: Row) -> Explanation:
    """Say what the rules find now of a row of a file, before anything of it is submitted."""
    contact, now = row.contact, time.time()
    rules = _rules_of_time(policy, contact, now)
    if row.reason is not None:
        rules.insert(0, RuleFinding("row", row.error, False, reason=row.reason))
    rules.append(_do_not_call(ledger, contact, policy))
    first = opening(policy, contact, now)
    is_never = any(rule.reason for rule in rules) or first.at == math.inf
    next_at = None if is_never else first.at
    return Explanation(contact, number, row.line, tuple(rules), next_at, str(path))


def _do_not_call(ledger: Ledger, contact: Contact, policy: Policy) -> RuleFinding:
    for address in (contact.address, *explanation.transfers_of(policy, contact)):
        if listed := do_not_call.barred(ledger, address):
            found = f"{listed[0]} is on the list"
            if address != contact.address:
                found = f"it may be transferred to {listed[0]}, which is on the list"
            return RuleFinding("do_not_call", found, False, reason="do_not_call")
    return RuleFinding("do_not_call", "not on the list", True)


# Either's -----------------------------------------------------------------------------------------


def _rules_of_time(policy: Policy, contact: Contact, now: float) -> list[RuleFinding]:
    """Return what the hours say, and whether there is an end to it."""
    found = opening(policy, contact, now)
    rules = [
        RuleFinding(one.rule, one.said, one.passes, None if one.passes else one.until)
        for one in verdicts(policy, contact, now)
    ]
    if found.reason is not None:
        rules.append(RuleFinding("opening", "no opening is left", False, reason=found.reason))
    return rules
