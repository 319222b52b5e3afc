"""What `dnc add` says about live and waiting calls to the numbers that it adds."""

from __future__ import annotations

from collections.abc import Sequence

from scheduler.cli import console
from scheduler.cli.endings_view import TerminalReporter, say_endings
from scheduler.cli.suggested import suggested
from scheduler.fields.counts import counted
from scheduler.ledger.ledger import Control, Ledger
from scheduler.operations import complaint
from scheduler.operations.complaint import Found, HungUp, LiveTo, WaitsIn

#: How many campaigns and calls are named.
_NAMED = 10


def hang_up(ledger: Ledger, found: Found, control: Control) -> HungUp:
    """End the live calls, and wait until their ends are confirmed."""
    if found.certain:
        console.say(f"ending {counted(len(found.certain), 'live call')} …")
    return complaint.hang_up(ledger, found.certain, control, TerminalReporter())


def show(entries: Sequence[str], found: Found, hung_up: HungUp | None) -> None:
    """Say what is live, what ended, and in how many campaigns calls wait."""
    if hung_up is not None:
        _show_ends(found, hung_up)
    elif found.certain:
        calls = counted(len(found.certain), "call is live", "calls are live")
        console.warn(f"{calls}: {_named(found.certain)}")
        console.say(f"end it: {suggested('dnc', 'add', *entries[:_NAMED], '--hang-up')}")
    for each in found.doubtful:
        reconcile = suggested("reconcile", each.attempt.campaign_id)
        console.warn(
            f"a phone may still ring: nobody knows how the call to {_named([each])} ended; see"
            f" {reconcile}"
        )
    if found.waits is not None:
        console.out.print(_waiting(found.waits))


def _show_ends(found: Found, hung_up: HungUp) -> None:
    if not found.certain:
        console.out.print("no call is live")
    say_endings(hung_up.endings)
    if hung_up.left:
        console.fail(
            f"the end of {counted(hung_up.left, 'call')} is not confirmed yet; workers repeat the"
            " stop until it is"
        )


def _named(calls: Sequence[LiveTo]) -> str:
    named = [f"{each.label} of campaign {each.attempt.campaign_id}" for each in calls[:_NAMED]]
    rest = len(calls) - _NAMED
    return ", ".join([*named, f"and {rest:,} more"] if rest > 0 else named)


def _waiting(waits: Sequence[WaitsIn]) -> str:
    if not waits:
        return "no campaign waits to call"
    campaigns = counted(len(waits), "campaign waits", "campaigns wait")
    named = ", ".join(
        f"{each.campaign_id} ({counted(each.calls, 'call')})" for each in waits[:_NAMED]
    )
    rest = f" and {len(waits) - _NAMED:,} more" if len(waits) > _NAMED else ""
    return f"{campaigns} to call, and will skip it: {named}{rest}"
