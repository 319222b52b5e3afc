"""Options for cron jobs, and messages while another campaign of the same kind runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from scheduler.cli import console, options
from scheduler.hours.named_zones import timezone as known_timezone
from scheduler.operations import batches
from scheduler.operations.batches import IfRunning, OnWait, Series

#: Exit code of `--if-running fail`.
ANOTHER_RUNS = 4


def _zone(value: str | None) -> str | None:
    try:
        return known_timezone(value) if value is not None else None
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


DatedId = Annotated[
    str | None,
    typer.Option(
        "--id",
        metavar="ID",
        help="Id of the campaign; may contain {date}, {hour}, {datetime}, {week} or {month}."
        " Default: its name and a hash of its content.",
        rich_help_panel=options.THE_CAMPAIGN,
    ),
]
Zone = Annotated[
    str | None,
    typer.Option(
        "--timezone",
        metavar="ZONE",
        callback=_zone,
        help="Time zone of the date and hour in --id. Default: this machine's.",
        rich_help_panel=options.THE_CAMPAIGN,
    ),
]
WhenRunning = Annotated[
    IfRunning | None,
    typer.Option(
        "--if-running",
        help="If another campaign of its kind is not finished: skip (exit code 0), wait, or fail"
        " (exit code 4).",
        rich_help_panel=options.THE_CAMPAIGN,
    ),
]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet",
        "-q",
        help="Print nothing unless something is wrong.",
        rich_help_panel=options.OUTPUT,
    ),
]


def dated_id(template: str | None, timezone: str | None) -> str | None:
    """Fill date and time into an id; other placeholders are bad usage, and so is a bad id."""
    if template is None:
        return None
    try:
        return options.campaign_id(batches.filled(template, timezone))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--id") from None


@contextmanager
def turn(kind: Series, if_running: IfRunning | None, state_dir: Path) -> Iterator[None]:
    """Be the only campaign of this kind on this machine; without a turn the command ends."""
    with batches.turn_on_machine(kind, if_running, state_dir, waiting(kind)) as is_ours:
        if not is_ours:
            raise stand_back(kind, if_running)
        yield


def waiting(kind: Series) -> OnWait:
    """Return a function that says that the command waits for another campaign of this kind."""
    return partial(_say_waiting, kind)


def stand_back(kind: Series, if_running: IfRunning | None) -> typer.Exit:
    """Say that another campaign of this kind is not over; return the command's exit."""
    if if_running is IfRunning.FAIL:
        console.fail(_not_over(kind))
        return typer.Exit(ANOTHER_RUNS)
    console.say(f"{_not_over(kind)}: nothing was done")
    return typer.Exit(0)


def _say_waiting(kind: Series, held_by: str) -> None:
    console.say(f"{_not_over(kind)}: this one waits")
    if held_by:
        console.say(held_by)


def _not_over(kind: Series) -> str:
    return f"another campaign of {kind.name} is not over"
