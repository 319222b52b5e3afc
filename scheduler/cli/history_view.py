"""Shows when a number was called, and by which campaigns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from scheduler.cli import console
from scheduler.cli.dnc_view import verdict
from scheduler.cli.orders import instant
from scheduler.cli.suggested import suggested
from scheduler.fields.counts import counted
from scheduler.operations.history import Called, History

_COLUMNS = ("when", "campaign", "contact", "account", "from", "lasted", "ended as")
#: Columns that a narrow screen leaves out, in this order.
_SHEDS = ("lasted", "from", "account", "contact")
#: How many campaigns are named whose contacts the ledger no longer has.
_NAMED = 20


def show(history: History) -> None:
    """Show each attempt on a line, then waiting calls, the list entry, and what is not known."""
    attempts = sum(len(each.attempts) for each in history.calls)
    campaigns = counted(len({each.campaign_id for each in history.calls}), "campaign")
    times = f"dialled {counted(attempts, 'time')}" if attempts else "never dialled"
    where = f", in {campaigns}" if history.calls else ""
    console.out.print(f"{history.address}: {times}{where}")
    rows = [row for each in history.calls for row in _rows(each)]
    if rows:
        console.out.print(console.table("", _COLUMNS, rows, sheds=_SHEDS))
    console.out.print(f"do-not-call list: {verdict(history.address, history.listed)}")
    for each in history.removals:
        note = f": {each.note}" if each.note else ""
        console.out.print(
            f"taken off the list at {instant(each.at)} by {each.who}{note} ({each.shown})"
        )
    _show_gone(history)


def _rows(call: Called) -> Iterator[tuple[str, ...]]:
    contact = call.record.get("contact_id") or ""
    call_cells = (call.campaign_id, f"#{call.row} {contact}".strip(), call.account)
    for each in call.attempts:
        ended = _end(each) or str(call.record["state"])
        caller = each["caller_id"] or ""
        yield (
            _instant(each["begun_at"] or each["started_at"]),
            *call_cells,
            caller,
            _lasted(each),
            ended,
        )
    if call.waits:
        due = f"not before {instant(call.due_at)}" if call.due_at is not None else ""
        yield (due, *call_cells, "", "", "waits")
    elif not call.attempts:
        yield (
            _instant(call.record.get("ended_at")),
            *call_cells,
            "",
            "",
            f"{_end(call.record)}, not dialled",
        )


def _end(record: Mapping[str, Any]) -> str:
    reason = f": {record['reason']}" if record["reason"] else ""
    return f"{record['disposition']}{reason}" if record["disposition"] else ""


def _lasted(attempt: Mapping[str, Any]) -> str:
    began_at = attempt["answered_at"] or attempt["started_at"]
    if began_at is None or attempt["ended_at"] is None:
        return ""
    return f"{max(0.0, attempt['ended_at'] - began_at):.1f} s"


def _instant(at: float | None) -> str:
    return "" if at is None else instant(at)


def _show_gone(history: History) -> None:
    for each in history.gone[:_NAMED]:
        where = f"row {each.attempt.row} of campaign {each.attempt.campaign_id}"
        console.out.print(f"{instant(each.at)}  {where}, whose contacts are no longer kept")
    if len(history.gone) > _NAMED:
        console.out.print(f"… and {len(history.gone) - _NAMED:,} more of such campaigns")
    if history.archived:
        campaigns = counted(history.archived, "campaign keeps", "campaigns keep")
        command = suggested("history", history.address, "--archived", "FOLDER")
        console.say(
            f"{campaigns} no contacts any more; if they were archived, look there as"
            f" well: {command}"
        )
