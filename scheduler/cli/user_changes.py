"""`callsched user add`, `password` and `remove`."""

from __future__ import annotations

from typing import Annotated

import typer

from scheduler.cli import console, options, orders, passwords, web_options
from scheduler.cli.access import changed_ledger
from scheduler.operations import users
from scheduler.rights import Scope

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name to sign in with.")]


def add(
    name: Name,
    role: Annotated[
        Scope,
        typer.Option("--role", help=web_options.MAY),
    ],
    accounts: web_options.Accounts = None,
    see_numbers: web_options.SeesNumbers = False,
    password_stdin: passwords.FromStdin = False,
    json: options.Json = False,
) -> None:
    """Add a user. The password is asked for twice, or read from standard input.

    Example: `callsched user add ada --role operate --account main`
    """
    users.expect_name(name)
    seen = web_options.chosen(accounts)
    secret = passwords.read(from_stdin=password_stdin)
    with changed_ledger() as ledger:
        users.add(
            ledger, name, role, secret, accounts=seen, sees_numbers=see_numbers, who=orders.who()
        )
    if json:
        may = web_options.as_record(role, seen, sees_numbers=see_numbers)
        console.emit({"name": name, "role": role, **may})
    else:
        console.out.print(f"user {name} may {role}, on accounts: {web_options.in_words(seen)}")


def password(
    name: Name, password_stdin: passwords.FromStdin = False, json: options.Json = False
) -> None:
    """Set another password for a user. All of the user's sessions end.

    Example: `callsched user password ada`
    """
    with changed_ledger() as ledger:
        users.expect_user(ledger, name)
        users.set_password(ledger, name, passwords.read(from_stdin=password_stdin))
    if json:
        console.emit({"changed": name})
    else:
        console.out.print(f"user {name} has another password, and is signed out everywhere")


def remove(name: Name, json: options.Json = False) -> None:
    """Remove a user. All of the user's sessions end at once.

    Example: `callsched user remove ada`
    """
    with changed_ledger() as ledger:
        users.remove(ledger, name)
    if json:
        console.emit({"removed": name})
    else:
        console.out.print(f"user {name} is removed, and signed out everywhere")
