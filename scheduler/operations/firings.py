"""When a schedule fires next, and what is wrong with it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from itertools import islice

from scheduler.hours import reader
from scheduler.hours.cron import firings_between
from scheduler.hours.walltime import local, zone_of
from scheduler.ledger.schedules import ScheduleView
from scheduler.models import Schedule

_FOREVER_SECONDS = 100 * 366 * 86_400.0

#: If a firing is later than this, no worker serves the schedule.
_LATE_SECONDS = 60.0


def next_firings(rule: Schedule, count: int) -> list[float]:
    """Return the instants of the next firings, even of a paused schedule; at most `count`."""
    now = time.time()
    return list(islice(firings_between(rule, now, now + _FOREVER_SECONDS), count))


def failures(views: Iterable[ScheduleView]) -> list[str]:
    """Return a sentence for each schedule whose last launch failed, or that no worker serves."""
    failed = [(view, wrong) for view in views for wrong in wrong_with(view)]
    # Failed launches first, then schedules that no worker serves.
    failed.sort(key=lambda each: each[1] != each[0].error)
    return [f"schedule {view.name}: {wrong}" for view, wrong in failed]


def wrong_with(view: ScheduleView) -> list[str]:
    """Return what is wrong: its last launch failed, or no worker serves it."""
    wrong = [view.error] if view.error else []
    if view.next_at is not None and view.next_at < time.time() - _LATE_SECONDS:
        wrong.append(
            f"nobody has launched what was due {next_firing(view)}: start a worker of account"
            f" {view.account}"
        )
    return wrong


def next_firing(view: ScheduleView) -> str:
    """Say when a schedule fires next."""
    return "never" if view.next_at is None else shown_in(view.launch.schedule, view.next_at)


def shown_in(rule: Schedule, at: float) -> str:
    """Write an instant as clocks show it in a schedule's time zone, else on this machine."""
    if rule.timezone and (zone := zone_of(rule.timezone)):
        return f"{local(at, zone):%a %Y-%m-%d %H:%M:%S %Z}".strip()
    return reader.day_and_time(at)
