"""`callsched purge`: erase what was said in every call of a campaign."""

from __future__ import annotations

from scheduler.cli import console, erasure, options
from scheduler.cli.access import opened_ledger
from scheduler.ledger.erasing import called_rows, collect_no_more, erase_lines
from scheduler.ledger.reading import campaign_view
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
    with opened_ledger() as ledger, erasure.remote(ledger, chosen, wanted=remote) as provider:
        campaign = campaign_view(ledger, id_)
        if not yes:
            erasure.confirm(f"Erase what was said in every call of campaign {id_}, for good?")
        collect_no_more(ledger, id_)
        erase_lines(ledger, id_)
        erased = erasure.Erasure(ledger, chosen, provider)
        with console.counting("erasing", "calls") as counted:
            for row in called_rows(ledger, id_):
                erased.erase(campaign, row)
                counted(erased.calls, campaign.dials)
        now = campaign_view(ledger, id_)
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
