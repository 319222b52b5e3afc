"""`callsched resume`: have a paused campaign go on, also one that stopped itself."""

from __future__ import annotations

from scheduler.cli import console, options
from scheduler.cli.ledger import ledger
from scheduler.store import campaign_view


def resume(
    id_: options.ExistingId,
    json: options.Json = False,
) -> None:
    """Have a paused campaign go on, also one that stopped itself.

    Its circuit breaker looks at what fails from now on, and a canary that went badly is passed: to
    resume it is to say that the others may be called. A budget that is used up stops it again.

    Example: `callsched resume nightly-2026-11-22`
    """
    with ledger() as store:
        why = campaign_view(store, id_).stopped_itself
        store.resume(id_)
        view = campaign_view(store, id_)
    if json:
        console.emit(view.as_record())
        return
    said = f"; it had stopped itself: {why}" if why else ""
    console.out.print(f"campaign {id_} is {view.state}{said}", markup=False)
