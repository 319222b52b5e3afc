"""Options of the commands of `schedule`: a schedule's name, and when it fires."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from scheduler.cli import complete
from scheduler.errors import ConfigError
from scheduler.fields.durations import positive_seconds
from scheduler.models import Overlap, Schedule
from scheduler.operations import schedules


def _name(value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", value):
        raise typer.BadParameter("expected up to 80 letters, digits, dots, dashes or underscores")
    return value


Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", autocompletion=complete.schedule_names, help="A schedule's name."
    ),
]
NewName = Annotated[
    str | None,
    typer.Option(
        "--id",
        metavar="NAME",
        callback=_name,
        help="Name of the schedule. Default: the campaign's name.",
    ),
]
Cron = Annotated[
    str | None, typer.Option(metavar="EXPRESSION", help="When to launch: '0 9 * * mon-fri'.")
]
At = Annotated[
    str | None, typer.Option(metavar="TIME", help="Launch once, at this time: 2026-12-01T09:00.")
]
Timezone = Annotated[
    str | None, typer.Option(metavar="ZONE", help="Time zone of --cron or --at: America/New_York.")
]
OnOverlap = Annotated[
    Overlap | None,
    typer.Option(help="What to do if the previous campaign is not finished."),
]
CatchUp = Annotated[
    str | None,
    typer.Option(metavar="DURATION", help="How late a launch may be: 10m, 1h."),
]
Note = Annotated[
    str, typer.Option("--note", metavar="TEXT", help="Reason; kept with every skipped launch.")
]
Count = Annotated[int, typer.Option("-n", min=1, max=1000, help="How many launches.")]


def changed(rule: Schedule, overlap: Overlap | None, catch_up: str | None) -> Schedule:
    """Return a rule with the values of --overlap and --catch-up."""
    if overlap is not None:
        rule = replace(rule, overlap=overlap)
    if catch_up is not None:
        rule = replace(rule, catch_up_seconds=_catch_up_seconds(catch_up))
    return rule


def _catch_up_seconds(written: str) -> float:
    """Read --catch-up; anything but a duration is bad usage."""
    try:
        return positive_seconds(written)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--catch-up") from None


def rule_of(
    own: Schedule | None, path: Path, cron: str | None, at: str | None, timezone: str | None
) -> Schedule:
    """Return the file's schedule, or that of the options."""
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
