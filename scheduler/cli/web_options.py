"""Options shared by the commands that give access to the web."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from scheduler.cli import console
from scheduler.errors import ConfigError
from scheduler.hours import reader
from scheduler.providers import accounts_of
from scheduler.rights import Scope
from scheduler.settings import settings

MAY = (
    "Each role includes those before it. look: see campaigns, calls and results; operate: pause,"
    " cancel, stop and settle; start: have people called; admin: everything, and see numbers in"
    " full."
)
Accounts = Annotated[
    list[str] | None,
    typer.Option(
        "--account",
        metavar="NAME",
        help="Give access to this account only; repeatable. Default: all accounts.",
    ),
]
SeesNumbers = Annotated[
    bool,
    typer.Option("--see-numbers", help="Show numbers in full. Default: masked."),
]


def chosen(names: Sequence[str] | None) -> frozenset[str] | None:
    """Return the accounts that somebody may see; warn of one that this machine does not know."""
    if not names:
        return None
    try:
        known = set(accounts_of(settings(), is_tolerant=True).names)
    except ConfigError:
        known = set(names)  # other commands say what is wrong with the accounts
    for name in sorted(set(names) - known):
        console.warn(f"this machine knows no account {name}: is it written as it is meant?")
    return frozenset(names)


def as_record(
    scope: Scope, accounts: frozenset[str] | None, *, sees_numbers: bool
) -> dict[str, Any]:
    """Return what a user or token may do, for a program."""
    sees = sees_numbers or scope is Scope.ADMIN
    return {"accounts": sorted(accounts) if accounts else None, "sees_numbers": sees}


def in_words(accounts: frozenset[str] | None) -> str:
    """Return which accounts a user or token sees, for a person."""
    return ", ".join(sorted(accounts)) if accounts else "all"


def instant(at: float | None) -> str:
    """Return an instant; "never" for None."""
    return "never" if at is None else reader.minute(at)
