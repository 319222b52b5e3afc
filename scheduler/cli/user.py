"""`callsched user`: who signs in to the console, and what each may do."""

from __future__ import annotations

import typer

from scheduler.cli import user_changes, user_list

user = typer.Typer(
    help="Manage the users who sign in to the console of `callsched web`.\n\n"
    "While there are no users and no tokens, `callsched web` prints an address with a key, which"
    " opens the console on this machine once.\n\n"
    "Example: `callsched user add ada --role operate`",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
user.command()(user_changes.add)
user.command("list")(user_list.list_)
user.command()(user_changes.password)
user.command()(user_changes.remove)
