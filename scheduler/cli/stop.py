"""`callsched stop`: end one live call now."""

from __future__ import annotations

import typer

from scheduler.cli import console, options, orders
from scheduler.cli.access import changed_ledger
from scheduler.cli.endings_view import TerminalReporter, say_endings
from scheduler.cli.suggested import suggested
from scheduler.errors import LedgerError, StaleAttempt
from scheduler.operations import live_calls


def stop(
    id_: options.ExistingId,
    contact: options.SomeContact,
    note: options.Note = "",
    json: options.Json = False,
) -> None:
    """End one live call now, and wait until its end is confirmed. It ends as `aborted`.

    A call that is being placed ends as soon as its start is answered.

    Exit codes: 0 it has ended; 1 it is not live, or its end is not confirmed yet.

    Example: `callsched stop bridges design`
    """
    control = orders.given(note)
    with changed_ledger() as ledger:
        try:
            stopped = live_calls.stop(ledger, id_, contact, control, TerminalReporter())
        except StaleAttempt:
            raise LedgerError(
                f"the call to {contact} is not live: see `{suggested('explain', id_, contact)}`"
            ) from None
    ending = stopped.ending
    if json:
        console.emit(ending.as_record() if ending else {"campaign_id": id_, "row": stopped.row})
    elif ending:
        say_endings([ending])
    else:
        console.out.print("its start placed no call", markup=False)
    if not stopped.is_over:
        console.fail("its end is not confirmed yet; its stop is on record, and is sent again")
        raise typer.Exit(1)
