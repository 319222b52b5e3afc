"""`callsched schedule add`: have a campaign file launched at set times."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import typer

from scheduler.campaign.reading import Reading
from scheduler.cli import campaigns, options, orders, schedule_options, schedule_view
from scheduler.cli.access import opened_ledger
from scheduler.errors import ConfigError
from scheduler.ledger import schedules as in_ledger
from scheduler.models import Schedule
from scheduler.operations import schedules
from scheduler.settings import settings


def add(
    file: options.CampaignFile,
    id_: schedule_options.NewName = None,
    cron: schedule_options.Cron = None,
    at: schedule_options.At = None,
    timezone: schedule_options.Timezone = None,
    overlap: schedule_options.OnOverlap = None,
    catch_up: schedule_options.CatchUp = None,
    account: options.Account = None,
    encoding: options.Encoding = "utf-8",
    json: options.Json = False,
) -> None:
    """Have a campaign file launched at the times that its `schedule:` says, or these options.

    The file is checked now, and read again at each firing. The same command again changes nothing;
    to change a schedule, remove it and add it again.

    Example: `callsched schedule add nightly.yaml --cron '0 9 * * mon-fri' --timezone Europe/Paris`
    """
    path, chosen = Path(file), settings()
    with campaigns.check(path, chosen, Reading(encoding), account) as checked:
        rule = _rule(checked.schedule, path, cron, at, timezone)
        dials_on = checked.account.name
        if account not in (None, dials_on):  # each firing reads the file, and knows no option
            raise ConfigError(
                f"{path} names account {dials_on}: leave --account out, or change the file"
            )
        name = id_ or checked.slug
        schedules.expect_files(checked)
    if overlap is not None:
        rule = replace(rule, overlap=overlap)
    if catch_up is not None:
        rule = replace(rule, catch_up_seconds=schedule_options.catch_up_seconds(catch_up))
    launch, next_at = schedules.launch_of(path, encoding, rule)
    with opened_ledger() as ledger:
        is_new = in_ledger.add(ledger, name, dials_on, launch, next_at=next_at, who=orders.who())
        view = in_ledger.view(ledger, name)
    schedule_view.show_added(view, is_new=is_new, json=json)


def _rule(
    own: Schedule | None, path: Path, cron: str | None, at: str | None, timezone: str | None
) -> Schedule:
    """Return the file's schedule, or the one that the options say."""
    if cron is None and at is None:
        if timezone is not None:
            raise typer.BadParameter("goes with --cron or --at", param_hint="--timezone")
        if own is None:
            raise ConfigError(
                f"{path} has no schedule: say --cron '0 9 * * mon-fri' --timezone"
                " America/New_York, or --at 2026-12-01T09:00, or write schedule: into it"
            )
        return own
    try:
        return schedules.retimed(own, cron=cron, at=at, timezone=timezone)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--cron, --at, --timezone") from None
