"""What all commands with orders share: who gives an order, and for which campaigns."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from scheduler.hours import reader
from scheduler.ledger.controls import Controlled
from scheduler.ledger.ledger import Control
from scheduler.operations.orders import order_of
from scheduler.operations.orders import who as who


def given(note: str = "") -> Control:
    """Return an order of the user who runs this command, with the note."""
    return order_of(who(), note)


def expect_chosen(ids: Sequence[str] | None, *, every: bool) -> None:
    """Refuse, as bad usage, an order for no campaign, or for named campaigns and for all."""
    if bool(ids) == every:
        raise typer.BadParameter("name the campaigns, or say --all", param_hint="ID")


def recorded(each: Controlled) -> str:
    """Return an operator's order in one line."""
    note = f": {each.note}" if each.note else ""
    return f"{instant(each.at)}  {each.what} by {each.who}{note}"


def instant(at: float) -> str:
    """Return an instant as the reader's clock shows it."""
    return reader.moment(at)
