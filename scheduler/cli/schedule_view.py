"""Shows schedules and their firings to a person."""

from __future__ import annotations

from collections.abc import Sequence

from scheduler.cli import console
from scheduler.cli.suggested import suggested
from scheduler.fields.durations import written
from scheduler.hours import reader
from scheduler.ledger.schedules import Firing, ScheduleView
from scheduler.models import Schedule
from scheduler.operations.firings import failures, shown_in


def show_added(view: ScheduleView, *, is_new: bool, json: bool) -> None:
    """Say that a schedule was added, when it fires next, and who launches it."""
    if json:
        console.emit({"added": is_new, **view.as_record()})
        return
    text = f"{'added' if is_new else 'it was there before'}; next firing {_next(view)}"
    console.out.print(f"schedule {view.name}: {text}", markup=False)
    console.say(
        f"a worker of account {view.account} launches it, and reads {view.launch.path} each time"
    )


def show_state(view: ScheduleView, *, json: bool) -> None:
    """Say whether a schedule fires."""
    if json:
        console.emit(view.as_record())
    else:
        console.out.print(f"schedule {view.name} is {view.state}", markup=False)


def show_all(views: Sequence[ScheduleView]) -> None:
    """Show schedules, a line each, and then what is wrong with them."""
    if not views:
        console.out.print(f"no schedules yet: {suggested('schedule', 'add', 'FILE')}")
        return
    columns = ("schedule", "state", "fires", "next firing")
    rows = [(view.name, view.state, _when(view.launch.schedule), _next(view)) for view in views]
    console.out.print(console.table("", columns, rows, sheds=("fires", "state")))
    for line in failures(views):
        console.warn(line)


def show_one(view: ScheduleView, firings: Sequence[Firing]) -> None:
    """Show a schedule and the outcome of its firings."""
    for line in _described(view):
        console.out.print(line, markup=False)
    if firings:
        rule = view.launch.schedule
        rows = [(when(rule, one.at), one.state, one.firing_id, one.why) for one in firings]
        console.out.print()
        console.out.print(
            console.table("", ("firing", "became", "campaign", "why"), rows, ("why",))
        )


def when(rule: Schedule, at: float) -> str:
    """Write an instant in the schedule's time zone, followed by the reader's."""
    return shown_in(rule, at) + (reader.here(at, rule.timezone) if rule.timezone else "")


def _next(view: ScheduleView) -> str:
    if view.next_at is None:
        return "never"
    if view.state == "paused":
        return "none while it is paused"
    return when(view.launch.schedule, view.next_at)


def _when(rule: Schedule) -> str:
    if rule.at is not None:
        return f"once, {when(rule, rule.at)}"
    return f"{rule.cron} ({rule.timezone})"


def _note(view: ScheduleView) -> str:
    return f": {view.note}" if view.state == "paused" and view.note else ""


def _described(view: ScheduleView) -> list[str]:
    rule = view.launch.schedule
    lines = [
        f"schedule {view.name}, {view.state}{_note(view)}",
        f"  file      {view.launch.path}",
        f"  account   {view.account}",
        f"  fires     {_when(rule)}",
        f"  next      {_next(view)}",
        f"  overlap   {rule.overlap}, catch-up {written(rule.catch_up_seconds)}",
        f"  added     by {view.created_by}, {when(rule, view.created_at)}",
    ]
    if rule.start is not None:
        lines.insert(4, f"  start     {when(rule, rule.start)}")
    if rule.end is not None:
        lines.insert(-3, f"  end       {when(rule, rule.end)}")
    return lines + [f"  PROBLEM   {line}" for line in failures([view])]
