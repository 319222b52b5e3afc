"""`callsched dnc import`, `list` and `export`: the whole list, and files of entries."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scheduler.cli import console, dnc_import_view, dnc_view, options
from scheduler.cli.access import opened_ledger
from scheduler.cli.dnc_options import Region, Why
from scheduler.cli.output import writing
from scheduler.ledger import do_not_call as in_ledger
from scheduler.operations import do_not_call
from scheduler.operations.do_not_call import Import, ListFile


def import_(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="One entry a line, or a table with a column phone_number."
        ),
    ],
    why: Why = "",
    region: Region = None,
    encoding: options.Encoding = "utf-8",
    json: options.Json = False,
) -> None:
    """Put every entry of a file on the list, of any length; gzip is read, too.

    It has one entry a line with comments after a #, or a header with columns of numbers, or is a
    download of the registry of the US (202,5550123; say --region US). When a line can't be read,
    it is named, nothing of the file is taken, and the exit code is 1. The same file may be imported
    again. `-` is standard input.

    Example: `callsched dnc import registry.txt --region US --why 'US registry, November'`
    """
    with console.counting(f"reading {do_not_call.name_of(file)}", "entries") as counted:
        read = do_not_call.read_file(file, region, encoding, counted)
    done = Import(read) if read.problems.total else _taken(read, why)
    dnc_import_view.show(done, json=json)
    if read.problems.total:
        raise typer.Exit(1)


def _taken(file: ListFile, why: str) -> Import:
    with opened_ledger() as ledger, console.counting("importing", "entries") as counted:
        return do_not_call.import_file(ledger, file, why, on_progress=counted)


def list_(json: options.JsonLines = False) -> None:
    """Show every entry, since when it is on the list, and why; in no order.

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
    """Write every entry on a line of its own, as `import` and a campaign's do_not_call read it.

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
