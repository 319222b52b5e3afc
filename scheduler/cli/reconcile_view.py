"""Asks before `reconcile` settles calls, and shows what is known about unknown calls."""

from __future__ import annotations

import time
from collections.abc import Sequence

from scheduler.cli import console, questions
from scheduler.cli.suggested import suggested
from scheduler.fields.counts import counted
from scheduler.ledger.unknowns import Resolution
from scheduler.models import Reason
from scheduler.operations.reconcile import Case, Inquiry, Outcome

_WORDS = {
    Outcome.NOT_LOOKED_UP: "unknown",
    Outcome.NOT_FOUND: "not found: that proves nothing",
    Outcome.FOUND: "found: it was placed",
    Outcome.KNOWN: "found before: it was placed",
    Outcome.CANDIDATES: "calls of the account may be it",
    Outcome.PROVEN: "its conversation proves that it was placed",
    Outcome.STALE: "no longer unknown",
}
_SETTLED = {
    Resolution.PLACED: "settled: it was placed, and is not dialled again",
    Resolution.NOT_PLACED: "settled: it was not placed",
    Resolution.REDIAL: "settled: it was not placed, and is due now",
}


def say_reading(waiting: int) -> None:
    """Say that the command reads conversations, which takes a while."""
    console.say(f"reading what was said in {counted(waiting, 'conversation')} …")


def confirm(cases: Sequence[Case], verdict: Resolution) -> None:
    """On a terminal, ask before calls are settled as not placed; elsewhere never."""
    if verdict is Resolution.PLACED or not cases or not console.may_ask():
        return
    live = sum((case.call.held_until or 0.0) > time.time() for case in cases)
    if live:
        console.say(f"{live} of them may still be live: their conversations may come yet")
    done = "call them again?" if verdict is Resolution.REDIAL else "count them as not called?"
    questions.confirm(
        f"No phone rang for {counted(len(cases), 'contact')}: {done}", "nothing was settled"
    )


def show(inquiry: Inquiry, *, json: bool) -> None:
    """Show what is known about each call, what went wrong, and what the user can do next."""
    if json:
        console.emit(inquiry.as_record())
    elif inquiry.cases:
        columns = ("contact", "attempt", "conversation", "what is known")
        rows = (_row(inquiry, case) for case in inquiry.cases)
        console.out.print(console.table("", columns, rows))
    elif not inquiry.errors:
        campaign_id = inquiry.campaign.campaign_id
        console.out.print(f"campaign {campaign_id} has no unknown calls", markup=False)
    for problem in inquiry.errors:
        console.fail(problem)
    _advise(inquiry)


def _row(inquiry: Inquiry, case: Case) -> tuple[str, int, str, str]:
    verdict = inquiry.verdict if case.outcome is Outcome.SETTLED else None
    known = _SETTLED[verdict] if verdict else _WORDS[case.outcome]
    if case.outcome is Outcome.NOT_LOOKED_UP and case.call.reason == Reason.PLACED:
        known = "settled before: it was placed"
    if case.candidates:
        known += f": one of {', '.join(case.candidates)}"
    if case.is_live:
        known += "; it may still be live: repeat the command later to read it"
    return case.label, case.call.attempt.number, case.conversation_id, known


def _advise(inquiry: Inquiry) -> None:
    campaign_id = inquiry.campaign.campaign_id
    if inquiry.verdict is Resolution.REDIAL and inquiry.count(Outcome.SETTLED):
        console.say("a worker dials them: one of a pool, or the same `run` again")
    elif inquiry.count(Outcome.CANDIDATES):
        attach = suggested("reconcile", campaign_id, "CONTACT", "--attach", "CALL")
        console.say(f"say which call it is: `{attach}`; --end CALL ends one")
    elif inquiry.verdict is None and inquiry.count(Outcome.NOT_FOUND, Outcome.NOT_LOOKED_UP):
        console.say(
            f"if you know what became of the others, say so:"
            f" `{suggested('reconcile', campaign_id, 'CONTACT', '--placed')}`, or --not-placed, or"
            " --not-placed --redial"
        )
