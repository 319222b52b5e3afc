"""Opens the ledger for the length of a command, to read it or to change it.

A command that changes a ledger says which one. If it is a private ledger on a machine that has
used a pool's, the user has to confirm it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from scheduler.cli import console
from scheduler.cli.suggested import suggested
from scheduler.errors import LedgerError
from scheduler.ledger import access, views
from scheduler.ledger.ledger import Ledger
from scheduler.operations import ledger_choice
from scheduler.operations.ledger_choice import Doubt
from scheduler.settings import Settings, settings


@contextmanager
def opened_ledger(beside: Path | None = None, *, is_relied_on: bool = False) -> Iterator[Ledger]:
    """Open the ledger of this environment to read it.

    `beside` is the file that the command is about. A warning names a private ledger that may be a
    mistake; with `is_relied_on`, for output that programs read, that is a ConfigError.
    """
    chosen = settings()
    if found := ledger_choice.doubt(chosen, beside):
        if is_relied_on:
            raise ledger_choice.refusal(chosen, found)
        console.warn(f"this is the ledger that is {ledger_choice.name_of(chosen)}; {found.why}")
    with access.opened(chosen) as (ledger, _):
        yield ledger


@contextmanager
def changed_ledger(*, upgrades: bool = False, beside: Path | None = None) -> Iterator[Ledger]:
    """Open the ledger of this environment to change it, and say which one it is."""
    chosen = settings()
    with meant(chosen, beside), access.opened(chosen, upgrades=upgrades) as (ledger, _):
        yield ledger


@contextmanager
def meant(chosen: Settings, beside: Path | None = None, *, asks: bool = True) -> Iterator[None]:
    """Say at the end which ledger was changed; every JSON object names it from the start.

    A private ledger that may be a mistake has to be confirmed first: on a terminal by a question,
    elsewhere by the settings. Raises ConfigError.
    """
    if asks and (found := ledger_choice.doubt(chosen, beside)):
        _ask(chosen, found)
    console.sign(ledger=ledger_choice.name_of(chosen, is_whole=True))
    yield
    ledger_choice.remember(chosen)
    console.say(f"ledger: {ledger_choice.name_of(chosen)}")


def _ask(chosen: Settings, found: Doubt) -> None:
    if not console.may_ask():
        raise ledger_choice.refusal(chosen, found)
    console.say(f"This uses the ledger that is {ledger_choice.name_of(chosen)}, but {found.why}.")
    if not typer.confirm("Is the private ledger meant?", default=False, err=True):
        console.say("nothing was done: set CALLSCHED_REDIS_URL to that Redis")
        raise typer.Exit(1)
    if found.is_noted:
        ledger_choice.forget(chosen)


def newest(ledger: Ledger) -> str:
    """Return the campaign that was created last. Raises LedgerError if there is none."""
    ids = views.campaign_ids(ledger, 1)
    if not ids:
        raise LedgerError(nothing_yet())
    return ids[0]


def nothing_yet() -> str:
    """Return the message about a ledger without campaigns."""
    example = suggested("init", "--example", "reminders")
    return f"no campaigns yet: `{example}` writes one to try"
