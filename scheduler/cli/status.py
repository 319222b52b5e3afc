"""`callsched status`: how the campaigns and their accounts stand."""

from __future__ import annotations

from scheduler.cli import console, options, status_view
from scheduler.cli.access import opened_ledger
from scheduler.live.standing import standing


def status(
    id_: options.SomeId = None,
    account: options.OfAccount = None,
    json: options.Json = False,
) -> None:
    """Show every campaign, or one of them, and the accounts that they dial from.

    Example: `callsched status nightly-2026-11-22 --json`
    """
    with opened_ledger() as ledger:
        known = standing(ledger, id_, account)
    if json:
        console.emit(status_view.record(known, id_))
    else:
        status_view.show(known)
