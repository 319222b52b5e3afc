"""`callsched explain`: every rule with its value and verdict, for one contact."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from scheduler.campaign.file.problems import refusal
from scheduler.campaign.file.xlsx import file_of
from scheduler.campaign.reading import Reading
from scheduler.cli import campaigns, console, options
from scheduler.cli.access import opened_ledger
from scheduler.cli.orders import instant
from scheduler.fields.contact_label import label_of
from scheduler.fields.parties import spellings
from scheduler.hours.openings import opening, verdicts
from scheduler.ledger.do_not_call import barred
from scheduler.ledger.explaining import Found, Standing, standing
from scheduler.ledger.explaining import explain as found_in_ledger
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.reading import CampaignView, campaign_view, find_row
from scheduler.masking import shown
from scheduler.models import CallState, CampaignState, Contact, Policy, Row
from scheduler.settings import settings


def explain(
    campaign: Annotated[
        str, typer.Argument(metavar="ID|FILE", help="A campaign's id, or a campaign file.")
    ],
    contact: options.SomeContact,
    encoding: options.Encoding = "utf-8",
    json: options.Json = False,
) -> None:
    """Say why a contact was or was not called: every rule, every attempt, and what comes next.

    Of a file it says what the rules find now, before anything is submitted. Nothing is changed, and
    nobody is called.

    Example: `callsched explain nightly-2026-11-22 +12025550143`
    """
    path = Path(campaign)
    if path.suffix and file_of(path).is_file():
        record = _of_file(path, contact, encoding)
    else:
        with opened_ledger() as ledger:
            record = _of_campaign(ledger, campaign, contact)
    if json:
        console.emit(record)
    else:
        _show(record)


def _of_campaign(ledger: Ledger, campaign_id: str, who: str) -> dict[str, Any]:
    view = campaign_view(ledger, campaign_id)
    call = standing(ledger, campaign_id, find_row(ledger, campaign_id, who))
    now, decided = found_in_ledger(ledger, campaign_id, call.row)
    rules = _rules_of_time(view.policy, call.contact, now)
    rules += [_without_end(one, view) for one in decided]
    if call.state is not CallState.PENDING:
        # They forbid the next call, and there is none.
        rules = [one for one in rules if one.rule != "campaign"]
    return {
        **_whom(call.contact, call.row),
        "campaign_id": campaign_id,
        "line": call.line,
        "state": call.state,
        "disposition": call.disposition or None,
        "reason": call.reason or None,
        "error": call.error or None,
        "rules": [_as_record(one) for one in rules],
        "attempts": list(call.attempts),
        "due_at": call.due_at,
        "next_at": None if _is_held(view) else _next_at(view.policy, call, rules, now),
        "held": _is_held(view),
    }


def _is_held(view: CampaignView) -> bool:
    """Whether somebody has to say before the campaign goes on."""
    return view.state is CampaignState.PAUSED and not view.cancelled_by


def _without_end(rule: Found, view: CampaignView) -> Found:
    """Say of a pause who made it or why, and that no instant is its end."""
    if rule.rule != "campaign" or not _is_held(view):
        return rule
    why = f"paused by {view.paused_by}" if view.paused_by else "paused"
    if view.stopped_itself:
        why = f"it stopped itself: {view.stopped_itself}"
    return replace(rule, said=why, until=None)


def _of_file(path: Path, who: str, encoding: str) -> dict[str, Any]:
    with campaigns.check(path, settings(), Reading(encoding)) as checked:
        policy = checked.policy
        known_as = set(spellings(who, policy.default_region or None))
        number, row = _row(checked.rows(), known_as, who, path)
    now = time.time()
    rules = _rules_of_time(policy, row.contact, now)
    if row.reason is not None:
        rules.insert(0, Found("row", row.error, False, reason=row.reason))
    with opened_ledger() as ledger:
        listed = barred(ledger, row.contact.address)
    found = "not on the list" if listed is None else f"{listed[0]} is on the list"
    reason = "" if listed is None else "do_not_call"
    rules.append(Found("do_not_call", found, listed is None, reason=reason))
    ends = any(one.reason for one in rules)
    first = opening(policy, row.contact, now)
    return {
        **_whom(row.contact, number),
        "file": str(path),
        "line": row.line,
        "rules": [_as_record(one) for one in rules],
        "next_at": None if ends or first.at == math.inf else first.at,
    }


def _row(rows: Iterable[Row], known_as: set[str], who: str, path: Path) -> tuple[int, Row]:
    """Return a contact with its place in the file, as a campaign counts rows: `#1` is the first."""
    place = int(who[1:]) if re.fullmatch(r"#\d{1,10}", who) else None
    number = 0
    for number, row in enumerate(rows, start=1):
        contact = row.contact
        names = {contact.contact_id, contact.party, contact.address}
        if number == place if place is not None else known_as & names:
            return number, row
    there = f": there are {number:,}, and #1 is the first" if place is not None else ""
    raise refusal(str(path), f"there is no contact {shown(who)}{there}", code="nobody")


def _whom(contact: Contact, row: int) -> dict[str, Any]:
    return {
        "row": row,
        "contact_id": contact.contact_id,
        "phone_number": contact.phone_number or None,
        "sip_uri": contact.sip_uri or None,
        "dtmf": contact.dtmf,
    }


def _rules_of_time(policy: Policy, contact: Contact, now: float) -> list[Found]:
    """Return what the hours say, and whether there is an end to it."""
    found = opening(policy, contact, now)
    said = [
        Found(one.rule, one.said, one.passes, None if one.passes else one.until)
        for one in verdicts(policy, contact, now)
    ]
    if found.reason is not None:
        said.append(Found("opening", "no opening is left", False, reason=found.reason))
    return said


def _next_at(policy: Policy, call: Standing, rules: Iterable[Found], now: float) -> float | None:
    """Return the next instant at which it may be called; None when it is not called any more."""
    if call.state is not CallState.PENDING:
        return None
    waits = [one.until for one in rules if one.until is not None]
    found = opening(policy, call.contact, max([now, call.due_at or now, *waits]))
    if found.reason is not None or any(one.reason for one in rules if not one.passes):
        return None
    return found.at


def _as_record(rule: Found) -> dict[str, Any]:
    return {
        "rule": rule.rule,
        "passes": rule.passes,
        "found": rule.said,
        "until": rule.until,
        "reason": rule.reason,
    }


def _show(record: dict[str, Any]) -> None:
    label = label_of(record, record["row"])
    where = record.get("campaign_id") or record["file"]
    console.out.print(f"{label} in {where}, line {record['line']}", markup=False)
    if "state" in record:
        ended = ": ".join(filter(None, (record["disposition"], record["reason"])))
        console.out.print(" ".join(filter(None, (record["state"], ended))), markup=False)
    if record.get("error"):
        console.out.print(record["error"], markup=False)
    rows = [(one["rule"], _verdict(one), one["found"]) for one in record["rules"]]
    console.out.print(console.table("", ("rule", "verdict", "found"), rows), markup=False)
    if record.get("attempts"):
        columns = ("attempt", "begun", "answered", "ended", "as")
        table = console.table("", columns, map(_attempt, record["attempts"]))
        console.out.print("")
        console.out.print(table, markup=False)
    if (left := _what_comes(record)) is not None:
        console.out.print("")
        console.out.print(left, markup=False)


def _what_comes(record: dict[str, Any]) -> str | None:
    """Say when it may be called; None for a call that has had its turn."""
    if record["next_at"] is not None:
        return f"it may be called from {instant(record['next_at'])} on"
    if record.get("held") and record["state"] == CallState.PENDING:
        again = f"callsched resume {record['campaign_id']}"
        return f"it is not called before somebody says {again}"
    return "it is not called" if record.get("state") in (None, CallState.PENDING) else None


def _verdict(rule: dict[str, Any]) -> str:
    if rule["passes"]:
        return "passes"
    if rule["until"] is not None:
        return f"waits until {instant(rule['until'])}"
    return f"ends it: {rule['reason']}" if rule["reason"] else "forbids it"


def _attempt(attempt: dict[str, Any]) -> tuple[str, ...]:
    ended = ": ".join(filter(None, (attempt.get("disposition"), attempt.get("reason"))))
    instants = (attempt.get(name) for name in ("begun_at", "started_at", "over_at"))
    return str(attempt["number"]), *(instant(float(at)) if at else "-" for at in instants), ended
