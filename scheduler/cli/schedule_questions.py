"""Asks, on a terminal, before a schedule has workers call people by themselves."""

from __future__ import annotations

from scheduler.accounts import Account
from scheduler.campaign.checked import CheckedCampaign
from scheduler.cli import console, questions
from scheduler.cli.schedule_view import when
from scheduler.fields.counts import counted
from scheduler.fields.durations import written
from scheduler.hours.cron import firings_between
from scheduler.ledger.schedules import ScheduleView
from scheduler.models import Schedule
from scheduler.operations.guard import is_sandbox

_DAY_SECONDS = 86_400.0


def confirm_added(checked: CheckedCampaign, account: Account, rule: Schedule, at: float) -> None:
    """Say how many people a schedule calls, how often and from when on, and ask."""
    address = account.credentials.address
    if not console.may_ask() or is_sandbox(address):
        return
    people, longest = checked.callable_count, checked.policy.max_duration_seconds
    firings = sum(1 for _ in firings_between(rule, at - 1.0, at + _DAY_SECONDS - 1.0))
    console.say(
        f"Each firing calls {counted(people, 'contact')} on account {account.name} through"
        f" {address}, at most {written(longest)} each:"
        f" {counted(round(people * longest / 60), 'minute')} of calls at worst.",
        f"It fires first {when(rule, at)}, and {counted(firings, 'time')} within 24 hours.",
    )
    questions.confirm("Add it?", "nothing was added")


def confirm_now(view: ScheduleView) -> None:
    """Before a schedule is launched by hand, say what it calls, and ask."""
    if console.may_ask() and questions.is_real(view.account):
        console.say(
            f"A worker calls every contact of {view.launch.path} on account {view.account}."
        )
        questions.confirm("Launch it?", "nothing was launched")
