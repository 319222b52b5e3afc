"""The checks of a campaign file that `run` and `submit` share."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import typer

from scheduler.accounts import Account
from scheduler.campaign.checked import CheckedCampaign
from scheduler.campaign.keys.presets import SILENT_CALL
from scheduler.campaign.reading import Reading
from scheduler.cli import console, problems_view, questions
from scheduler.cli.suggested import suggested
from scheduler.errors import ConfigError
from scheduler.fields import counts
from scheduler.fields.counts import counted
from scheduler.fields.durations import written
from scheduler.fields.scripts import speaks
from scheduler.fields.urls import is_read_on_the_way
from scheduler.fields.visible import visible
from scheduler.ledger.views import CampaignView
from scheduler.models import Policy
from scheduler.operations import launch as launching
from scheduler.operations.guard import is_sandbox
from scheduler.plan.plan_hash import plan_hash
from scheduler.providers import accounts_of
from scheduler.settings import Settings

#: How the id of a trial with --any-hour ends.
ANY_HOUR = "-sandbox-any-hour"


@dataclass(frozen=True, slots=True)
class FileRequest:
    """A file to call, with the options of the command line for it."""

    path: Path
    reading: Reading
    max_duration: str | None  #: of each call, as it was written
    plan: str | None  #: the plan hash that the campaign must have; None: any
    now: bool  #: call now, even if its schedule says that workers launch it


def check(
    path: Path, settings: Settings, reading: Reading, default: str | None = None
) -> CheckedCampaign:
    """Read a file as a whole and say which rows are refused. Raises CampaignError.

    `default` is the account of a file that names none; None: the settings say it.
    """
    checked = read(path, settings, reading, default)
    for name, count in checked.lists:
        console.say(f"do-not-call list {visible(name)}: {counts.counted(count, 'entry')}")
    for warning in checked.warnings:
        console.warn(warning)
    if checked.problem_count:
        kinds = checked.problems_alike
        problems_view.show(checked.problems, checked.problem_count, kinds, what="skipped")
    if checked.refused_count and reading.rejects is not None:
        console.say(f"the refused rows are in {reading.rejects}, with their reasons")
    _tell_cleaned(checked)
    return checked


def read(
    path: Path, settings: Settings, reading: Reading, default: str | None = None
) -> CheckedCampaign:
    """Read a whole file; print only what is wrong with the account. Raises CampaignError."""
    accounts = accounts_of(settings)
    if default is not None:
        accounts = replace(accounts, default=accounts.named(default).name)
    with console.counting(f"checking {path.name}") as counted:
        checked = launching.read(path, settings, reading, counted, accounts=accounts)
    for warning in accounts.warnings:
        console.warn(warning)
    if is_read_on_the_way(address := checked.account.credentials.address):
        console.warn(f"{address} is not encrypted: token and numbers can be read on the way")
    return checked


def _tell_cleaned(checked: CheckedCampaign) -> None:
    """Print how many numbers are dialled differently from how they are written."""
    if count := checked.cleanings.count:
        first = checked.cleanings.kept[0]
        console.say(
            f"{counts.counted(count, 'number')} cleaned or completed; the first, in line"
            f" {first.line}:"
            f" {first.written} is dialled as {first.number}"
        )


@contextmanager
def checked_to_call(
    request: FileRequest, settings: Settings
) -> Iterator[tuple[CheckedCampaign, Policy]]:
    """Check a file that is to be called now; yield it with the policy that applies.

    Raises ConfigError when its schedule has workers launch it, or when its plan hash is another.
    """
    if request.reading.any_hour and not request.reading.in_sandbox:
        raise typer.BadParameter("goes with --sandbox, which calls nobody", param_hint="--any-hour")
    with check(request.path, settings, request.reading) as checked:
        _expect_unscheduled(checked, request.path, now=request.now)
        policy = policy_of(checked, request.max_duration, settings)
        if request.plan is not None:
            _expect_plan(
                request.plan, request.path, plan_hash(checked, policy, settings, request.reading)
            )
        yield checked, policy


def id_of(checked: CheckedCampaign, reading: Reading, wanted: str | None) -> str | None:
    """Return the wanted id. A trial with --any-hour gets an id of its own."""
    if wanted is None and reading.any_hour:
        return f"{launching.new_id(checked)}{ANY_HOUR}"
    return wanted


def policy_of(checked: CheckedCampaign, max_duration: str | None, settings: Settings) -> Policy:
    """Return the file's policy, with the length of a call from the command line if it is given."""
    try:
        return launching.policy_of(checked, max_duration, settings)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--max-duration") from None


def _expect_unscheduled(checked: CheckedCampaign, path: Path, *, now: bool) -> None:
    """Raise ConfigError when a file has a schedule, unless `now`."""
    if checked.schedule is not None and not now:
        raise ConfigError(
            f"{path} has a schedule: after `{suggested('schedule', 'add', str(path))}` workers"
            " launch it at those times; say --now to launch it now as well"
        )


def _expect_plan(planned: str, path: Path, now: str) -> None:
    """Raise ConfigError unless a campaign is the one that `callsched plan` gave this hash to."""
    if now != planned:
        raise ConfigError(
            f"--plan {planned}: the plan has changed, and its hash is now {now}. The file, a"
            " do-not-call list, the policy or a setting has changed, or you gave other options,"
            " such as --max-duration or --first. Nobody was called: look at the new plan with"
            f" `{suggested('plan', str(path))}` and the same options, and use the hash that it"
            " prints"
        )


def confirm(count: int, policy: Policy, account: Account) -> None:
    """On a terminal, show what would be called for real, and ask. Off a terminal never ask."""
    address = account.credentials.address
    if not count or not console.may_ask() or is_sandbox(address):
        return
    longest = policy.max_duration_seconds
    slots = min(account.ceiling, policy.max_concurrency or account.ceiling, count)
    hours = ", while calling hours are open" if policy.hours else ""
    console.say(
        f"This calls {counted(count, 'contact')} on account {account.name} through {address}, at"
        f" most {written(longest)} each: {_minutes(count * longest)} of calls at worst,"
        f" {_minutes(math.ceil(count / slots) * longest)} on the clock with {slots:,} at a time"
        f"{hours}."
    )
    if not speaks(policy.script):
        console.say(SILENT_CALL)
    questions.confirm("Call them?", "nobody was called")


def _minutes(seconds: float) -> str:
    return counted(math.ceil(seconds / 60), "minute")


def tell_loaded(campaign: CampaignView, policy: Policy) -> None:
    """Print what an existing campaign keeps of its first load, and how it stands."""
    if campaign.policy != policy:
        console.say(f"campaign {campaign.campaign_id} keeps the policy that it was created with")
    if campaign.cancelled_by:
        console.warn(
            f"campaign {campaign.campaign_id} was cancelled: contacts that are new are not called"
        )
