"""`callsched priority`: which of the running campaigns goes first."""

from __future__ import annotations

from typing import Annotated

import typer

from scheduler.cli import console, options, orders
from scheduler.cli.access import changed_ledger
from scheduler.operations.controls import prioritise


def priority(
    id_: options.ExistingId,
    number: Annotated[
        int,
        typer.Argument(min=-100, max=100, metavar="N", help="Higher goes first; the default is 0."),
    ],
    weight: Annotated[
        float | None,
        typer.Option(
            min=0.01, max=100, metavar="W", help="Its share among campaigns of the same priority."
        ),
    ] = None,
    note: options.Note = "",
    json: options.Json = False,
) -> None:
    """Change the priority, and with --weight the share, of a campaign while it runs.

    Write a negative priority after two dashes: `callsched priority nightly -- -5`.

    Example: `callsched priority nightly-2026-11-22 5 --weight 2`
    """
    with changed_ledger() as ledger:
        view = prioritise(ledger, id_, number, weight, orders.given(note))
    if json:
        console.emit(view.as_record())
        return
    console.out.print(
        f"campaign {id_} has priority {view.priority}, weight {view.weight:g}", markup=False
    )
