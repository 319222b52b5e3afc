"""`callsched plan`: what a campaign file would do, before it does it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scheduler.campaign.reading import Reading
from scheduler.cli import console, options, plan_steps, plan_view
from scheduler.settings import settings

ExpectedDuration = Annotated[
    str | None,
    typer.Option(
        metavar="DURATION", help="How long a call will likely take. Default: as long as it may."
    ),
]
Beginning = Annotated[
    str | None,
    typer.Option(
        metavar="INSTANT", help="When it would begin: 2026-12-24T09:00-05:00. Default: now."
    ),
]


def plan(
    file: options.CampaignFile,
    id_: options.NewId = None,
    max_duration: options.MaxDuration = None,
    account: options.Account = None,
    max_concurrency: options.MaxConcurrency = None,
    expect_duration: ExpectedDuration = None,
    at: Beginning = None,
    sandbox: options.Sandbox = False,
    strict: options.Strict = False,
    first: options.First = None,
    region: options.Region = None,
    encoding: options.Encoding = "utf-8",
    json: options.Json = False,
) -> None:
    """Show what a campaign file would do: whom it calls, when, and what it sends. Calls nobody.

    It writes no campaign, and assumes that nobody has been called yet. It shows how it understood
    each column, and lists duplicates. Give its hash to `run` or `submit` with --plan, and they
    refuse to run if the file, its lists, the policy or the settings changed since.

    Exit codes: 0 the plan is shown; 1 the file or the settings are wrong; 2 bad usage.

    Example: `callsched plan contacts.csv --max-duration 5m --expect-duration 2m`
    """
    request = plan_steps.PlanRequest(
        path=Path(file),
        reading=Reading(encoding, strict, first, None, account, sandbox, region),
        id=id_,
        max_duration=max_duration,
        max_concurrency=max_concurrency,
        expect_duration=expect_duration,
        at=at,
    )
    record = plan_steps.planned(request, settings())
    if json:
        console.emit(record)
    else:
        plan_view.show(record)
