"""How `archive` shows its progress and its results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scheduler.cli import console
from scheduler.fields.counts import counted
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import CampaignView
from scheduler.operations.archive import erase, write


def follow(ledger: Ledger, view: CampaignView, folder: Path, *, remove: bool) -> dict[str, Any]:
    """Archive a campaign and show the progress; return what was done, for JSON."""
    with console.counting(f"archiving {view.campaign_id}", "results") as counted:
        path = write(ledger, view, folder, counted)
    return {
        "campaign_id": view.campaign_id,
        "file": str(path),
        "rows": view.total,
        "removed": remove and _is_erased(ledger, view),
    }


def _is_erased(ledger: Ledger, view: CampaignView) -> bool:
    with console.counting(f"erasing {view.campaign_id}", "calls") as counted:
        is_erased = erase(ledger, view, counted)
    if not is_erased:
        console.say(
            f"campaign {view.campaign_id} stays in Redis for now: workers still repeat a stop, an"
            " unknown call still holds its slot, or a worker has yet to read a conversation or"
            " send a webhook"
        )
    return is_erased


def show(done: Sequence[dict[str, Any]]) -> None:
    """Say for each campaign where its files are, and whether Redis still has it."""
    for each in done:
        gone = "; erased from Redis" if each["removed"] else ""
        console.out.print(
            f"campaign {each['campaign_id']}: {counted(each['rows'], 'result')} in"
            f" {each['file']}{gone}",
            markup=False,
        )
    if not done:
        console.out.print("no campaign is that old")
