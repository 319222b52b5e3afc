"""What `run` and `submit` do with a file before anybody is called."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import typer

from scheduler import providers
from scheduler.campaign.checked import CheckedCampaign
from scheduler.campaign.keys.presets import SILENT_CALL
from scheduler.campaign.reading import Reading
from scheduler.cli import console
from scheduler.cli.guard import is_sandbox
from scheduler.errors import ConfigError, LedgerError
from scheduler.fields.durations import positive_seconds, written
from scheduler.fields.visible import visible
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.reading import campaign_view
from scheduler.models import CampaignState, Policy
from scheduler.operations import launch as launching
from scheduler.plan.plan_hash import plan_hash
from scheduler.settings import Settings

#: The account of `--sandbox`; its name keeps a real worker from ever dialling such a campaign.
SANDBOX_ACCOUNT = "sandbox"


def check(path: Path, settings: Settings, reading: Reading) -> CheckedCampaign:
    """Read a file as a whole and say which rows are refused. Raises CampaignError."""
    with console.counting(f"checking {path.name}") as counted:
        checked = launching.read(path, settings, reading, counted)
    for name, count in checked.lists:
        console.say(f"do-not-call list {visible(name)}: {count:,} entries")
    for warning in checked.warnings:
        console.warn(warning)
    if checked.problem_count:
        console.show_problems(checked.problems, checked.problem_count, what="skipped")
    if checked.refused_count and reading.rejects is not None:
        console.say(f"the refused rows are in {reading.rejects}, with their reasons")
    _tell_cleaned(checked)
    return checked


def _tell_cleaned(checked: CheckedCampaign) -> None:
    """Say how many numbers are dialled otherwise than they are written."""
    if count := checked.cleanings.count:
        first = checked.cleanings.kept[0]
        console.say(
            f"numbers that were cleaned or completed to international ones: {count:,};"
            f" the first in line {first.line}: {first.written} is dialled as {first.number}"
        )


def policy_of(checked: CheckedCampaign, max_duration: str | None, settings: Settings) -> Policy:
    """Return the file's policy, with the length of a call from the command line if it is given."""
    if max_duration is None:
        return checked.policy
    try:
        seconds = positive_seconds(max_duration)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--max-duration") from None
    if seconds > settings.max_duration_ceiling:
        longest = written(settings.max_duration_ceiling)
        raise typer.BadParameter(
            f"longer than {longest}, which CALLSCHED_MAX_DURATION_CEILING allows",
            param_hint="--max-duration",
        )
    return replace(checked.policy, max_duration_seconds=seconds)


def expect_unscheduled(checked: CheckedCampaign, path: Path, *, now: bool) -> None:
    """Raise ConfigError when workers are to launch a file, unless `now` is said."""
    if checked.schedule is not None and not now:
        raise ConfigError(
            f"{path} has a schedule: callsched schedule add {path} has workers launch it at its"
            " times; say --now to launch it now, beside them"
        )


def expect_plan(
    planned: str | None,
    path: Path,
    checked: CheckedCampaign,
    policy: Policy,
    settings: Settings,
    reading: Reading,
) -> None:
    """Raise ConfigError unless a campaign is the one that `callsched plan` gave this hash to."""
    if planned is None:
        return
    now = plan_hash(checked, policy, settings, reading)
    if now != planned:
        raise ConfigError(
            f"--plan {planned}: this is not what was planned, it is {now} now. The file, a"
            " do-not-call list, the policy or a setting has changed since, or an option such as"
            " --max-duration or --first is another one. Nobody was called: look at it again with"
            f" `callsched plan {path}` and the same options, and say the hash that it prints"
        )


def account_of(checked: CheckedCampaign, settings: Settings, *, sandbox: bool = False) -> str:
    """Return the account that is dialled from: the sandbox's, the file's, or the settings'."""
    named = None if sandbox else checked.account
    if named is not None and named != settings.account:
        raise ConfigError(
            f"the campaign dials from account {named}, these credentials are for"
            f" {settings.account}: set CALLSCHED_ACCOUNT={named} and its credentials"
        )
    return settings.account


def confirm(count: int, policy: Policy, settings: Settings) -> None:
    """On a terminal, show what would be called for real, and ask. Off a terminal never ask."""
    if (
        not count
        or not (sys.stdin.isatty() and console.err.is_terminal)
        or is_sandbox(providers.of(settings).address(settings))
    ):
        return
    minutes = policy.max_duration_seconds / 60
    console.say(
        f"This calls {count:,} contacts through {providers.of(settings).address(settings)}, at most"
        f" {written(policy.max_duration_seconds)} each: {count * minutes:,.0f} minutes at worst."
    )
    console.say(SILENT_CALL)
    if not typer.confirm("Call them?", default=False, err=True):
        console.say("nobody was called")
        raise typer.Exit(1)


def choose_id(
    ledger: Ledger, checked: CheckedCampaign, wanted: str | None, account: str, *, again: bool
) -> str:
    """Return the campaign's id: the wanted one, else its name and a hash of its content.

    A trial in the sandbox is a campaign of its own, so that the real one can follow it. With
    `again` a finished campaign is followed by a new one, numbered; without it the last of those is
    meant.
    """
    trial = "-sandbox" if account == SANDBOX_ACCOUNT else ""
    base = wanted or new_id(checked) + trial
    latest, number = base, 1
    # With a plus sign, which no id that is given may have: nobody else's campaign is meant.
    while _state(ledger, following := f"{base}+{number + 1}") is not None:
        latest, number = following, number + 1
    if again and is_finished(ledger, latest):
        return f"{base}+{number + 1}"
    return latest


def new_id(checked: CheckedCampaign) -> str:
    """Return the id of a campaign that is given none: its name and a hash of its content."""
    return f"{checked.slug}-{checked.digest[:8]}"


def is_finished(ledger: Ledger, campaign_id: str) -> bool:
    """Whether there is a campaign of this id, and every call of it has ended."""
    return _state(ledger, campaign_id) is CampaignState.FINISHED


def _state(ledger: Ledger, campaign_id: str) -> CampaignState | None:
    try:
        return campaign_view(ledger, campaign_id).state
    except LedgerError:
        return None


def submit_rows(
    ledger: Ledger,
    checked: CheckedCampaign,
    campaign_id: str,
    policy: Policy,
    account: str,
    repeat_window: float | None,
) -> CampaignState:
    """Load a checked file into the ledger and seal it, as `launching.submit` does."""
    with console.counting("loading") as counted:
        state = launching.submit(
            ledger,
            checked,
            campaign_id,
            policy,
            account,
            lambda loaded: counted(loaded, checked.row_count),
            repeat_window,
        )
    view = campaign_view(ledger, campaign_id)
    if view.policy != policy:
        console.say(f"campaign {campaign_id} keeps the policy that it was created with")
    if view.cancelled_by:
        console.warn(f"campaign {campaign_id} was cancelled: contacts that are new are not called")
    return state
