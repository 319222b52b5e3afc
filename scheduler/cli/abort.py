"""`callsched abort`: call the rest of a campaign off, and end its live calls at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from scheduler.cli import console, options, orders
from scheduler.cli.access import opened_ledger
from scheduler.cli.endings import endings, say_endings, see_ended
from scheduler.ledger.controls import cancel as call_off
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.reading import CampaignView, campaign_view
from scheduler.models import Attempt, CallState, CampaignState


def abort(
    ids: options.SomeIds = None,
    every: options.EveryCampaign = False,
    note: options.Note = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before it is done.")] = False,
    json: options.Json = False,
) -> None:
    """Call the rest of these campaigns off, for good, and end every live call at once.

    Also those whose start is answered only now. It waits until each end is confirmed and reports
    what became of each live call. Workers send the stops: when none runs, it says so.

    Exit codes: 0 every call has ended; 1 some have not yet, their stops are on record.

    Example: `callsched abort nightly-2026-11-22 --yes`
    """
    orders.expect_chosen(ids, every=every)
    with opened_ledger() as ledger:
        before = orders.chosen(ledger, ids)
        _ask(before, yes=yes)
        live = _call_off(ledger, before, note)
        orders.end_what_waits(ledger, before)
        left = see_ended(ledger, live)
        records = endings(ledger, [each for listed in live.values() for each in listed], left)
        views = [campaign_view(ledger, view.campaign_id) for view in before]
    if json:
        console.emit(orders.record_of(views, ids, calls=records, left=len(left)))
    else:
        _show(views, records, len(left))
    if left:
        raise typer.Exit(1)


def _ask(views: Sequence[CampaignView], *, yes: bool) -> None:
    """On a terminal, ask; off a terminal never."""
    unfinished = [view for view in views if view.state is not CampaignState.FINISHED]
    if yes or not unfinished or not console.may_ask():
        return
    live = sum(view.open for view in unfinished)
    waiting = sum(view.calls[CallState.PENDING] for view in unfinished)
    console.say(
        f"{len(unfinished)} campaigns: {live:,} live calls are ended now, {waiting:,} others are"
        " never made."
    )
    if not typer.confirm("Abort?", default=False, err=True):
        console.say("nothing was changed")
        raise typer.Exit(1)


def _call_off(ledger: Ledger, views: Sequence[CampaignView], note: str) -> dict[str, list[Attempt]]:
    """Fence and stop all of them; returns the attempts that are live or may be, by account."""
    control, live = orders.given(note), defaultdict[str, list[Attempt]](list)
    for view in views:
        _, attempts = call_off(ledger, view.campaign_id, control, abort=True)
        live[view.account] += attempts
    return live


def _show(views: Sequence[CampaignView], records: Sequence[dict[str, Any]], left: int) -> None:
    for view in views:
        console.out.print(f"campaign {view.campaign_id} is {_state(view)}", markup=False)
    if not views:
        orders.say_none()
    say_endings(records)
    if left:
        console.fail(
            f"{left} calls have not ended yet. Their stops are on record, and go on being sent"
            " while a worker runs; the same command goes on waiting"
        )


def _state(view: CampaignView) -> str:
    return view.state if view.state is CampaignState.FINISHED else "aborted"
