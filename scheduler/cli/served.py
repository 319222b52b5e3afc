"""Warns of campaigns that nobody dials, with the command that changes that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scheduler.cli import console
from scheduler.fields.counts import counted
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import CampaignView
from scheduler.operations.serving import Serving
from scheduler.settings import settings

#: Warnings that are printed; further ones are counted.
_MOST_SAID = 5


def lack_of(ledger: Ledger, view: CampaignView) -> str:
    """Return that nobody dials a campaign, and the remedy; "" if somebody does."""
    return Serving(ledger, settings()).lack(view)


def warn(ledger: Ledger, views: Sequence[CampaignView]) -> None:
    """Warn of campaigns that nobody dials, and say what to do."""
    serving = Serving(ledger, settings())
    lacks = [serving.lack(views[0])] if len(views) == 1 else serving.lacks(views)
    for lack in filter(None, lacks[:_MOST_SAID]):
        console.warn(lack)
    if len(lacks) > _MOST_SAID:
        console.warn(f"nobody dials {counted(len(lacks) - _MOST_SAID, 'other campaign')} either")


def warn_of_account(ledger: Ledger, account: str) -> None:
    """Warn if an account has no worker that could launch its schedules."""
    if lack := Serving(ledger, settings()).of_account(account):
        console.warn(lack)


def record_of(ledger: Ledger, view: CampaignView) -> dict[str, Any]:
    """Return a campaign for JSON, and why nobody dials it; None if somebody does."""
    return view.as_record() | {"nobody_dials": lack_of(ledger, view) or None}


def records(ledger: Ledger, views: Sequence[CampaignView], id_: str | None) -> dict[str, Any]:
    """Return for JSON why nobody dials a campaign; for several campaigns, by id."""
    serving = Serving(ledger, settings())
    known = {view.campaign_id: lack for view in views if (lack := serving.lack(view))}
    return {"nobody_dials": known.get(id_) if id_ else known}
