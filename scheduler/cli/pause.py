"""`callsched pause`: place no more calls of a campaign; live ones go on."""

from __future__ import annotations

from scheduler.cli import options, orders
from scheduler.cli.access import changed_ledger
from scheduler.cli.orders_view import say_under_way, show_halted
from scheduler.fields.counts import counted
from scheduler.ledger.views import CampaignView
from scheduler.models import CampaignState
from scheduler.operations import controls
from scheduler.operations.orders import chosen


def pause(
    ids: options.SomeIds = None,
    every: options.EveryCampaign = False,
    note: options.Note = "",
    json: options.Json = False,
) -> None:
    """Pause campaigns: no new calls; live calls continue to their deadlines.

    The command returns once the calls being placed are answered, in 25 s at most; after that no
    call is placed. `callsched resume` resumes them; `callsched run` of the same file does not.

    Example: `callsched pause nightly-2026-11-22 --note 'complaints'`
    """
    orders.expect_chosen(ids, every=every)
    with changed_ledger() as ledger:
        halted = controls.pause(ledger, chosen(ledger, ids), orders.given(note), say_under_way)
    show_halted(halted, ids, _sentence, json=json)


def _sentence(view: CampaignView) -> str:
    if view.state is CampaignState.FINISHED:
        return f"campaign {view.campaign_id} is finished"
    live = controls.live_of(view)
    waits = "paused as soon as it is loaded" if view.state is CampaignState.LOADING else "paused"
    goes_on = counted(
        live, "live call goes on to its deadline", "live calls go on to their deadlines"
    )
    return f"campaign {view.campaign_id} is {waits}; {goes_on}"
