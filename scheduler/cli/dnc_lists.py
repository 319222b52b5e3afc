"""`callsched dnc list` and `export`: the whole list."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scheduler.cli import console, dnc_view, options
from scheduler.cli.access import opened_ledger
from scheduler.cli.output import writing
from scheduler.operations import do_not_call


def list_(
    text: Annotated[
        str,
        typer.Argument(metavar="[TEXT]", help="Only entries with this text in them, or in why."),
    ] = "",
    json: options.JsonLines = False,
) -> None:
    """List every entry, when it was added, and why: the newest first.

    A list of more than 100,000 entries comes in no order.

    Example: `callsched dnc list 'asked by mail'`
    """
    is_empty = True
    with opened_ledger() as ledger:
        for each, listing in do_not_call.matching(ledger, text):
            dnc_view.show_entry(each, listing, json=json)
            is_empty = False
    if is_empty:
        console.say("no entry has this text" if text else "the list is empty")


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
