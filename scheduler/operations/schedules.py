"""Operations on schedules, by which workers launch campaign files at set times.

To add or remove one, use `ledger.schedules`.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from scheduler.campaign.checked import CheckedCampaign
from scheduler.campaign.file.source import STDIN
from scheduler.campaign.keys.timetable import Timetable
from scheduler.errors import ConfigError, LedgerError
from scheduler.hours.cron import next_after
from scheduler.ledger import schedules
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.schedules import Launch, ScheduleView
from scheduler.models import Schedule

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
