"""`callsched extend`: let one live call last longer."""

from __future__ import annotations

from typing import Annotated

import typer

from scheduler.cli import console, options, orders
from scheduler.cli.access import opened_ledger
from scheduler.fields.durations import positive_seconds
from scheduler.ledger.controls import current_attempt
from scheduler.ledger.controls import extend as move_deadline
from scheduler.ledger.reading import campaign_view, find_row
from scheduler.settings import settings


def _seconds(written: str) -> float:
    try:
        return positive_seconds(written)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def extend(
    id_: options.ExistingId,
    contact: options.SomeContact,
    by: Annotated[
        float,
        typer.Argument(metavar="DURATION", parser=_seconds, help="How much longer: 90s, 5m, 1h."),
    ],
    note: options.Note = "",
    json: options.Json = False,
) -> None:
    """Move the deadline of one live call, up to CALLSCHED_MAX_DURATION_CEILING from its start.

    What it may last longer is taken from the campaign's budget, if it has one.

    Example: `callsched extend bridges design 5m`
    """
    ceiling = settings().max_duration_ceiling
    with opened_ledger() as ledger:
        row = find_row(ledger, id_, contact)
        attempt, account = current_attempt(ledger, id_, row), campaign_view(ledger, id_).account
        control = orders.given(note, f"#{row} by {by:g} s")
        deadline = move_deadline(ledger, account, attempt, by, control, ceiling_seconds=ceiling)
    if json:
        console.emit({"campaign_id": id_, "row": row, "deadline": deadline})
        return
    when = orders.instant(deadline)
    console.out.print(f"the call to {contact} is ended at {when}", markup=False)
