"""`callsched plan`: what a campaign file would do, before it does it."""

from __future__ import annotations

import shlex
import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from math import inf
from pathlib import Path
from typing import Annotated, Any

import typer

from scheduler.campaign.checked import CheckedCampaign
from scheduler.campaign.duplicates import Duplicates
from scheduler.campaign.keys.calling_hours import instant
from scheduler.campaign.reading import Reading
from scheduler.cli import campaigns, console, options, planned
from scheduler.fields.durations import positive_seconds
from scheduler.hours.openings import Source
from scheduler.models import Attempt, Contact, Policy
from scheduler.operations.launch import new_id
from scheduler.plan.forecast import Assumed, Forecast, forecast
from scheduler.plan.plan_hash import plan_hash
from scheduler.plan.planning import Survey, survey
from scheduler.providers import Order
from scheduler.settings import Settings, settings

_PROBLEMS_KEPT = 10


@dataclass(frozen=True, slots=True)
class _Wishes:
    """What the command line says, apart from the file."""

    id: str | None
    max_duration: str | None
    max_concurrency: int | None
    expect_duration: str | None
    at: str | None
    reading: Reading


def plan(
    file: options.CampaignFile,
    id_: options.NewId = None,
    max_duration: options.MaxDuration = None,
    max_concurrency: options.MaxConcurrency = None,
    expect_duration: Annotated[
        str | None,
        typer.Option(
            metavar="DURATION",
            help="How long a call is likely to take; without it: as long as it may.",
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="INSTANT", help="When it would begin: 2026-12-24T09:00-05:00. Without it: now."
        ),
    ] = None,
    strict: options.Strict = False,
    first: options.First = None,
    encoding: options.Encoding = "utf-8",
    json: options.Json = False,
) -> None:
    """Say what a campaign file would do: whom it calls, when, and what is sent. Nobody is called.

    Nothing is written to the ledger, and nothing is read from it: the plan is of a campaign of
    which nobody has been called yet. `run` and `submit` take its hash with --plan, and refuse when
    the file, its lists, the policy or the settings of whom and when have changed since.

    Exit codes: 0 it is a plan; 1 the file or the settings are wrong; 2 bad usage.

    Example: `callsched plan contacts.csv --max-duration 5m --expect-duration 2m`
    """
    wishes = _Wishes(
        id=id_,
        max_duration=max_duration,
        max_concurrency=max_concurrency,
        expect_duration=expect_duration,
        at=at,
        reading=Reading(encoding, strict, first),
    )
    record = _planned(Path(file), wishes, settings())
    if json:
        console.emit(record)
    else:
        planned.show(record)


def _planned(path: Path, wishes: _Wishes, chosen: Settings) -> dict[str, Any]:
    expected = _expected(wishes.expect_duration)
    with ExitStack() as stack:
        checked = stack.enter_context(campaigns.check(path, chosen, wishes.reading))
        policy = campaigns.policy_of(checked, wishes.max_duration, chosen)
        now = _instant(wishes.at, policy)
        seen = _surveyed(checked, policy, chosen)
    assumed = _assumed(policy, chosen, wishes.max_concurrency, now, expected)
    with console.counting("forecasting", "dials") as counted:
        counted(0, seen.callable_count)
        told = partial(counted, total=seen.callable_count)
        dials = forecast(seen.groups, policy, assumed, told)
    in_force = planned.in_force(policy, seen.states)
    hashed = plan_hash(checked, policy, chosen, wishes.reading)
    return {
        "plan": hashed,
        "file": str(path),
        "name": checked.name,
        "command": _command(path, wishes, hashed),
        "rows": checked.row_count,
        "contacts": seen.callable_count,
        "skipped": dict(seen.skipped.most_common()),
        "do_not_call": [{"name": name, "entries": count} for name, count in checked.lists],
        "time_zones": [
            {"zones": list(zones), "contacts": count} for zones, count in seen.zones.most_common()
        ],
        "zone_sources": {source.value: seen.sources[source] for source in Source},
        **_forecast(dials, assumed),
        "worst_case_minutes": min(seen.worst_case_seconds, policy.budget_seconds or inf) / 60,
        "states": [
            {"states": list(states), "contacts": count}
            for states, count in seen.states.most_common()
        ],
        "rules": [*planned.rules(in_force), *planned.by_state(seen.states)],
        **planned.notices(in_force),
        "first": _orders(seen, policy, wishes.id or new_id(checked)),
        "warnings": list(checked.warnings),
        "problems": [str(problem) for problem in checked.problems[:_PROBLEMS_KEPT]],
        "cleaned": _cleaned(checked),
    }


def _surveyed(checked: CheckedCampaign, policy: Policy, chosen: Settings) -> Survey:
    rows = checked.row_count
    with console.counting("looking for duplicates") as counted:
        duplicates = Duplicates(checked.chunks(), partial(counted, total=rows))
    with console.counting("planning") as counted:
        told = partial(counted, total=rows)
        allowed = frozenset(chosen.allowed_numbers)
        return survey(checked, policy, duplicates, allowed=allowed, on_progress=told)


def _assumed(
    policy: Policy, chosen: Settings, ceiling: int | None, now: float, expected: float | None
) -> Assumed:
    slots = ceiling or chosen.max_concurrency
    paces = (policy.max_starts_per_second, chosen.max_starts_per_second)
    return Assumed(
        now=now,
        slots=min(slots, policy.max_concurrency or slots),
        expected_seconds=expected,
        starts_per_second=min((pace for pace in paces if pace), default=0.0),
    )


def _forecast(dials: Forecast, assumed: Assumed) -> dict[str, Any]:
    return {
        "assumed": {
            "begins_at": assumed.now,
            "slots": assumed.slots,
            "expected_seconds": assumed.expected_seconds,
            "starts_per_second": assumed.starts_per_second or None,
        },
        "dials": dials.dials,
        "never": dict(dials.never.most_common()),
        "first_dial_at": dials.begins_at,
        "ends_at": dials.ends_at,
        "local_times": {
            name: time_of_day and {"time": str(time_of_day), "zone": time_of_day.zone}
            for name, time_of_day in (
                ("earliest", dials.local_times.earliest),
                ("latest", dials.local_times.latest),
            )
        },
        "hours": [
            {"at": one.at, "dials": one.dials, "in_use": round(one.in_use, 3), "left": one.left}
            for one in dials.hours
        ],
    }


def _orders(seen: Survey, policy: Policy, campaign_id: str) -> list[dict[str, Any]]:
    """Return the first starts in our own words; what is not sent is left out."""
    return [_order(contact, Attempt(campaign_id, row, 1), policy) for row, contact in seen.first]


def _order(contact: Contact, attempt: Attempt, policy: Policy) -> dict[str, Any]:
    order = Order.of(attempt, policy, contact)
    return {
        "row": attempt.row,
        "contact_id": contact.contact_id,
        "phone_number": order.phone_number or None,
        "sip_uri": order.sip_uri or None,
        "dtmf": order.dtmf,
        "session_name": order.session_name,
        "max_duration_seconds": contact.max_duration_seconds or policy.max_duration_seconds,
        # The name of the conversation begins with its session's.
        "options": {key: value for key, value in order.options.items() if key != "session_name"},
    }


def _cleaned(checked: CheckedCampaign) -> dict[str, Any]:
    cleanings = checked.cleanings
    examples = [
        {"line": one.line, "written": one.written, "number": one.number} for one in cleanings.kept
    ]
    return {"count": cleanings.count, "examples": examples}


def _command(path: Path, wishes: _Wishes, hashed: str) -> str:
    """Return the command that does what is planned, and refuses everything else."""
    words: list[str] = ["callsched", "run", str(path)]
    reading = wishes.reading
    given = {
        "--id": wishes.id,
        "--max-duration": wishes.max_duration,
        "--max-concurrency": wishes.max_concurrency,
        "--first": reading.first,
        "--encoding": reading.encoding if reading.encoding != "utf-8" else None,
        "--plan": hashed,
    }
    for option, value in given.items():
        words += [option, str(value)] if value is not None else []
    return shlex.join([*words, "--strict"] if reading.strict else words)


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
