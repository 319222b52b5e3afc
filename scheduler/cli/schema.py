"""`callsched schema`: what a campaign file or an accounts file may have in it."""

from __future__ import annotations

import json as jsonlib
from typing import Annotated, Any

import typer

from scheduler.campaign.jsonschema import campaign_schema
from scheduler.campaign.keys import presets as shipped
from scheduler.cli import console, options, presets_view, streams
from scheduler.cli.provider import kind_of
from scheduler.cli.schema_options import SchemaProvider
from scheduler.operations.starter import caller
from scheduler.providers import accounts_schema
from scheduler.settings import settings

schema = typer.Typer(
    help="Print the JSON Schema of a campaign or accounts file, or list the presets.\n\n"
    "Without a command it prints that of a campaign file.\n\n"
    "Example: `callsched schema > campaign.schema.json`",
    invoke_without_command=True,
    rich_markup_mode="markdown",
)


@schema.callback()
def _alone(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        campaign(None)


@schema.command()
def campaign(provider: SchemaProvider = None) -> None:
    """Print the JSON Schema of a campaign file, which lets editors complete and check it.

    To use it, begin a YAML file with `# yaml-language-server: $schema=campaign.schema.json`.

    Example: `callsched schema campaign > campaign.schema.json`
    """
    api = caller("", settings()).api if provider is None else kind_of(provider, "--provider")
    _print(campaign_schema(api))


@schema.command()
def accounts() -> None:
    """Print the JSON Schema of the file that CALLSCHED_ACCOUNTS names.

    Example: `callsched schema accounts > accounts.schema.json`
    """
    _print(accounts_schema())


@schema.command()
def presets(
    name: Annotated[str | None, typer.Argument(help="Only this preset.")] = None,
    json: options.Json = False,
) -> None:
    """List the presets: what each sets, the text of its rule, its source and its date.

    A campaign file names them: `preset: us-tcpa`, or a list; `us` selects the state's preset for
    each contact. They are not legal advice.

    Example: `callsched schema presets us-fl`
    """
    chosen = list(shipped.presets().values()) if name is None else [presets_view.named(name)]
    if json:
        console.emit(presets_view.as_record(chosen))
    elif name is None:
        presets_view.show_all(chosen)
    else:
        presets_view.show_one(chosen[0])


def _print(found: dict[str, Any]) -> None:
    typer.echo(jsonlib.dumps(found, indent=2, ensure_ascii=not streams.takes_unicode()))
