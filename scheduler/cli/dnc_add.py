"""`callsched dnc add`: nobody calls them any more, and what is live to them may be ended."""

from __future__ import annotations

import typer

from scheduler.cli import complaint_view, console, dnc_view, options, questions
from scheduler.cli.access import changed_ledger
from scheduler.cli.dnc_options import Entries, HangUp, Why, read
from scheduler.cli.orders import given
from scheduler.operations import complaint, do_not_call


def add(
    numbers: Entries,
    why: Why = "added by hand",
    region: options.Region = None,
    hang_up: HangUp = False,
    yes: options.YesAnyway = False,
    json: options.Json = False,
) -> None:
    """Add numbers to the list: from now on no campaign dials them.

    Existing entries keep their date and note. Live calls continue unless --hang-up ends them; the
    command shows in which campaigns calls wait. On a terminal it asks before it adds a pattern such
    as '+1202*'.

    Exit codes: 0 done; 1 the end of a call is not confirmed yet.

    Example: `callsched dnc add +12025550143 --hang-up --note 'complained by phone'`
    """
    entries, control = read(numbers, region), given(why)
    with changed_ledger() as ledger:
        if not yes:
            questions.confirm_patterns(ledger, entries, hangs_up=hang_up)
        addition = do_not_call.add(ledger, entries, why, control.who)
        if not json:
            dnc_view.show_added(entries, addition)
        found = complaint.look(ledger, entries)
        hung_up = complaint_view.hang_up(ledger, found, control) if hang_up else None
        if json:
            console.emit(complaint.as_record(addition, found, hung_up))
        else:
            complaint_view.show(entries, found, hung_up)
    if hung_up is not None and hung_up.left:
        raise typer.Exit(1)
