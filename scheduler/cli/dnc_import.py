"""`callsched dnc import`: the entries of a whole file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scheduler.cli import console, dnc_import_view, options, questions
from scheduler.cli.access import changed_ledger
from scheduler.cli.dnc_options import Why
from scheduler.cli.orders import who
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
    region: options.Region = None,
    encoding: options.Encoding = "utf-8",
    yes: options.YesAnyway = False,
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
    done = Import(read) if read.problems.total else _taken(read, why, yes=yes)
    dnc_import_view.show(done, json=json)
    if read.problems.total:
        raise typer.Exit(1)


def _taken(file: ListFile, why: str, *, yes: bool) -> Import:
    with changed_ledger() as ledger:
        if not yes:
            questions.confirm_patterns(ledger, file.entries.others)
        with console.counting("importing", "entries") as done:
            return do_not_call.import_file(ledger, file, why, who(), on_progress=done)
