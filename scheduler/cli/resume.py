"""`callsched resume`: resume a paused campaign, also one that stopped itself."""

from __future__ import annotations

from collections.abc import Sequence

from scheduler.cli import console, options, orders, served
from scheduler.cli.access import changed_ledger
from scheduler.cli.orders_view import record_of, say_none
from scheduler.cli.questions import confirm, is_real, waiting_calls
from scheduler.ledger.views import CampaignView
from scheduler.operations import controls
from scheduler.operations.orders import chosen
from scheduler.operations.stakes import at_stake


def resume(
    ids: options.SomeIds = None,
    every: options.EveryCampaign = False,
    note: options.Note = "",
    yes: options.Yes = False,
    json: options.Json = False,
) -> None:
    """Resume paused campaigns, including those that paused themselves.

    The circuit breaker counts failures from now on. Resuming after a failed canary lets the other
    calls go out. A spent budget pauses the campaign again. A cancelled campaign can't be resumed.

    Example: `callsched resume nightly-2026-11-22`
    """
    orders.expect_chosen(ids, every=every)
    with changed_ledger() as ledger:
        views = chosen(ledger, ids)
        if every:
            views = [view for view in views if not view.cancelled_by]
            _ask(views, yes=yes)
        resumed = controls.resume(ledger, views, orders.given(note))
        after = [each.after for each in resumed]
        served.warn(ledger, after)
        lacks = served.records(ledger, after, ids[0] if ids and len(after) == 1 else None)
    if json:
        console.emit(record_of(after, ids, **lacks))
        return
    for each in resumed:
        console.out.print(_sentence(each), markup=False)
    if not resumed:
        say_none()


def _ask(views: Sequence[CampaignView], *, yes: bool) -> None:
    """On a terminal, ask before --all resumes campaigns; a named campaign is meant."""
    stakes = at_stake(view for view in views if is_real(view.account))
    if stakes.waiting and not yes and console.may_ask():
        console.say(f"{waiting_calls(stakes)}.")
        confirm("Call them?", "nothing was changed")


def _sentence(resumed: controls.Resumed) -> str:
    why, view = resumed.before.stopped_itself, resumed.after
    reason = f"; it had stopped itself: {why}" if why else ""
    return f"campaign {view.campaign_id} is {view.state}{reason}"
