"""How `explain` shows what the rules find of a contact, and what comes next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from scheduler.cli import console
from scheduler.cli.orders import instant
from scheduler.cli.suggested import suggested
from scheduler.fields.contact_label import label_of
from scheduler.ledger.explanation import RuleFinding, Standing
from scheduler.ledger.live_calls import standing
from scheduler.models import CallState
from scheduler.operations.explain import Explanation


def show(explanation: Explanation) -> None:
    """Show whom it is about, where the call stands, each rule, each attempt, and what comes."""
    label = label_of(explanation.as_record(), explanation.row)
    console.out.print(f"{label} in {explanation.source}, line {explanation.line}", markup=False)
    if explanation.call is not None:
        _show_state(explanation.call)
    rows = [(rule.rule, _verdict(rule), rule.said) for rule in explanation.rules]
    console.out.print(console.table("", ("rule", "verdict", "found"), rows), markup=False)
    if explanation.call is not None and explanation.call.attempts:
        columns = ("attempt", "begun", "answered", "ended", "as")
        table = console.table("", columns, map(_attempt, explanation.call.attempts))
        console.out.print("")
        console.out.print(table, markup=False)
        _show_answers(explanation.call.attempts)
    if (coming := _what_comes(explanation)) is not None:
        console.out.print("")
        console.out.print(coming, markup=False)


def _show_answers(attempts: Iterable[Mapping[str, Any]]) -> None:
    rows = [
        (str(attempt["number"]), step, keys or "(nothing)")
        for attempt in attempts
        for step, keys in attempt.get("answers", {}).items()
    ]
    if rows:
        console.out.print("")
        table = console.table("", ("attempt", "asked at step", "pressed"), rows)
        console.out.print(table, markup=False)


#: Of a call that is placed, and that nobody has answered yet.
_STANDING = {
    "queued": "queued: it waits in the provider's own queue, and no phone rings yet",
    "ringing": "ringing: it is placed, and nobody has answered yet",
}


def _show_state(call: Standing) -> None:
    ended = ": ".join(filter(None, (call.disposition, call.reason)))
    stage = call.attempts[-1].get("stage", "") if call.attempts else ""
    stands = _STANDING.get(standing(call.state, stage), call.state)
    console.out.print(" ".join(filter(None, (stands, ended))), markup=False)
    if call.error:
        console.out.print(call.error, markup=False)


def _what_comes(explanation: Explanation) -> str | None:
    """Say when it may be called; None for a call that has had its turn."""
    if explanation.next_at is not None:
        return f"it may be called from {instant(explanation.next_at)} on"
    if explanation.call is not None and explanation.call.state is not CallState.PENDING:
        return None
    if explanation.is_held:
        return f"it is held; `{suggested('resume', explanation.source)}` resumes it"
    return "it is not called"


def _verdict(rule: RuleFinding) -> str:
    if rule.passes:
        return "passes"
    if rule.until is not None:
        return f"waits until {instant(rule.until)}"
    return f"ends it: {rule.reason}" if rule.reason else "forbids it"


def _attempt(attempt: Mapping[str, Any]) -> tuple[str, ...]:
    ended = ": ".join(filter(None, (attempt.get("disposition"), attempt.get("reason"))))
    # Where the callee answers later than the provider, that is the answer.
    answered = "answered_at" if "stage" in attempt else "started_at"
    instants = (attempt.get(name) for name in ("begun_at", answered, "over_at"))
    return str(attempt["number"]), *(instant(float(at)) if at else "-" for at in instants), ended
