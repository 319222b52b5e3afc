"""`callsched cancel`: cancel the rest of a campaign; live calls finish."""

from __future__ import annotations

from scheduler.cli import console, options, orders
from scheduler.cli.access import changed_ledger
from scheduler.cli.orders_view import cancelled, say_under_way, show_halted
from scheduler.cli.questions import confirm_halt
from scheduler.fields.counts import counted
from scheduler.ledger.views import CampaignView
from scheduler.models import CampaignState
from scheduler.operations import controls
from scheduler.operations.orders import chosen


def cancel(
    ids: options.SomeIds = None,
    every: options.EveryCampaign = False,
    note: options.Note = "",
    yes: options.YesAnyway = False,
    json: options.Json = False,
) -> None:
    """Cancel all remaining calls of campaigns permanently; live calls finish.

    Waiting calls end as `skipped`, reason `cancelled`; so do contacts that are added later. A
    campaign is finished once its last live call ends. If this command is interrupted, nobody else
    is called, and the same command continues.

    Example: `callsched cancel nightly-2026-11-22 --note 'wrong list'`
    """
    orders.expect_chosen(ids, every=every)
    with changed_ledger() as ledger:
        before, control = chosen(ledger, ids), orders.given(note)
        if not yes:
            confirm_halt(before, "Cancel?", live="will go on to the end")
        halted = controls.cancel(ledger, before, control, console.counting, say_under_way)
    show_halted(halted, ids, _sentence, json=json)


def _sentence(view: CampaignView) -> str:
    if view.state is CampaignState.FINISHED:
        return f"campaign {view.campaign_id} is finished; {cancelled(view)}"
    live = controls.live_of(view)
    return (
        f"campaign {view.campaign_id} is cancelled;"
        f" {counted(live, 'live call goes on to its end', 'live calls go on to their ends')}"
    )
