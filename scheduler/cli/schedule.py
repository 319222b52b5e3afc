"""`callsched schedule`: campaign files that workers launch at set times."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from scheduler.campaign.checked import CheckedCampaign
from scheduler.campaign.file.source import STDIN
from scheduler.campaign.keys.timetable import Timetable
from scheduler.campaign.reading import Reading
from scheduler.cli import campaigns, console, options, orders
from scheduler.cli import schedules as shown
from scheduler.cli.access import opened_ledger
from scheduler.errors import ConfigError
from scheduler.fields.durations import positive_seconds
from scheduler.hours.cron import firings_between, next_after
from scheduler.ledger.scheduling import (
    Launch,
    ScheduleView,
    add_schedule,
    ask_firing,
    firings_of,
    pause_schedule,
    remove_schedule,
    resume_schedule,
    schedule_view,
    schedule_views,
)
from scheduler.models import Overlap, Schedule
from scheduler.operations.launch import account_of
from scheduler.settings import settings

_FOREVER_SECONDS = 100 * 366 * 86_400.0

schedule = typer.Typer(
    help="Have workers launch a campaign file at set times, each time as a campaign of its own.\n\n"
    "Every worker of the file's account looks after its schedules: one of them has to run, and has"
    " to be able to read the file.\n\n"
    "Example: `callsched schedule add nightly.yaml --cron '0 9 * * mon-fri'"
    " --timezone America/New_York`",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


def _name(value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", value):
        raise typer.BadParameter("expected up to 80 letters, digits, dots, dashes or underscores")
    return value


_Name = Annotated[str, typer.Argument(metavar="NAME", help="A schedule's name.")]


@schedule.command()
def add(
    file: options.CampaignFile,
    id_: Annotated[
        str | None,
        typer.Option(
            "--id",
            metavar="NAME",
            callback=_name,
            help="Name of the schedule. Without it: the name of the campaign.",
        ),
    ] = None,
    cron: Annotated[
        str | None, typer.Option(metavar="EXPRESSION", help="When it fires: '0 9 * * mon-fri'.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="One time instead: 2026-12-01T09:00.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Whose time that is: America/New_York.")
    ] = None,
    overlap: Annotated[
        Overlap | None,
        typer.Option(help="What becomes of a firing while the campaign before is not finished."),
    ] = None,
    catch_up: Annotated[
        str | None,
        typer.Option(metavar="DURATION", help="How late a firing may be launched: 10m, 1h."),
    ] = None,
    encoding: options.Encoding = "utf-8",
    json: options.Json = False,
) -> None:
    """Have a campaign file launched at the times that its `schedule:` says, or these options.

    The file is checked now, and read again at each firing. The same command again changes nothing;
    to change a schedule, remove it and add it again.

    Example: `callsched schedule add nightly.yaml --cron '0 9 * * mon-fri' --timezone Europe/Paris`
    """
    path, chosen = Path(file), settings()
    with campaigns.check(path, chosen, Reading(encoding)) as checked:
        rule = _rule(checked, path, cron, at, timezone)
        account = account_of(checked, chosen)
        name = id_ or checked.slug
        if STDIN in checked.inputs:
            raise ConfigError("a schedule reads its contacts at each firing: put them into a file")
    if overlap is not None:
        rule = replace(rule, overlap=overlap)
    if catch_up is not None:
        rule = replace(rule, catch_up_seconds=_seconds(catch_up))
    next_at = next_after(rule, time.time())
    if next_at is None:
        raise ConfigError("it never fires any more: its time, or its end, has passed")
    launch = Launch(str(path.resolve()), encoding, rule)
    with opened_ledger() as ledger:
        added = add_schedule(ledger, name, account, launch, next_at=next_at, who=orders.who())
        view = schedule_view(ledger, name)
    if json:
        console.emit({"added": added, **view.as_record()})
        return
    said = "added" if added else "it was there before"
    console.out.print(
        f"schedule {name}: {said}; next firing {shown.next_firing(view)}", markup=False
    )
    console.say(f"a worker of account {account} launches it, and reads {launch.path} then")


@schedule.command("list")
def list_(json: options.Json = False) -> None:
    """Show every schedule, when it fires next, and what failed last.

    Example: `callsched schedule list --json`
    """
    with opened_ledger() as ledger:
        views = schedule_views(ledger)
    if json:
        console.emit({"schedules": [view.as_record() for view in views]})
        return
    if not views:
        console.out.print("no schedules yet: callsched schedule add FILE")
        return
    columns = ("schedule", "state", "fires", "next firing")
    rows = [
        (view.name, view.state, shown.when(view.launch.schedule), shown.next_firing(view))
        for view in views
    ]
    console.out.print(console.table("", columns, rows))
    for line in shown.failures(views):
        console.warn(line)


@schedule.command()
def show(name: _Name, json: options.Json = False) -> None:
    """Show a schedule, and what became of its last firings.

    Example: `callsched schedule show nightly`
    """
    with opened_ledger() as ledger:
        view = schedule_view(ledger, name)
        firings = firings_of(ledger, name)
    if json:
        told = [one.as_record() for one in firings]
        console.emit({**view.as_record(), "firings": told})
        return
    for line in shown.described(view):
        console.out.print(line, markup=False)
    if firings:
        console.out.print()
        console.out.print(shown.firings_table(view, firings))


@schedule.command()
def pause(
    name: _Name,
    note: Annotated[
        str, typer.Option("--note", metavar="TEXT", help="Why; kept with every skipped firing.")
    ],
    json: options.Json = False,
) -> None:
    """Have every firing skipped from now on. A campaign that runs goes on.

    Example: `callsched schedule pause nightly --note 'the office is closed'`
    """
    with opened_ledger() as ledger:
        pause_schedule(ledger, name, note=" ".join(note.split())[:200], who=orders.who())
        _said(schedule_view(ledger, name), json)


@schedule.command()
def resume(name: _Name, json: options.Json = False) -> None:
    """Have a paused schedule fire again. What was skipped stays skipped.

    Example: `callsched schedule resume nightly`
    """
    with opened_ledger() as ledger:
        resume_schedule(ledger, name, who=orders.who())
        _said(schedule_view(ledger, name), json)


@schedule.command()
def remove(name: _Name, json: options.Json = False) -> None:
    """Forget a schedule. The campaigns that it has launched stay as they are.

    Example: `callsched schedule remove nightly`
    """
    with opened_ledger() as ledger:
        remove_schedule(ledger, name)
    if json:
        console.emit({"removed": name})
    else:
        console.out.print(f"schedule {name} is removed", markup=False)


@schedule.command("run-now")
def run_now(name: _Name, json: options.Json = False) -> None:
    """Have a worker launch a schedule now, also a paused one, and print the campaign's id.

    While the campaign before is not finished, the overlap policy says what becomes of it.

    Example: `callsched schedule run-now nightly`
    """
    with opened_ledger() as ledger:
        asked = ask_firing(ledger, name, at=float(int(time.time())), who=orders.who())
    if json:
        console.emit({"schedule": name, "campaign_id": asked})
        return
    console.line(asked)
    console.say(f"a worker launches it: callsched schedule show {name}")


@schedule.command("next")
def next_(
    name: _Name,
    count: Annotated[int, typer.Option("-n", min=1, max=1000, help="How many firings.")] = 5,
    json: options.Json = False,
) -> None:
    """Show the next firings of a schedule, in its time zone.

    Example: `callsched schedule next nightly -n 10`
    """
    with opened_ledger() as ledger:
        view = schedule_view(ledger, name)
    now, rule = time.time(), view.launch.schedule
    firings = list(islice(firings_between(rule, now, now + _FOREVER_SECONDS), count))
    if json:
        console.emit({"schedule": name, "state": view.state, "next": firings})
        return
    for at in firings:
        console.line(shown.shown_in(rule, at))
    if view.state == "paused":
        console.warn(f"it is paused, and skips them until callsched schedule resume {name}")


def _rule(
    checked: CheckedCampaign, path: Path, cron: str | None, at: str | None, timezone: str | None
) -> Schedule:
    """Return the file's schedule, or the one that the options say."""
    own = checked.schedule
    if cron is None and at is None:
        if timezone is not None:
            raise typer.BadParameter("goes with --cron or --at", param_hint="--timezone")
        if own is None:
            raise ConfigError(
                f"{path} has no schedule: say --cron '0 9 * * mon-fri' --timezone"
                " America/New_York, or --at 2026-12-01T09:00, or write schedule: into it"
            )
        return own
    zone = timezone or (own.timezone if own is not None and own.timezone else None)
    keys: dict[str, Any] = {"cron": cron, "at": at, "timezone": zone}
    try:
        said = Timetable.model_validate({key: part for key, part in keys.items() if part}).rule()
    except ValidationError as error:
        first = error.errors()[0]
        message = str(first.get("ctx", {}).get("error", first["msg"]))
        raise typer.BadParameter(message, param_hint="--cron, --at, --timezone") from None
    if own is None:
        return said
    return replace(own, cron=said.cron, at=said.at, timezone=said.timezone or own.timezone)


def _seconds(catch_up: str) -> float:
    try:
        return positive_seconds(catch_up)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--catch-up") from None


def _said(view: ScheduleView, json: bool) -> None:
    if json:
        console.emit(view.as_record())
    else:
        console.out.print(f"schedule {view.name} is {view.state}", markup=False)
