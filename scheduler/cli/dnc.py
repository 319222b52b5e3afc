"""`callsched dnc`: who is not to be called, in any campaign, from this moment on."""

from __future__ import annotations

import typer

from scheduler.cli import dnc_add, dnc_entries, dnc_import, dnc_lists

dnc = typer.Typer(
    help="Manage the ledger's do-not-call list, which applies at once and to every campaign.\n\n"
    "An entry is a number, a prefix such as `+1202*`, which stands for all numbers that begin"
    " with it, or a SIP address. Whoever opts out during a call is added, too.\n\n"
    "Example: `callsched dnc add +12025550143 --hang-up --note 'complained by phone'`",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
dnc.command()(dnc_add.add)
dnc.command()(dnc_entries.remove)
dnc.command("import")(dnc_import.import_)
dnc.command()(dnc_entries.check)
dnc.command("list")(dnc_lists.list_)
dnc.command()(dnc_lists.export)
