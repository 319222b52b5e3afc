"""`callsched run`: a whole campaign on this machine, its workers included."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import typer

from scheduler.campaign.reading import Reading
from scheduler.cli import batches, campaigns, console, options, orders, run_ending
from scheduler.cli.access import meant
from scheduler.cli.run_view import RunView
from scheduler.cli.same_command import words_of
from scheduler.ledger import access
from scheduler.operations import run as running
from scheduler.operations.batches import kind_of
from scheduler.settings import read_settings


def run(
    context: typer.Context,
    file: options.CampaignFile,
    max_duration: options.MaxDuration = None,
    account: options.Account = None,
    max_concurrency: options.MaxConcurrency = None,
    workers: options.Workers = 2,
    id_: batches.DatedId = None,
    timezone: batches.Zone = None,
    if_running: batches.WhenRunning = None,
    again: options.Again = False,
    sandbox: options.Sandbox = False,
    any_hour: options.AnyHour = False,
    strict: options.Strict = False,
    rejects: options.Rejects = None,
    first: options.First = None,
    region: options.Region = None,
    encoding: options.Encoding = "utf-8",
    plan: options.Plan = None,
    now: options.Now = False,
    yes: options.Yes = False,
    no_wait: options.NoWait = False,
    quiet: batches.Quiet = False,
    json: options.Json = False,
    results: options.ResultsFile = None,
) -> None:
    """Call every contact of a campaign file, and wait until the last call has ended.

    Running the same command again continues an unfinished campaign and never calls anyone twice; a
    finished campaign is refused without --again. If the file has changed, people whom an earlier
    campaign of its name called in the last 20 hours, or has yet to call, are skipped without
    --again or --id. Ctrl-C ends every live call before it exits.

    Exit codes: 0 the campaign ran to its end; 1 the file, the settings or the account is wrong, or
    the campaign paused itself; 2 bad usage; 3 --no-wait left calls pending; 4 another campaign of
    its kind runs here and --if-running is fail; 130 after Ctrl-C.

    Example: `callsched run contacts.csv --max-duration 90s --max-concurrency 10 --sandbox`
    """
    run_ending.expect_writable(results)
    wanted = batches.dated_id(id_, timezone)
    if quiet:
        console.be_quiet()
    chosen = read_settings(ceiling := options.ceiling(max_concurrency))
    reading = Reading(encoding, strict, first, rejects, account, sandbox, region, any_hour)
    with ExitStack() as stack:
        request = campaigns.FileRequest(Path(file), reading, max_duration, plan, now)
        stack.enter_context(meant(chosen, request.path, asks=not sandbox))
        checked, policy = stack.enter_context(campaigns.checked_to_call(request, chosen))
        running.expect_secret(policy, chosen)
        stack.enter_context(batches.turn(kind_of(id_, checked.slug), if_running, chosen.state_dir))
        place = stack.enter_context(running.placed(checked, chosen, ceiling, in_sandbox=sandbox))
        ledger, embedded = stack.enter_context(access.opened(place.settings, upgrades=True))
        given = (orders.given(), words_of(context, wanted))
        id_ = campaigns.id_of(checked, reading, wanted)
        campaign = running.RunWish(checked, policy, id_, again, workers, not no_wait, *given)
        host = RunView(policy, place.account, asks=not (yes or sandbox))
        ending = running.run(ledger, embedded, place, campaign, host)
        code = run_ending.tell(ledger, ending, results, json=json, quiet=quiet)
    raise typer.Exit(code)
