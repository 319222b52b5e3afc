"""Reads --only of `retry`, and shows how calls ended and which are left out."""

from __future__ import annotations

import typer

from scheduler.accounts import SANDBOX_ACCOUNT
from scheduler.cli import campaigns, console, served
from scheduler.cli.suggested import suggested
from scheduler.fields.counts import counted
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import CampaignView
from scheduler.models import CampaignState
from scheduler.operations.account import account_of
from scheduler.operations.retry import NEVER, Candidates, Ends, Plan, read_ends
from scheduler.settings import settings


def read_only(campaign: CampaignView, only: str | None) -> Ends:
    """Read --only; without it, it is bad usage, and the message lists the campaign's ends."""
    words = [word.strip() for word in (only or "").split(",") if word.strip()]
    if not words:
        console.fail("say which calls are made again, such as --only rejected,not_reached")
        show_ends(campaign)
        raise typer.Exit(2)
    try:
        return read_ends(words)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--only") from None


def show_ends(campaign: CampaignView) -> None:
    """Show how the calls of a campaign have ended, and which of these ends are not repeated."""
    ends = [(count, end, NEVER.get(end, "")) for end, count in campaign.dispositions.items()]
    if ends:
        console.err.print(console.table("", ("calls", "ended as", ""), ends))
    else:
        console.say(f"no call of campaign {campaign.campaign_id} has ended yet")


def warn(survey: Candidates) -> None:
    """Warn that a phone may have rung already, and say who is left out."""
    if survey.campaign.policy.retry_total is not None:
        console.say("each is a new call: what retry.total allows is counted from the start")
    if survey.unknown:
        console.warn(f"{survey.unknown:,} of them ended as unknown: they may have been rung")
    for end, count in sorted(survey.left_out.items()):
        advice = NEVER.get(end, f"they may have been rung; name {end} to take them")
        console.say(f"{count:,} {end} are left out: {advice}")


def confirm(planned: Plan) -> None:
    """On a terminal, ask before real calls; for the sandbox, which calls nobody, don't ask."""
    campaign = planned.survey.campaign
    if console.may_ask() and campaign.account != SANDBOX_ACCOUNT:
        campaigns.confirm(planned.count, campaign.policy, account_of(campaign, settings()))


def say_taken(planned: Plan, retry_of: str) -> None:
    """Say whom the new campaign calls."""
    whom = counted(planned.count, f"contact of {retry_of} is", f"contacts of {retry_of} are")
    console.say(f"{whom} called again, as campaign {planned.campaign_id}")


def say_who_dials(ledger: Ledger, view: CampaignView) -> None:
    """Say if nobody dials the new campaign: the sandbox of a run ends with that run."""
    if view.account != SANDBOX_ACCOUNT:
        served.warn(ledger, [view])
    elif view.state is not CampaignState.FINISHED:
        console.warn(
            f"nobody dials it, because the sandbox ended with its run. Start"
            f" `{suggested('sandbox')}`, and a worker with the sandbox's address and"
            f" CALLSCHED_ACCOUNT={SANDBOX_ACCOUNT} (docs/reference/sandbox.md); or leave this"
            " campaign alone, and run the file again with --sandbox --again to call everybody"
        )


def show(ledger: Ledger, view: CampaignView, retry_of: str, *, json: bool) -> None:
    """Show the new campaign: to a person only its id."""
    if json:
        console.emit(served.record_of(ledger, view) | {"retry_of": retry_of})
    else:
        console.line(view.campaign_id)
