"""`callsched resume`: have a paused campaign go on, also one that stopped itself."""

from __future__ import annotations

from scheduler.cli import console, options, orders
from scheduler.cli.access import opened_ledger
from scheduler.cli.orders_view import record_of, say_none
from scheduler.operations import controls
from scheduler.operations.orders import chosen


def resume(
    ids: options.SomeIds = None,
    every: options.EveryCampaign = False,
    note: options.Note = "",
    json: options.Json = False,
) -> None:
    """Have paused campaigns go on, also those that stopped themselves.

    Its circuit breaker looks at what fails from now on, and a canary that went badly is passed: to
    resume it is to say that the others may be called. A budget that is used up stops it again. One
    that was cancelled never goes on.

    Example: `callsched resume nightly-2026-11-22`
    """
    orders.expect_chosen(ids, every=every)
    with opened_ledger() as ledger:
        views = chosen(ledger, ids)
        if every:
            views = [view for view in views if not view.cancelled_by]
        resumed = controls.resume(ledger, views, orders.given(note))
    if json:
        console.emit(record_of([each.after for each in resumed], ids))
        return
    for each in resumed:
        console.out.print(_sentence(each), markup=False)
    if not resumed:
        say_none()


def _sentence(resumed: controls.Resumed) -> str:
    why, view = resumed.before.stopped_itself, resumed.after
    reason = f"; it had stopped itself: {why}" if why else ""
    return f"campaign {view.campaign_id} is {view.state}{reason}"
