"""How a schedule and its firings are shown to a person."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime

from rich.table import Table

from scheduler.cli import console
from scheduler.fields.durations import written
from scheduler.hours.walltime import zone_of
from scheduler.ledger.scheduling import Firing, ScheduleView
from scheduler.models import Schedule

#: A firing that is later than this has no worker that could launch it.
_LATE_SECONDS = 60.0


def failures(views: Iterable[ScheduleView]) -> list[str]:
    """Say of each schedule whether its last launch failed, or no worker looks after it."""
    told = [f"schedule {view.name}: {view.error}" for view in views if view.error]
    late = time.time() - _LATE_SECONDS
    return told + [
        f"schedule {view.name}: nobody has launched what was due {next_firing(view)}: start a"
        f" worker of account {view.account}"
        for view in views
        if view.next_at is not None and view.next_at < late
    ]


def shown_in(rule: Schedule, at: float) -> str:
    """Write an instant as clocks show it in a schedule's time zone, else on this machine."""
    shown = datetime.fromtimestamp(at).astimezone(zone_of(rule.timezone) if rule.timezone else None)
    return f"{shown:%a %Y-%m-%d %H:%M:%S %Z}".strip()


def when(rule: Schedule) -> str:
    """Say at which times a schedule fires."""
    if rule.at is not None:
        return f"once, {shown_in(rule, rule.at)}"
    return f"{rule.cron} ({rule.timezone})"


def next_firing(view: ScheduleView) -> str:
    """Say when a schedule fires next."""
    return "never" if view.next_at is None else shown_in(view.launch.schedule, view.next_at)


def described(view: ScheduleView) -> list[str]:
    """Describe a schedule, what is wrong with it last."""
    rule = view.launch.schedule
    lines = [
        f"schedule {view.name}, {view.state}{f': {view.note}' if view.state == 'paused' else ''}",
        f"  file      {view.launch.path}",
        f"  account   {view.account}",
        f"  fires     {when(rule)}",
        f"  next      {next_firing(view)}",
        f"  overlap   {rule.overlap}, catch-up {written(rule.catch_up_seconds)}",
        f"  added     by {view.created_by}, {shown_in(rule, view.created_at)}",
    ]
    if rule.start is not None:
        lines.insert(4, f"  start     {shown_in(rule, rule.start)}")
    if rule.end is not None:
        lines.insert(-3, f"  end       {shown_in(rule, rule.end)}")
    return lines + [f"  PROBLEM   {line}" for line in failures([view])]


def firings_table(view: ScheduleView, firings: Iterable[Firing]) -> Table:
    """Show what became of firings."""
    rule = view.launch.schedule
    rows = [(shown_in(rule, one.at), one.state, one.firing_id, one.why) for one in firings]
    return console.table("", ("firing", "became", "campaign", "why"), rows)
