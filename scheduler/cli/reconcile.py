"""`callsched reconcile`: what became of calls whose start was never answered."""

from __future__ import annotations

import typer

from scheduler.cli import console, options, reconcile_options, reconcile_view
from scheduler.cli.access import changed_ledger
from scheduler.cli.orders import given
from scheduler.ledger import views
from scheduler.ledger.views import CampaignView
from scheduler.operations.account import account_of, is_out_of_reach, why_out_of_reach
from scheduler.operations.found_calls import decide
from scheduler.operations.reconcile import look_up, settle, to_settle, unknown
from scheduler.settings import Settings, settings


def reconcile(
    id_: options.ExistingId,
    contacts: reconcile_options.SomeContacts = None,
    placed: reconcile_options.Placed = False,
    not_placed: reconcile_options.NotPlaced = False,
    redial: reconcile_options.Redial = False,
    every: reconcile_options.EveryUnknown = False,
    attach: reconcile_options.Attach = "",
    end: reconcile_options.End = "",
    lookup: reconcile_options.LookUp = True,
    yes: reconcile_options.YesSettle = False,
    json: options.Json = False,
) -> None:
    """Find out whether `unknown` calls were placed, and what was said.

    Each attempt names its conversation. If the API has a conversation of that name, the call was
    placed, and the command adds what was said to its result. If the API has none, that proves
    nothing: you decide, with --placed or --not-placed. Repeating a decision does no harm. Exit code
    1 if the API could not be asked, or a contact that you name is not unknown.

    Example: `callsched reconcile nightly-2026-11-22 c-001 --not-placed --redial`
    """
    verdict = reconcile_options.verdict(placed=placed, not_placed=not_placed, redial=redial)
    reconcile_options.expect_whom(contacts, verdict, every=every)
    chosen = settings()
    with changed_ledger() as ledger:
        campaign = views.campaign(ledger, id_)
        inquiry = unknown(ledger, campaign, contacts or [])
        lookup = lookup and bool(inquiry.cases) and _can_look_up(campaign, chosen)
        if attach or end:
            reconcile_options.expect_one(contacts)
            for case in inquiry.cases:
                decide(ledger, campaign.account, case.call, attach, end, given(""))
            inquiry = unknown(ledger, campaign, []) if attach else inquiry
        if lookup and inquiry.cases:
            inquiry = look_up(ledger, inquiry, chosen, reconcile_view.say_reading)
        if verdict is not None:
            if not yes:
                reconcile_view.confirm(to_settle(inquiry, verdict), verdict)
            inquiry = settle(ledger, inquiry, verdict, given())
    reconcile_view.show(inquiry, json=json)
    if inquiry.errors:
        raise typer.Exit(1)


def _can_look_up(campaign: CampaignView, chosen: Settings) -> bool:
    """Whether an API can be asked about a campaign. Raises ConfigError for an unknown account."""
    if is_out_of_reach(campaign, chosen):
        console.warn(f"{why_out_of_reach(campaign)}. So nothing can be looked up")
        return False
    account_of(campaign, chosen)
    return True
