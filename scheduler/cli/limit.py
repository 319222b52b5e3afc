"""`callsched limit`: how many calls an account may have open, as callsched has learned."""

from __future__ import annotations

from typing import Annotated

import typer

from scheduler.cli import limit_view, options, orders
from scheduler.cli.access import changed_ledger, opened_ledger
from scheduler.operations import account_limit
from scheduler.operations.account_limit import look, replace
from scheduler.providers import accounts_of
from scheduler.settings import settings

limit = typer.Typer(
    help="Show or set the concurrency limit that callsched has learned for an account.\n\n"
    "Whatever is learned, the account never has more open calls than"
    " CALLSCHED_MAX_CONCURRENCY.\n\n"
    "Example: `callsched limit show`",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

_Account = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The account. Default: the only one, or the file's default."),
]


@limit.command()
def show(account: _Account = None, json: options.Json = False) -> None:
    """Show the learned limit, the ceiling, the slots in use, and when the limit is tried next.

    Example: `callsched limit show --json`
    """
    chosen = accounts_of(settings()).of_ledger(account)
    with opened_ledger() as ledger:
        found = look(ledger, chosen.name, chosen.ceiling)
    limit_view.show(found, json=json)


@limit.command("set")
def set_(
    slots: Annotated[int, typer.Argument(min=1, max=100_000, metavar="N", help="Open calls.")],
    account: _Account = None,
    note: options.Note = "",
    json: options.Json = False,
) -> None:
    """Replace the learned limit: you know how many calls the account may have open.

    Learning continues from there: a 429 lowers the limit, and after five minutes one more call is
    tried. To limit calls permanently, set CALLSCHED_MAX_CONCURRENCY for the workers.

    Example: `callsched limit set 20 --note 'as the contract says'`
    """
    chosen = accounts_of(settings()).of_ledger(account)
    with changed_ledger() as ledger:
        replace(ledger, chosen.name, slots, orders.given(note))
        found = look(ledger, chosen.name, chosen.ceiling)
    limit_view.show(found, json=json)


@limit.command()
def forget(account: _Account = None, note: options.Note = "", json: options.Json = False) -> None:
    """Forget the learned limit, for example when the contract has changed; learning starts anew.

    Example: `callsched limit forget`
    """
    chosen = accounts_of(settings()).of_ledger(account)
    with changed_ledger() as ledger:
        account_limit.forget(ledger, chosen.name, orders.given(note))
        found = look(ledger, chosen.name, chosen.ceiling)
    limit_view.show(found, json=json)
