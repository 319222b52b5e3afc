"""Shows what the rules find for a contact, and what comes next."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from scheduler.cli import console, late_view
from scheduler.cli.orders import instant
from scheduler.cli.suggested import suggested
from scheduler.fields.contact_label import label_of
from scheduler.heard import in_words
from scheduler.hours import reader
from scheduler.ledger.explanation import RuleFinding, Standing
from scheduler.ledger.live_calls import standing
from scheduler.masking import mask_text
from scheduler.models import CallState
from scheduler.operations.explain import Explanation

_NEXT = "the rules as they would be for another call now; this call goes on:"
#: Which call the rules are about, if it is not the one that is shown.
_AS_OF = {
    CallState.ENDED: "the rules as they are now, not when the call ended:",
    CallState.DIALING: _NEXT,
    CallState.CONNECTED: _NEXT,
    CallState.STOPPING: "the rules as they would be for another call now; this call is ending:",
}


def show(explanation: Explanation, lack: str = "") -> None:
    """Show the contact, the state of its call, each rule, each attempt, and what comes next."""
    label, call = label_of(explanation.as_record(), explanation.row), explanation.call
    console.out.print(f"{label} in {explanation.source}, line {explanation.line}")
    if call is not None:
        _show_state(call)
    for line in _whence(explanation):
        console.out.print(line)
    rows = [(rule.rule, _verdict(rule), _in_one_zone(rule.found)) for rule in explanation.rules]
    title = _AS_OF.get(call.state, "") if call is not None else ""
    console.out.print(console.table(title, ("rule", "verdict", "why"), rows))
    if call is not None and call.attempts:
        tells_answers = any("stage" in attempt for attempt in call.attempts)
        columns = ("attempt", "begun", "placed", *(("answered",) * tells_answers), "ended", "as")
        attempts = [_attempt(each, tells_answers=tells_answers) for each in call.attempts]
        console.out.print("")
        console.out.print(console.table("", columns, attempts, sheds=("placed", "answered")))
        for line in late_view.of_attempts(call.attempts):
            console.out.print(line)
        _show_answers(call.attempts)
        if heard := in_words(explanation.callee):
            console.out.print("")
            console.out.print(f"heard: {heard}")
    if (coming := _what_comes(explanation, lack)) is not None:
        console.out.print("")
        console.out.print(coming)


#: An operator's orders, as recorded -> in words.
_DONE = {
    "pause": "paused",
    "cancel": "the rest of the campaign was cancelled",
    "abort": "the campaign was aborted",
    "interrupt": "the run was interrupted",
    "stop": "the call was stopped",
}


def _whence(explanation: Explanation) -> Iterator[str]:
    """Say of which row it is a duplicate, and by which order it waits or has ended."""
    if (original := explanation.original) is not None and explanation.call is not None:
        yield original.description
    if (order := explanation.order) is not None:
        note = f": {order.note}" if order.note else ""
        what = _DONE.get(order.what, order.what)
        yield f"{what} by {order.who} at {instant(order.at)}{note}"


#: How rules write an instant.
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def _in_one_zone(text: str) -> str:
    """Write the instants of a rule in this machine's zone, like all others."""
    text = mask_text(text)
    return _INSTANT.sub(lambda found: instant(datetime.fromisoformat(found[0]).timestamp()), text)


def _show_answers(attempts: Iterable[Mapping[str, Any]]) -> None:
    rows = [
        (str(attempt["number"]), step, keys or "(nothing)")
        for attempt in attempts
        for step, keys in attempt.get("answers", {}).items()
    ]
    if rows:
        console.out.print("")
        console.out.print(console.table("", ("attempt", "asked at step", "pressed"), rows))


#: For a placed call that nobody has answered yet.
_STANDING = {
    "queued": "queued: it waits in the provider's own queue, and no phone rings yet",
    "ringing": "ringing: it is placed, and nobody has answered yet",
}


def _show_state(call: Standing) -> None:
    ended = ": ".join(filter(None, (call.disposition, call.reason)))
    stage = call.attempts[-1].get("stage", "") if call.attempts else ""
    stands = _STANDING.get(standing(call.state, stage), call.state)
    at = f", at {instant(call.ended_at)}" if call.ended_at and not call.attempts else ""
    console.out.print(" ".join(filter(None, (stands, ended))) + at)
    if call.error:
        console.out.print(mask_text(call.error))


def _what_comes(explanation: Explanation, lack: str) -> str | None:
    """Say when the contact may be called; None if its call was dialled already.

    `lack` says that nobody dials its campaign, and what to do.
    """
    if explanation.next_at is not None:
        there = reader.elsewhere(explanation.next_at, explanation.zones)
        begins = f"it may be called from {instant(explanation.next_at)}{there} on"
        return f"{begins}, but {lack}" if lack else begins
    if explanation.call is not None and explanation.call.state is not CallState.PENDING:
        return None
    if explanation.is_held and lack:
        return lack
    if explanation.is_held:
        return f"the campaign is paused; `{suggested('resume', explanation.source)}` continues it"
    return "it will not be called"


def _verdict(rule: RuleFinding) -> str:
    if rule.passes:
        return "allowed"
    if rule.until is not None:
        return f"waits until {instant(rule.until)}"
    return f"blocked: {rule.reason}" if rule.reason else "blocked"


def _attempt(attempt: Mapping[str, Any], *, tells_answers: bool) -> tuple[str, ...]:
    ended = ": ".join(filter(None, (attempt.get("disposition"), attempt.get("reason"))))
    # That the provider accepted the call says nothing about the callee; some report that as well.
    answered = ("answered_at",) if tells_answers else ()
    instants = (attempt.get(name) for name in ("begun_at", "started_at", *answered, "over_at"))
    return str(attempt["number"]), *(instant(float(at)) if at else "-" for at in instants), ended
