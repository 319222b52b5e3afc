"""Says in words what a run waits for, or what is wrong with it."""

from __future__ import annotations

import time

from scheduler.accounts import SANDBOX_ACCOUNT
from scheduler.cli.suggested import suggested
from scheduler.fields.counts import counted
from scheduler.hours import reader
from scheduler.ledger.views import CampaignView
from scheduler.models import CallState, CampaignState
from scheduler.operations.supervision import Look, is_left_for_later
from scheduler.operations.waits import NO_WAIT, Wait

#: After this long, what a rule has found may no longer be true.
HELD_SECONDS = 20.0


def notice(look: Look, address: str) -> str:
    """Return what the user should know about a run now; "" for nothing.

    `address` is where the API answers.
    """
    campaign, account = look.campaign, look.account
    if look.is_interrupted:
        return f"interrupted: {counted(campaign.open, 'call is', 'calls are')} being ended"
    if look.block:
        return f"the account can't dial: {look.block}"
    if account.is_late:
        return f"{counted(account.overdue, 'stop is', 'stops are')} not confirmed yet"
    if held := held_by_operator(campaign):
        return held
    if account.outage:
        return f"{address} does not answer: one probe goes out at a time"
    if campaign.state is CampaignState.FINISHED:
        return _still_done(campaign)
    return waits_for(campaign, look.wait) if campaign.open == 0 else ""


def waits_for(campaign: CampaignView, wait: Wait = NO_WAIT) -> str:
    """Return what a campaign without a live call waits for, and why; "" for nothing."""
    due_at = campaign.next_due_at
    if due_at is None or due_at <= time.time() + 1:
        return _held_back(campaign).removeprefix("; ")
    why = f"; {wait.why}" if wait.why else ""
    trial = _trial_now(campaign) if wait.is_for_hours else ""
    there = reader.elsewhere(due_at, wait.zones)
    waits = f"waiting: the next call is due {_day_and_time(due_at)}{there}{why}{trial}"
    return waits if why else f"{waits}{_held_back(campaign)}"


def _trial_now(campaign: CampaignView) -> str:
    """Say how to go on with a trial at night: nobody's phone rings there."""
    if campaign.account != SANDBOX_ACCOUNT or campaign.launch[:1] != ("run",):
        return ""
    words = list(campaign.launch)
    if "--id" in words:  # the same id would continue this campaign, with its calling hours
        place = words.index("--id")
        del words[place : place + 2]
    now = suggested(*words, "--any-hour")
    return f"; the sandbox calls nobody, and `{now}` does not wait"


def left_for_later(campaign: CampaignView) -> str:
    """Return why the remaining calls are not dialled soon; "" if they are."""
    if held := held_by_operator(campaign):
        return f": {held}"
    if campaign.next_due_at is None or not is_left_for_later(campaign):
        return ""
    return f" for later, the first due {_day_and_time(campaign.next_due_at)}"


def held_by_operator(campaign: CampaignView) -> str:
    """Return who has paused a campaign, and what to do; "" for nobody."""
    if campaign.cancelled_by and campaign.calls[CallState.PENDING]:
        again = f"`{suggested('cancel', campaign.campaign_id)}` ends the calls that are left"
        return f"cancelled by {campaign.cancelled_by}: {again}"
    if campaign.paused_by:
        again = f"`{suggested('resume', campaign.campaign_id)}` resumes it"
        return f"paused by {campaign.paused_by}: {again}"
    return ""


def _still_done(campaign: CampaignView) -> str:
    """Return what callsched still does after the last call has ended; "" for nothing."""
    if campaign.collecting:
        return f"every call has ended; reading what was said in {campaign.collecting} of them"
    return "every call has ended; telling the webhooks" if campaign.policy.webhooks else ""


def _day_and_time(at: float) -> str:
    return reader.day_and_time(at)


def _held_back(campaign: CampaignView) -> str:
    """Return which rule holds back calls that were due; "" if none does now."""
    if campaign.held_at is None or time.time() - campaign.held_at > HELD_SECONDS:
        return ""
    return f"; calls are held back by {campaign.held_why}"
