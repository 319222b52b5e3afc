"""What may be changed from the screen: the same orders as those of the commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scheduler.cli import orders
from scheduler.errors import SchedulerError, StaleAttempt
from scheduler.fields.counts import counted
from scheduler.fields.visible import visible
from scheduler.ledger import campaigns, live_calls
from scheduler.ledger.ledger import Ledger
from scheduler.live.picture import ShownCall, ShownCampaign
from scheduler.models import CampaignState
from scheduler.operations.controls import live_of
from scheduler.operations.orders import about


@dataclass(frozen=True, slots=True)
class Proposal:
    """An order that is given after a yes to its question."""

    question: str
    give: Callable[[Ledger], str]  #: returns the result in words; raises SchedulerError


def pause(shown: ShownCampaign) -> Proposal | str:
    """Return the order to pause a campaign, or why there is nothing to pause."""
    view, name = shown.view, visible(shown.view.campaign_id)
    if view.state is CampaignState.FINISHED:
        return f"campaign {name} is finished"
    if view.paused_by:
        return f"campaign {name} is paused already, by {view.paused_by}"
    live = live_of(view)

    def give(ledger: Ledger) -> str:
        campaigns.halt(ledger, view.campaign_id, control=orders.given("from callsched watch"))
        left = campaigns.starts_under_way(ledger, view.campaign_id)
        under_way = f"; {counted(left, 'start')} under way: 25 s at most" if left else ""
        return f"campaign {name} is paused: it places no new calls{under_way}"

    return Proposal(
        f"Pause campaign {name}?\n\nIt will place no new calls."
        f" {counted(live, 'live call goes', 'live calls go')} on to the deadline.",
        give,
    )


def resume(shown: ShownCampaign) -> Proposal | str:
    """Return the order to resume a campaign, or why there is nothing to resume."""
    view, name = shown.view, visible(shown.view.campaign_id)
    if view.cancelled_by:
        return f"campaign {name} was cancelled, and can't be resumed"
    if not (view.paused_by or view.state is CampaignState.PAUSED):
        return f"campaign {name} is {view.state}: there is nothing to resume"
    why = view.stopped_itself or f"paused by {view.paused_by}"

    def give(ledger: Ledger) -> str:
        state = campaigns.resume(ledger, view.campaign_id, orders.given("from callsched watch"))
        return f"campaign {name} is {state}"

    return Proposal(f"Resume campaign {name}?\n\nWhy it waits: {visible(why)}", give)


def stop(call: ShownCall, account: str) -> Proposal:
    """Return the order to end a live call."""
    name = visible(call.who)

    def give(ledger: Ledger) -> str:
        control = about(orders.given("from callsched watch"), f"#{call.attempt.row}")
        try:
            live_calls.stop(ledger, account, call.attempt, control)
        except StaleAttempt:
            return f"the call to {name} is over already"
        return f"the stop of the call to {name} is recorded; a worker sends it"

    return Proposal(f"Stop the call to {name}?\n\nIt ends now, as aborted.", give)


def given(order: Proposal, ledger: Ledger) -> tuple[str, bool]:
    """Give an order; return the result in words, and whether it succeeded."""
    try:
        return order.give(ledger), True
    except SchedulerError as error:
        return str(error), False
