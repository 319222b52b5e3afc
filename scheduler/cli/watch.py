"""`callsched watch`: a full-screen live view of campaigns, calls, slots and workers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from scheduler.cli import console, options
from scheduler.cli.screen import once as printed
from scheduler.errors import LedgerError
from scheduler.fields.durations import seconds
from scheduler.ledger import access, accounts, views
from scheduler.ledger.ledger import Ledger
from scheduler.live import snapshot
from scheduler.live.watcher import Focus, Watcher
from scheduler.operations.ceilings import ceilings
from scheduler.settings import settings

#: The least seconds between two looks at the ledger.
_LEAST_REFRESH_SECONDS = 1.0


def _not_too_often(written: str) -> str:
    try:
        is_too_often = seconds(written) < _LEAST_REFRESH_SECONDS
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if is_too_often:
        raise typer.BadParameter("expected 1s or more: watching must not burden the ledger")
    return written


def watch(
    ids: options.SomeIds = None,
    account: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only the campaigns of this account.")
    ] = None,
    refresh: Annotated[
        str, typer.Option(metavar="DURATION", callback=_not_too_often, help="How often to refresh.")
    ] = "1s",
    once: Annotated[bool, typer.Option("--once", help="Print the picture once.")] = False,
    json: options.Json = False,
) -> None:
    """Watch campaigns, live calls, slots and workers on a full screen; q quits, ? shows help.

    Without a terminal, or with --once, it prints the current picture and exits. Watching changes
    nothing. You can pause or resume a campaign and stop a call; it asks before it does so.

    Example: `callsched watch nightly-2026-11-22 --refresh 2s`
    """
    chosen = settings()
    with access.opened(chosen) as (ledger, embedded):
        _expect(ledger, ids or (), account)
        watcher = Watcher(ledger, ids or (), account=account, ceiling_of=ceilings(chosen))
        if json:
            console.emit(snapshot.record(watcher.look(Focus(calls=snapshot.CALLS))))
            return
        if once or not console.is_screen():
            look = Focus(calls=snapshot.CALLS, happenings=printed.HAPPENINGS)
            printed.show(watcher.look(look))
            return
        # Imported only here: it takes as long to import as everything else together.
        from scheduler.cli.screen.app import WatchApp

        left = WatchApp(ledger, watcher, embedded, seconds(refresh)).run()
    raise typer.Exit(left or 0)


def _expect(ledger: Ledger, ids: Sequence[str], account: str | None) -> None:
    """Raise LedgerError if there is no such campaign, or none of this account."""
    for campaign_id in ids:
        views.campaign(ledger, campaign_id)
    names = accounts.names(ledger)
    if account is not None and account not in names:
        known = ", ".join(names) or "none yet"
        raise LedgerError(f"no campaign dials from account {account}; accounts: {known}")
