"""`callsched token`: what programs send to the API, and what each may do."""

from __future__ import annotations

import typer

from scheduler.cli import token_changes, token_list

token = typer.Typer(
    help="Manage the tokens that give programs access to the API of `callsched web`.\n\n"
    "A program sends one as `Authorization: Bearer TOKEN`. The ledger keeps only a digest: a"
    " token is shown once, when it is created.\n\n"
    "Example: `callsched token create nightly-load --scope start --account main`",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
token.command()(token_changes.create)
token.command("list")(token_list.list_)
token.command()(token_changes.revoke)
