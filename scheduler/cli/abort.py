"""`callsched abort`: cancel the rest of a campaign, and end its live calls at once."""

from __future__ import annotations

import typer

from scheduler.cli import console, options, orders
from scheduler.cli.access import changed_ledger
from scheduler.cli.endings_view import TerminalReporter, say_endings
from scheduler.cli.orders_view import cancelled, record_of, say_none
from scheduler.cli.questions import confirm_halt
from scheduler.fields.counts import counted
from scheduler.models import CampaignState
from scheduler.operations import controls
from scheduler.operations.orders import chosen


def abort(
    ids: options.SomeIds = None,
    every: options.EveryCampaign = False,
    note: options.Note = "",
    yes: options.YesAnyway = False,
    json: options.Json = False,
) -> None:
    """Cancel all remaining calls of campaigns permanently, and end their live calls now.

    Calls whose start is answered only now are ended, too. The command waits until each end is
    confirmed, and shows how each live call ended. Workers send the stops: the command says so when
    none runs.

    Exit codes: 0 every call has ended; 1 some ends are not confirmed yet; their stops are on
    record.

    Example: `callsched abort nightly-2026-11-22 --yes`
    """
    orders.expect_chosen(ids, every=every)
    with changed_ledger() as ledger:
        before, control = chosen(ledger, ids), orders.given(note)
        if not yes:
            confirm_halt(before, "Abort?", live="will be ended now")
        aborted = controls.abort(ledger, before, control, console.counting, TerminalReporter())
    if json:
        calls = [ending.as_record() for ending in aborted.endings]
        console.emit(record_of(aborted.campaigns, ids, calls=calls, left=aborted.left))
    else:
        _show(aborted)
    if aborted.left:
        raise typer.Exit(1)


def _show(aborted: controls.Aborted) -> None:
    for view in aborted.campaigns:
        state = view.state if view.state is CampaignState.FINISHED else "aborted"
        console.out.print(
            f"campaign {view.campaign_id} is {state}; {cancelled(view)}", markup=False
        )
    if not aborted.campaigns:
        say_none()
    say_endings(aborted.endings)
    if aborted.left:
        console.fail(
            f"{counted(aborted.left, 'call has', 'calls have')} not ended yet. The stops are"
            " recorded, and workers keep sending them; repeat the command to go on waiting"
        )
