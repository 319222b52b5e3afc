"""`callsched status`: how the campaigns and their accounts stand."""

from __future__ import annotations

from typing import Annotated

import typer

from scheduler.cli import console, options, served, status_view
from scheduler.cli.access import opened_ledger
from scheduler.live.standing import standing
from scheduler.operations.waits import NO_WAIT, why_waits


def status(
    id_: options.OneOrAll = None,
    account: options.OfAccount = None,
    every: Annotated[
        bool, typer.Option("--all", help="List every campaign, however many there are.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Show all campaigns, or one, and the accounts that they dial from.

    With more than 200 campaigns, active ones and those that need somebody come first, then waiting
    ones, then finished ones; the newest of each first.

    Example: `callsched status nightly-2026-11-22 --json`
    """
    with opened_ledger() as ledger:
        known = standing(ledger, id_, account, None if every else status_view.MOST_LISTED)
        if json:
            console.emit(
                status_view.record(known, id_) | served.records(ledger, known.campaigns, id_)
            )
            return
        only = known.campaigns[0] if len(known.campaigns) == 1 else None
        status_view.show(known, why_waits(ledger, only) if only else NO_WAIT)
        served.warn(ledger, known.campaigns)
