"""`callsched stop`: end one live call now."""

from __future__ import annotations

import typer

from scheduler.cli import console, options, orders
from scheduler.cli.access import opened_ledger
from scheduler.cli.endings import endings, say_endings, see_ended
from scheduler.errors import LedgerError, StaleAttempt
from scheduler.ledger.controls import current_attempt, stop_call
from scheduler.ledger.reading import campaign_view, find_row


def stop(
    id_: options.ExistingId,
    contact: options.SomeContact,
    note: options.Note = "",
    json: options.Json = False,
) -> None:
    """End one live call now, and wait until its end is confirmed. It ends as `aborted`.

    One whose start is under way is ended as soon as it is answered.

    Exit codes: 0 it has ended; 1 it is not live, or its end is not confirmed yet.

    Example: `callsched stop bridges design`
    """
    with opened_ledger() as ledger:
        row = find_row(ledger, id_, contact)
        attempt, account = current_attempt(ledger, id_, row), campaign_view(ledger, id_).account
        try:
            stop_call(ledger, account, attempt, orders.given(note, f"#{row}"))
        except StaleAttempt:
            raise LedgerError(
                f"the call to {contact} is not live: see `callsched explain {id_} {contact}`"
            ) from None
        left = see_ended(ledger, {account: [attempt]})
        records = endings(ledger, [attempt], left)
    if json:
        console.emit(records[0] if records else {"campaign_id": id_, "row": row})
    elif not records:
        console.out.print("its start placed no call", markup=False)
    else:
        say_endings(records)
    if left:
        console.fail("its end is not confirmed yet; its stop is on record, and is sent again")
        raise typer.Exit(1)
