"""`callsched config`: which settings hold here, and where each comes from."""

from __future__ import annotations

from typing import Annotated

import typer

from scheduler.cli import console, options
from scheduler.operations import configuration
from scheduler.settings import settings


def config(
    every: Annotated[
        bool, typer.Option("--all", help="Also show the settings that are left at their defaults.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Show each setting that is set, its value, and where it comes from.

    Secrets are hidden and numbers are masked. It opens no ledger and asks no API:
    `callsched doctor` checks whether the settings work.

    Example: `callsched config --all`
    """
    found = list(configuration.of(settings()))
    shown = [each for each in found if every or each.source != configuration.DEFAULT]
    if json:
        console.emit({"settings": [each.as_record() for each in shown]})
        return
    ledger = next(each.value for each in found if each.variable.endswith("_REDIS_URL"))
    console.out.print(f"ledger: {ledger}")
    rows = [(each.variable, each.value, each.source) for each in shown]
    if rows:
        console.out.print(console.table("", ("setting", "value", "from"), rows))
    else:
        console.out.print("no setting is set; --all shows the defaults")
