"""`callsched resume`: have a paused campaign go on, also one that stopped itself."""

from __future__ import annotations

from scheduler.cli import console, options, orders
from scheduler.cli.access import opened_ledger
from scheduler.ledger import campaigns
from scheduler.ledger.reading import CampaignView, campaign_view


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
        before, control = orders.chosen(ledger, ids), orders.given(note)
        if every:
            before = [view for view in before if not view.cancelled_by]
        for view in before:
            campaigns.resume(ledger, view.campaign_id, control)
        views = [campaign_view(ledger, view.campaign_id) for view in before]
    if json:
        console.emit(orders.record_of(views, ids))
        return
    for earlier, view in zip(before, views, strict=True):
        console.out.print(_told(earlier, view), markup=False)
    if not views:
        orders.say_none()


def _told(before: CampaignView, view: CampaignView) -> str:
    why = before.stopped_itself
    said = f"; it had stopped itself: {why}" if why else ""
    return f"campaign {view.campaign_id} is {view.state}{said}"
