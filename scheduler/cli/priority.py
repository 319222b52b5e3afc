"""`callsched priority`: which campaign goes first, while they run."""

from __future__ import annotations

from typing import Annotated

import typer

from scheduler.cli import console, options, orders
from scheduler.cli.access import opened_ledger
from scheduler.errors import LedgerError
from scheduler.ledger.controls import prioritise
from scheduler.ledger.reading import campaign_view
from scheduler.models import CampaignState


def priority(
    id_: options.ExistingId,
    number: Annotated[
        int,
        typer.Argument(min=-100, max=100, metavar="N", help="A higher one goes first; usual is 0."),
    ],
    weight: Annotated[
        float | None,
        typer.Option(min=0.01, max=100, metavar="W", help="Its share among those of its class."),
    ] = None,
    note: options.Note = "",
    json: options.Json = False,
) -> None:
    """Change the priority of a campaign while it runs, and its weight if you say one.

    A priority below zero is written behind two dashes: `callsched priority nightly -- -5`.

    Example: `callsched priority nightly-2026-11-22 5 --weight 2`
    """
    said = f"{number}" if weight is None else f"{number}, weight {weight:g}"
    with opened_ledger() as ledger:
        control = orders.given(note, said)
        if prioritise(ledger, id_, number, weight, control) is CampaignState.FINISHED:
            raise LedgerError(f"campaign {id_} is finished: nothing was changed")
        view = campaign_view(ledger, id_)
    if json:
        console.emit(view.as_record())
        return
    console.out.print(
        f"campaign {id_} has priority {view.priority}, weight {view.weight:g}", markup=False
    )
