"""`callsched token create` and `revoke`."""

from __future__ import annotations

from typing import Annotated

import typer

from scheduler.cli import console, options, orders, web_options
from scheduler.cli.access import changed_ledger
from scheduler.cli.suggested import suggested
from scheduler.operations import access_tokens
from scheduler.rights import Scope

Name = Annotated[
    str,
    typer.Argument(metavar="NAME", help="What it is for, such as nightly-load; kept on record."),
]


def create(
    name: Name,
    scope: Annotated[
        Scope,
        typer.Option("--scope", help=web_options.MAY),
    ],
    accounts: web_options.Accounts = None,
    see_numbers: web_options.SeesNumbers = False,
    json: options.Json = False,
) -> None:
    """Create a token and print it, this once: the ledger keeps only a digest.

    Example: `callsched token create dashboard --scope look --account main`
    """
    seen = web_options.chosen(accounts)
    with changed_ledger() as ledger:
        made, written = access_tokens.create(
            ledger, name, scope, accounts=seen, sees_numbers=see_numbers, who=orders.who()
        )
    if json:
        may = web_options.as_record(made.scope, made.accounts, sees_numbers=made.sees_numbers)
        console.emit({"name": made.name, "scope": made.scope, **may, "token": written})
        return
    console.line(written)
    console.say(
        f"token {name} may {scope}, on accounts: {web_options.in_words(seen)}. Nobody can show it"
        f" again: keep it now. `{suggested('token', 'revoke', name)}` ends it"
    )


def revoke(name: Name, json: options.Json = False) -> None:
    """Revoke a token: from now on it grants nothing.

    Example: `callsched token revoke dashboard`
    """
    with changed_ledger() as ledger:
        access_tokens.revoke(ledger, name)
    if json:
        console.emit({"revoked": name})
    else:
        console.out.print(f"token {name} is revoked")
