"""`callsched submit`: hand a campaign to a pool of workers."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from scheduler.campaign.reading import Reading
from scheduler.cli import batches, campaigns, console, options, repeats_view, served
from scheduler.cli.access import meant
from scheduler.ledger import access
from scheduler.operations import launch
from scheduler.operations.batches import kind_of, takes_turn_in_pool
from scheduler.settings import settings


def submit(
    file: options.CampaignFile,
    id_: batches.DatedId = None,
    timezone: batches.Zone = None,
    if_running: batches.WhenRunning = None,
    max_duration: options.MaxDuration = None,
    account: options.Account = None,
    strict: options.Strict = False,
    rejects: options.Rejects = None,
    again: options.Again = False,
    region: options.Region = None,
    encoding: options.Encoding = "utf-8",
    first: options.First = None,
    plan: options.Plan = None,
    now: options.Now = False,
    yes: options.Yes = False,
    quiet: batches.Quiet = False,
    json: options.Json = False,
) -> None:
    """Hand a campaign to a running pool of workers, and print its id.

    Submitting the same id again completes an interrupted load, adds new rows, and skips people who
    have since been put on a do-not-call list of the file; nothing else changes, and nobody is
    called twice. People whom another campaign of this name called in the last 20 hours, or has yet
    to call, are skipped without --again or --id.

    Exit codes: 0 submitted, or skipped by --if-running; 1 the file, the settings or the account is
    wrong; 2 bad usage; 4 another campaign of its kind is not finished and --if-running is fail.

    Example: `callsched submit contacts.csv --max-duration 5m --id nightly-2026-11-22`
    """
    chosen, wanted = settings(), batches.dated_id(id_, timezone)
    reading = Reading(encoding, strict, first, rejects, account, region=region)
    request = campaigns.FileRequest(Path(file), reading, max_duration, plan, now)
    if quiet:
        console.be_quiet()
    with ExitStack() as stack:
        stack.enter_context(meant(chosen, request.path))
        checked, policy = stack.enter_context(campaigns.checked_to_call(request, chosen))
        ledger, _ = stack.enter_context(access.opened(chosen, upgrades=True))
        intent = launch.intent(
            ledger,
            checked,
            checked.account.name,
            chosen,
            wanted=wanted,
            again=again,
            counting=console.counting,
        )
        repeats_view.tell(intent.campaign_id, intent.earlier)
        if not yes:
            campaigns.confirm(intent.earlier.left, policy, checked.account)
        kind = kind_of(id_, checked.slug)
        on_wait = batches.waiting(kind)
        if not takes_turn_in_pool(ledger, kind, if_running, intent.campaign_id, on_wait):
            raise batches.stand_back(kind, if_running)
        view = launch.carry_out(ledger, checked, intent, policy, console.counting)
        campaigns.tell_loaded(view, policy)
        served.warn(ledger, [view])
        record = served.record_of(ledger, view)
    if json:
        console.emit(record)
    elif not quiet:
        console.line(view.campaign_id)
