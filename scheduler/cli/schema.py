"""`callsched schema`: what a campaign file may have in it, for editors."""

from __future__ import annotations

import json

import typer

from scheduler.campaign.jsonschema import campaign_schema
from scheduler.cli import streams


def schema() -> None:
    """Print the JSON Schema of a campaign file, by which editors complete and check it.

    A YAML file that begins with `# yaml-language-server: $schema=campaign.schema.json` has it.

    Example: `callsched schema > campaign.schema.json`
    """
    typer.echo(json.dumps(campaign_schema(), indent=2, ensure_ascii=not streams.takes_unicode()))
