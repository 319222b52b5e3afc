"""`callsched user`: who signs in to the console, and what each may do."""

from __future__ import annotations

import typer

from scheduler.cli import user_changes, user_list

user = typer.Typer(
    help="Add, list and remove the users who sign in to the console of `callsched web`.\n\n"
    "Without any user or token `callsched web` serves its console to whoever started it alone, on"
    " this machine, by an address with a key that it prints.\n\n"
    "Example: `callsched user add ada --role operate`",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
user.command()(user_changes.add)
user.command("list")(user_list.list_)
user.command()(user_changes.password)
user.command()(user_changes.remove)
