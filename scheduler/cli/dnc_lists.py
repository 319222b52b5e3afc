"""`callsched dnc list` and `export`: the whole list."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scheduler.cli import console, dnc_view, options
from scheduler.cli.access import opened_ledger
from scheduler.cli.output import writing
from scheduler.ledger import do_not_call as in_ledger
from scheduler.operations import do_not_call


def list_(json: options.JsonLines = False) -> None:
    """List every entry, when it was added, and why.

    Example: `callsched dnc list --json`
    """
    with opened_ledger() as ledger:
        for each, listing in in_ledger.entries(ledger):
            dnc_view.show_entry(each, listing, json=json)


def export(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="PATH", help="Write to this file.")
    ] = None,
    json: options.JsonLines = False,
) -> None:
    """Write every entry on its own line, as `import` and the key do_not_call read them.

    Example: `callsched dnc export -o do-not-call.txt`
    """
    with (
        opened_ledger() as ledger,
        writing(output) as file,
        console.counting("writing", "entries") as counted,
    ):
        for each, listing in do_not_call.listed(ledger, counted):
            record = do_not_call.listing_record(each, listing)
            file.write((console.as_json(record) if json else each) + "\n")
