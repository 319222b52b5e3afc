"""The steps of `callsched plan`, each with how far it has come on the screen."""

from __future__ import annotations

import shlex
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import typer

from scheduler.campaign.checked import CheckedCampaign
from scheduler.campaign.duplicates import Duplicates
from scheduler.campaign.keys.calling_hours import instant
from scheduler.campaign.reading import Reading
from scheduler.cli import campaigns, console
from scheduler.fields.durations import positive_seconds
from scheduler.models import Policy
from scheduler.operations.launch import new_id
from scheduler.plan.forecast import Assumed, Forecast, forecast
from scheduler.plan.plan_hash import plan_hash
from scheduler.plan.planning import ContactCounts, survey
from scheduler.plan.record import Planned, assumed
from scheduler.plan.rules import Record
from scheduler.settings import Settings


@dataclass(frozen=True, slots=True)
class Wishes:
    """A file, and what the command line says of it."""

    path: Path
    reading: Reading
    id: str | None
    max_duration: str | None
    max_concurrency: int | None
    expect_duration: str | None
    at: str | None


def planned(wishes: Wishes, settings: Settings) -> Record:
    """Return the plan of a file, with the command that calls nobody else than it says."""
    expected = _expected(wishes.expect_duration)
    with campaigns.check(wishes.path, settings, wishes.reading) as checked:
        policy = campaigns.policy_of(checked, wishes.max_duration, settings)
        now = _instant(wishes.at, policy)
        seen = _surveyed(checked, policy, settings)
    ceiling = wishes.max_concurrency
    stands_on = assumed(policy, checked.account, ceiling=ceiling, now=now, expected=expected)
    dials = _forecast(seen, policy, stands_on)
    campaign_id = wishes.id or new_id(checked)
    hashed = plan_hash(checked, policy, settings, wishes.reading)
    found = Planned(checked, campaign_id, policy, seen, stands_on, dials, wishes.reading.in_sandbox)
    for warning in found.warnings():
        console.warn(warning)
    return {
        "plan": hashed,
        "file": str(wishes.path),
        "name": checked.name,
        "account": checked.account.name,
        "command": _command(wishes, hashed),
        **found.as_record(),
    }


def _surveyed(checked: CheckedCampaign, policy: Policy, settings: Settings) -> ContactCounts:
    rows = checked.row_count
    with console.counting("looking for duplicates") as counted:
        duplicates = Duplicates(checked.chunks(), partial(counted, total=rows))
    with console.counting("planning") as counted:
        progress = partial(counted, total=rows)
        allowed = frozenset(settings.allowed_numbers)
        return survey(checked, policy, duplicates, allowed=allowed, on_progress=progress)


def _forecast(seen: ContactCounts, policy: Policy, stands_on: Assumed) -> Forecast:
    with console.counting("forecasting", "dials") as counted:
        counted(0, seen.callable_count)
        progress = partial(counted, total=seen.callable_count)
        return forecast(seen.groups, policy, stands_on, progress)


def _command(wishes: Wishes, hashed: str) -> str:
    """Return the command that does what is planned, and refuses everything else."""
    words: list[str] = ["callsched", "run", str(wishes.path)]
    reading = wishes.reading
    given = {
        "--id": wishes.id,
        "--max-duration": wishes.max_duration,
        "--max-concurrency": wishes.max_concurrency,
        "--account": reading.account,
        "--first": reading.first,
        "--encoding": reading.encoding if reading.encoding != "utf-8" else None,
        "--plan": hashed,
    }
    for option, value in given.items():
        words += [option, str(value)] if value is not None else []
    words += ["--sandbox"] * reading.in_sandbox + ["--strict"] * reading.strict
    return shlex.join(words)


def _expected(written: str | None) -> float | None:
    try:
        return None if written is None else positive_seconds(written)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--expect-duration") from None


def _instant(written: str | None, policy: Policy) -> float:
    try:
        return time.time() if written is None else instant(written, policy.timezone, later=True)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--at") from None
