"""`callsched token`: what programs send to the API, and what each may do."""

from __future__ import annotations

import typer

from scheduler.cli import token_changes, token_list

token = typer.Typer(
    help="Make, list and revoke the tokens by which programs use the API of `callsched web`.\n\n"
    "A program sends one as `Authorization: Bearer TOKEN`. The ledger keeps a digest alone: a"
    " token is shown once, when it is made.\n\n"
    "Example: `callsched token create nightly-load --scope start --account main`",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
token.command()(token_changes.create)
token.command("list")(token_list.list_)
token.command()(token_changes.revoke)
