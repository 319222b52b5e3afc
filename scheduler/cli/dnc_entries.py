"""`callsched dnc remove` and `check`: entries that are named one by one."""

from __future__ import annotations

import typer

from scheduler.cli import console, dnc_view, options, questions
from scheduler.cli.access import changed_ledger, opened_ledger
from scheduler.cli.dnc_options import Entries, read
from scheduler.cli.orders import given
from scheduler.errors import SchedulerError
from scheduler.ledger import do_not_call as in_ledger
from scheduler.operations import do_not_call


def remove(
    numbers: Entries,
    region: options.Region = None,
    yes: options.YesAnyway = False,
    json: options.Json = False,
) -> None:
    """Remove entries from the list. Exit code 1 if one was not on it.

    A number that a prefix also covers stays on the list; the command says so.

    Example: `callsched dnc remove +12025550143`
    """
    entries = read(numbers, region)
    with changed_ledger() as ledger:
        if not yes:
            questions.confirm_removal(entries)
        removal = do_not_call.remove(ledger, entries, given())
    dnc_view.show_removed(removal, json=json)
    if removal.missing:
        raise typer.Exit(1)


def check(numbers: Entries, region: options.Region = None, json: options.Json = False) -> None:
    """Check whether numbers are on the list.

    Exit codes: 0 none is; 1 one is; 2 it could not be determined. Whatever goes wrong, a command
    after `&&` does not run.

    Example: `callsched dnc check +12025550143 && echo may be called`
    """
    entries = read(numbers, region)
    try:
        with opened_ledger(is_relied_on=True) as ledger:
            found = {each: in_ledger.barred(ledger, each) for each in entries}
    except SchedulerError as error:
        console.fail(*map(str, error.args))
        raise typer.Exit(2) from None
    dnc_view.show_verdicts(found, json=json)
    if any(found.values()):
        raise typer.Exit(1)
