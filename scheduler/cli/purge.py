"""`callsched purge`: erase what was said in every call of a campaign."""

from __future__ import annotations

from scheduler.cli import console, erasure, options
from scheduler.cli.ledger import ledger
from scheduler.ledger import called_rows, campaign_view, collect_no_more, erase_lines
from scheduler.models import CallState
from scheduler.settings import settings


def purge(
    id_: options.ExistingId,
    remote: options.Remote = False,
    yes: options.YesErase = False,
    json: options.Json = False,
) -> None:
    """Erase what was said in every call of a campaign: transcripts, insights and live lines.

    Nothing more is collected in it either. That its contacts were called, and how it ended, stays
    on record: else they could be called again. The same command may be repeated, and goes on where
    it broke off. Exit code 1 when the API did not delete all that --remote asks of it.

    Example: `callsched purge nightly-2026-11-22 --remote`
    """
    chosen = settings()
    with ledger() as store, erasure.remote(store, chosen, wanted=remote) as provider:
        campaign = campaign_view(store, id_)
        if not yes:
            erasure.confirm(f"Erase what was said in every call of campaign {id_}, for good?")
        collect_no_more(store, id_)
        erase_lines(store, id_)
        erased = erasure.Erasure(store, chosen, provider)
        with console.counting("erasing", "calls") as counted:
            for row in called_rows(store, id_):
                erased.erase(campaign, row)
                counted(erased.calls, campaign.dials)
        now = campaign_view(store, id_)
    if now.open:
        console.say(
            f"{now.open} calls are under way: what is said from now on is not kept, but the API"
            " keeps it until the same command with --remote follows their end"
        )
    if now.calls[CallState.PENDING]:
        console.say(
            f"{now.calls[CallState.PENDING]} calls are still to be made: what is said in them can"
            " be followed for a day, and is not collected"
        )
    whose = f"{erased.calls} calls of campaign {id_}"
    erased.report(whose, {"campaign_id": id_, "under_way": now.open}, json=json)
