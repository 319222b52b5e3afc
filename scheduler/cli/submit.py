"""`callsched submit`: hand a campaign to a pool of workers."""

from __future__ import annotations

from pathlib import Path

import typer

from scheduler.campaign.reading import Reading
from scheduler.cli import batches, campaigns, console, options, repeats
from scheduler.cli.access import opened_ledger
from scheduler.ledger.reading import campaign_view
from scheduler.settings import settings


def submit(
    file: options.CampaignFile,
    id_: batches.DatedId = None,
    timezone: batches.Zone = None,
    if_running: batches.WhenRunning = None,
    max_duration: options.MaxDuration = None,
    strict: options.Strict = False,
    rejects: options.Rejects = None,
    again: options.Again = False,
    encoding: options.Encoding = "utf-8",
    first: options.First = None,
    plan: options.Plan = None,
    now: options.Now = False,
    yes: options.Yes = False,
    quiet: batches.Quiet = False,
    json: options.Json = False,
) -> None:
    """Hand a campaign to a running pool of workers, and print its id.

    Submitting the same id again completes a load that broke off, adds rows that it does not know,
    and skips who has come onto a do-not-call list of the file; nothing else changes, and nobody is
    called twice. Whom another campaign of this name has called in the last 20 hours, or has yet to
    call, is skipped unless you say --again or --id.

    Exit codes: 0 handed over, or skipped by --if-running; 1 the file, the settings or the account
    is wrong; 2 bad usage; 4 another one of its kind is not over, and --if-running is fail.

    Example: `callsched submit contacts.csv --max-duration 5m --id nightly-2026-11-22`
    """
    chosen, wanted = settings(), batches.dated_id(id_, timezone)
    reading = Reading(encoding, strict, first, rejects)
    if quiet:
        console.be_quiet()
    with campaigns.check(Path(file), chosen, reading) as checked:
        campaigns.expect_unscheduled(checked, Path(file), now=now)
        policy = campaigns.policy_of(checked, max_duration, chosen)
        campaigns.expect_plan(plan, Path(file), checked, policy, chosen, reading)
        account = checked.account or chosen.account
        with opened_ledger(upgrades=True) as ledger:
            campaign_id = campaigns.choose_id(ledger, checked, wanted, account, again=again)
            window = repeats.window_of(ledger, campaign_id, wanted, chosen, again=again)
            left = repeats.tell(ledger, checked, campaign_id, account, window)
            if not yes:
                campaigns.confirm(left, policy, chosen)
            kind = batches.kind_of(id_, checked.slug)
            code = batches.stands_back_in_pool(ledger, kind, if_running, campaign_id)
            if code is not None:
                raise typer.Exit(code)
            campaigns.submit_rows(ledger, checked, campaign_id, policy, account, window.of_campaign)
            view = campaign_view(ledger, campaign_id)
    if json:
        console.emit(view.as_record())
    elif not quiet:
        console.line(campaign_id)
