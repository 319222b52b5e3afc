"""`callsched extend`: let one live call last longer."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from scheduler.cli import console, options, orders
from scheduler.cli.access import changed_ledger
from scheduler.fields.durations import positive_seconds
from scheduler.ledger import views
from scheduler.operations import live_calls
from scheduler.operations.account import provider_with
from scheduler.providers import Prolongs
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
    """Extend one live call, up to CALLSCHED_MAX_DURATION_CEILING from its start.

    The extra time counts against the campaign's budget, if it has one.

    Example: `callsched extend bridges design 5m`
    """
    ceiling, control = settings().max_duration_ceiling, orders.given(note)
    with changed_ledger() as ledger:
        campaign = views.campaign(ledger, id_)
        opened = partial(provider_with, Prolongs, campaign, settings(), ledger)
        extended = live_calls.extend(ledger, id_, contact, by, control, ceiling, opened)
    if json:
        record = {"campaign_id": id_, "row": extended.row, "deadline": extended.deadline}
        console.emit(record)
        return
    when = orders.instant(extended.deadline)
    console.out.print(f"the call to {contact} now ends at {when}", markup=False)
