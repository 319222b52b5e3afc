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
            metavar="FILE", help="One entry per line, or a table with a column phone_number."
        ),
    ],
    why: Why = "",
    region: options.Region = None,
    encoding: options.Encoding = "utf-8",
    yes: options.YesAnyway = False,
    json: options.Json = False,
) -> None:
    """Add every entry of a file to the list; the file may be of any length, or gzipped.

    The file has one entry a line and comments after a #, or a header with columns of numbers, or is
    a download of the US registry (202,5550123; use --region US). If a line can't be read, the
    command names it, imports nothing, and exits with 1. Importing the same file again does no harm.
    `-` reads standard input.

    Example: `callsched dnc import registry.txt --region US --note 'US registry, November'`
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
