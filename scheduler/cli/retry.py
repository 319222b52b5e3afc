"""`callsched retry`: call contacts again, by how their calls ended or what was pressed."""

from __future__ import annotations

from typing import Annotated

import typer

from scheduler.cli import console, options, retry_view
from scheduler.cli.access import changed_ledger
from scheduler.ledger import views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import CampaignView
from scheduler.operations.retry import Ends, NothingToRetry, Plan, load, plan, survey

_ENDS = (
    "How their calls ended, such as rejected,not_reached or skipped:capped; `failed` is rejected"
    " and not_reached. Or what was pressed: confirm=2, confirm= for nothing; or heard:"
    " heard=silence, intent=interested. Any of these will do."
)


def retry(
    id_: options.ExistingId,
    only: Annotated[str | None, typer.Option(metavar="ENDS", help=_ENDS)] = None,
    new_id: Annotated[
        str | None,
        typer.Option(
            "--id",
            metavar="ID",
            callback=options.campaign_id,
            help="Id of the new campaign. Default: made from the old one's and the calls.",
        ),
    ] = None,
    yes: options.Yes = False,
    json: options.Json = False,
) -> None:
    """Create a new campaign from contacts whose calls ended a given way, and print its id.

    It keeps the account and the policy of the old campaign; workers dial it like any other. Open
    calls are left out, and each call is retried once: the same command again calls nobody twice,
    and completes an interrupted load. `unknown` calls may have rung; they are included only if you
    name `unknown`.

    Example: `callsched retry nightly-2026-11-22 --only rejected,not_reached`

    Example: `callsched retry confirmation --only confirm=2,confirm=`
    """
    with changed_ledger(upgrades=True) as ledger:
        campaign = views.campaign(ledger, id_)
        campaign.expect_kept()
        planned = _plan(ledger, campaign, retry_view.read_only(campaign, only), new_id)
        taker = planned.campaign_id
        if planned.is_open:
            retry_view.warn(planned.survey)
            if not yes:
                retry_view.confirm(planned)
            with console.counting("loading") as done:
                load(ledger, planned, done)
            retry_view.say_taken(planned, id_)
        else:
            console.say(f"nothing to do: these contacts of {id_} are called by campaign {taker}")
        view = views.campaign(ledger, taker)
        retry_view.say_who_dials(ledger, view)
        retry_view.show(ledger, view, id_, json=json)


def _plan(ledger: Ledger, campaign: CampaignView, ends: Ends, new_id: str | None) -> Plan:
    with console.counting("looking", "calls") as done:
        surveyed = survey(ledger, campaign, ends, done)
    try:
        planned = plan(ledger, surveyed, new_id)
    except NothingToRetry as error:
        console.fail(str(error))
        retry_view.show_ends(campaign)
        raise typer.Exit(1) from None
    for taker in planned.unfinished:
        console.warn(f"campaign {taker} was not loaded to its end: --id {taker} completes it")
    return planned
