"""What commands of `schedule` take: a schedule's name, and when it fires."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from scheduler.fields.durations import positive_seconds
from scheduler.models import Overlap


def _name(value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", value):
        raise typer.BadParameter("expected up to 80 letters, digits, dots, dashes or underscores")
    return value


Name = Annotated[str, typer.Argument(metavar="NAME", help="A schedule's name.")]
NewName = Annotated[
    str | None,
    typer.Option(
        "--id",
        metavar="NAME",
        callback=_name,
        help="Name of the schedule. Without it: the name of the campaign.",
    ),
]
Cron = Annotated[
    str | None, typer.Option(metavar="EXPRESSION", help="When it fires: '0 9 * * mon-fri'.")
]
At = Annotated[str | None, typer.Option(metavar="TIME", help="One time instead: 2026-12-01T09:00.")]
Timezone = Annotated[
    str | None, typer.Option(metavar="ZONE", help="Whose time that is: America/New_York.")
]
OnOverlap = Annotated[
    Overlap | None,
    typer.Option(help="What becomes of a firing while the campaign before is not finished."),
]
CatchUp = Annotated[
    str | None,
    typer.Option(metavar="DURATION", help="How late a firing may be launched: 10m, 1h."),
]
Note = Annotated[
    str, typer.Option("--note", metavar="TEXT", help="Why; kept with every skipped firing.")
]
Count = Annotated[int, typer.Option("-n", min=1, max=1000, help="How many firings.")]


def catch_up_seconds(written: str) -> float:
    """Read --catch-up; bad usage when it is no duration."""
    try:
        return positive_seconds(written)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--catch-up") from None
