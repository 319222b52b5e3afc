"""`callsched history`: when was this number called, and by which campaigns?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scheduler.cli import console, history_view, options
from scheduler.cli.access import opened_ledger
from scheduler.cli.dnc_options import in_options
from scheduler.operations.erase import read_address
from scheduler.operations.history import history_of


def history(
    number: Annotated[
        str, typer.Argument(metavar="NUMBER", help="Such as +12025550143, or a SIP address.")
    ],
    region: options.Region = None,
    archives: Annotated[
        list[Path] | None,
        typer.Option(
            "--archived",
            metavar="PATH",
            help="Also look in this file or folder, written by `callsched archive`. May be"
            " repeated.",
        ),
    ] = None,
    json: options.Json = False,
) -> None:
    """Show every call to a number, in all campaigns: when, and from which account.

    It lists each attempt with its caller id and how it ended, calls that still wait, and the
    number's entry on the do-not-call list: who made it, when and why. Calls with any key presses
    behind the number count. Of campaigns whose contacts are no longer kept it knows the calls of
    the last 31 days.

    Example: `callsched history +12025550143`
    """
    try:
        address = read_address(number.partition(",")[0], region)
    except ValueError as error:
        raise typer.BadParameter(in_options(str(error)), param_hint="NUMBER") from None
    with opened_ledger() as ledger:
        found = history_of(ledger, address, archives=archives or (), counting=console.counting)
    if json:
        console.emit(found.as_record())
    else:
        history_view.show(found)
