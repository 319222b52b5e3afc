"""Asks before something that can't be undone or that rings phones, with the numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import typer

from scheduler.accounts import SANDBOX_ACCOUNT
from scheduler.cli import console
from scheduler.errors import ConfigError
from scheduler.fields.counts import counted
from scheduler.fields.visible import visible
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import CampaignView
from scheduler.operations.do_not_call import is_prefix, most_numbers
from scheduler.operations.guard import is_sandbox
from scheduler.operations.stakes import Stakes, at_stake, stakes_of
from scheduler.providers import accounts_of
from scheduler.settings import settings

#: The most patterns that a question names.
_NAMED = 3


def confirm(question: str, otherwise: str) -> None:
    """On a terminal, ask; elsewhere never. After a no, say `otherwise` and exit with 1."""
    if console.may_ask() and not typer.confirm(visible(question), err=True):
        console.say(otherwise)
        raise typer.Exit(1)


def is_real(account: str) -> bool:
    """Whether calls of an account ring phones; an account that the settings don't know may."""
    if account == SANDBOX_ACCOUNT:
        return False
    try:
        address = accounts_of(settings()).named(account).credentials.address
    except ConfigError:
        return True
    return not is_sandbox(address)


def waiting_calls(stakes: Stakes) -> str:
    """Say how many calls wait in how many campaigns, and how long they may last."""
    campaigns = counted(stakes.campaigns, "campaign")
    waiting = counted(stakes.waiting, "call waits", "calls wait")
    return f"{campaigns}: {waiting} ({counted(stakes.minutes, 'minute')} at worst)"


def live_calls(stakes: Stakes) -> str:
    """Say how many calls are live."""
    return counted(stakes.live, "call is live", "calls are live")


def confirm_halt(views: Sequence[CampaignView], question: str, *, live: str) -> None:
    """Before campaigns are ended, say what is at stake, what live calls will do, and ask."""
    stakes = at_stake(views)
    if not stakes.campaigns or not console.may_ask():
        return
    console.say(f"{waiting_calls(stakes)} and will never be made; {live_calls(stakes)} and {live}.")
    confirm(question, "nothing was changed")


def confirm_patterns(ledger: Ledger, entries: Iterable[str], *, hangs_up: bool = False) -> None:
    """Before patterns come onto the do-not-call list, say how far they reach, and ask."""
    patterns = [each for each in entries if is_prefix(each)]
    if not patterns or not console.may_ask():
        return
    stakes = stakes_of(ledger)
    console.say(
        *_reach(patterns),
        f"{waiting_calls(stakes)}. Calls to such numbers end as skipped: do_not_call.",
        *([f"{live_calls(stakes)}; those to such numbers are ended now."] if hangs_up else []),
    )
    confirm("Put them on the list?", "the list was not changed")


def confirm_removal(entries: Iterable[str]) -> None:
    """Before patterns leave the do-not-call list, say how far they reach, and ask."""
    patterns = [each for each in entries if is_prefix(each)]
    if not patterns or not console.may_ask():
        return
    console.say(*_reach(patterns), "From then on they may be called.")
    confirm("Take them off the list?", "the list was not changed")


def _reach(patterns: Sequence[str]) -> list[str]:
    lines = [
        f"{each} stands for up to {counted(most_numbers(each), 'number')}."
        for each in patterns[:_NAMED]
    ]
    if len(patterns) > _NAMED:
        lines.append(f"… and {counted(len(patterns) - _NAMED, 'other pattern')}")
    return lines
