"""The steps of `callsched plan`, each with its progress on the screen."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

import typer

from scheduler.campaign.reading import Reading
from scheduler.cli import campaigns, console
from scheduler.errors import SchedulerError
from scheduler.ledger import access
from scheduler.models import Policy
from scheduler.operations.launch import new_id
from scheduler.operations.serving import Serving
from scheduler.plan.rules import Record
from scheduler.plan.whole import Asked, begins, expected, whole
from scheduler.settings import Settings


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """A file to plan, with the options of the command line."""

    path: Path
    reading: Reading
    id: str | None
    max_duration: str | None
    max_concurrency: int | None
    expect_duration: str | None
    at: str | None


def planned(request: PlanRequest, settings: Settings) -> Record:
    """Return the plan of a file, with the command that runs exactly this plan."""
    expected = _expected(request.expect_duration)
    with campaigns.check(request.path, settings, request.reading) as checked:
        policy = campaigns.policy_of(checked, request.max_duration, settings)
        asked = Asked(
            request.reading,
            request.id or new_id(checked, in_sandbox=request.reading.in_sandbox),
            _begins(request.at, policy),
            expected,
            request.max_concurrency,
        )
        record, warnings = whole(checked, policy, settings, asked, console.counting)
    for warning in warnings:
        console.warn(warning)
    file, command = str(request.path), _command(request, record["plan"])
    lack = _lack(settings, record["account"]) if not request.reading.in_sandbox else None
    found = {"plan": record["plan"], "file": file, "command": command}
    return {**found, **record, "nobody_dials": lack}


def _lack(settings: Settings, account: str) -> str | None:
    """Return that no worker of a pool serves the account; None if one does, or without a pool."""
    if settings.redis_url is None:
        return None
    try:
        with access.opened(settings) as (ledger, _):
            return Serving(ledger, settings).of_account(account) or None
    except SchedulerError as error:
        return f"nobody can tell whether a worker serves account {account}: {error}"


def _command(request: PlanRequest, hashed: str) -> str:
    """Return the command that runs this plan, and refuses a changed one."""
    words: list[str] = ["callsched", "run", str(request.path)]
    reading = request.reading
    given = {
        "--id": request.id,
        "--max-duration": request.max_duration,
        "--max-concurrency": request.max_concurrency,
        "--account": reading.account,
        "--first": reading.first,
        "--region": reading.region,
        "--encoding": reading.encoding if reading.encoding != "utf-8" else None,
        "--plan": hashed,
    }
    for option, value in given.items():
        words += [option, str(value)] if value is not None else []
    words += ["--sandbox"] * reading.in_sandbox + ["--strict"] * reading.strict
    return shlex.join(words)


def _expected(written: str | None) -> float | None:
    try:
        return expected(written)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--expect-duration") from None


def _begins(written: str | None, policy: Policy) -> float:
    try:
        return begins(written, policy)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--at") from None
