"""Operations on schedules, by which workers launch campaign files at set times.

To add or remove one, use `ledger.schedules`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from scheduler.campaign.checked import CheckedCampaign
from scheduler.campaign.file.source import STDIN
from scheduler.campaign.keys.timetable import Timetable
from scheduler.errors import ConfigError, LedgerError
from scheduler.hours import reader
from scheduler.hours.cron import firings_between, next_after
from scheduler.hours.walltime import local, zone_of
from scheduler.ledger import schedules
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.schedules import Launch, ScheduleView
from scheduler.models import Schedule

#: If a firing is later than this, no worker serves the schedule.
_LATE_SECONDS = 60.0

_FOREVER_SECONDS = 100 * 366 * 86_400.0
_LONGEST_NOTE = 200


def retimed(
    own: Schedule | None, *, cron: str | None, at: str | None, timezone: str | None
) -> Schedule:
    """Return a file's schedule with other times: a cron expression, or one time.

    Without a timezone that of the file counts. Raises ValueError if it can't be read, or never
    fires.
    """
    zone = timezone or (own.timezone if own is not None and own.timezone else None)
    keys: dict[str, Any] = {"cron": cron, "at": at, "timezone": zone}
    try:
        rule = Timetable.model_validate({key: part for key, part in keys.items() if part}).rule()
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(str(first.get("ctx", {}).get("error", first["msg"]))) from None
    if own is None:
        return rule
    return replace(own, cron=rule.cron, at=rule.at, timezone=rule.timezone or own.timezone)


def expect_files(checked: CheckedCampaign) -> None:
    """Raise ConfigError if contacts come from standard input, which a worker can't read."""
    if STDIN in checked.inputs:
        raise ConfigError("a schedule reads its contacts at each firing: put them into a file")


def launch_of(
    path: Path, encoding: str, rule: Schedule, region: str | None = None
) -> tuple[Launch, float]:
    """Return what a schedule launches, and the instant of its next firing.

    Raises ConfigError if it never fires again.
    """
    next_at = next_after(rule, time.time())
    if next_at is None:
        raise ConfigError("it never fires any more: its time, or its end, has passed")
    return Launch(str(path.resolve()), encoding, rule, region or ""), next_at


def pause(ledger: Ledger, name: str, *, note: str, who: str) -> ScheduleView:
    """Pause a schedule, which skips its firings, and return it. Raises LedgerError."""
    schedules.pause(ledger, name, note=" ".join(note.split())[:_LONGEST_NOTE], who=who)
    return schedules.view(ledger, name)


def resume(ledger: Ledger, name: str, *, who: str) -> ScheduleView:
    """Resume a paused schedule, and return it. Raises LedgerError."""
    schedules.resume(ledger, name, who=who)
    return schedules.view(ledger, name)


#: How far in the past the instant of a requested firing may be.
FIRE_WITHIN_SECONDS = 300


def fire(ledger: Ledger, name: str, *, who: str, at: int | None = None) -> str:
    """Ask workers to launch a schedule now; return the campaign's id.

    The same `at`, in epoch seconds, means the same firing. Raises LedgerError if it is too far in
    the past, or in the future.
    """
    now = int(time.time())
    if at is not None and not now - FIRE_WITHIN_SECONDS <= at <= now + 1:
        raise LedgerError(
            f"a firing is asked for at an instant of the last {FIRE_WITHIN_SECONDS} seconds"
        )
    return schedules.ask_firing(ledger, name, at=float(at or now), who=who)


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
