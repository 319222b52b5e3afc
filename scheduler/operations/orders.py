"""What all orders of an operator have: who gives it, what it is about, and its campaigns."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Sequence
from dataclasses import replace

from scheduler.errors import MovedOn
from scheduler.fields.visible import one_line
from scheduler.ledger import views
from scheduler.ledger.ledger import Control, Ledger
from scheduler.ledger.views import CampaignView
from scheduler.models import CampaignState

_LONGEST_NOTE = 200


def who() -> str:
    """Return user@host; the user's number if it has no name, as in some containers."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return one_line(f"{user}@{socket.gethostname()}")


def order_of(who: str, note: str = "") -> Control:
    """Return an order of an operator, with their note."""
    return Control(who, one_line(note)[:_LONGEST_NOTE])


def about(control: Control, what: str) -> Control:
    """Return the same order with its object before its note."""
    note = ": ".join(filter(None, (what, control.note)))
    return replace(control, note=note[:_LONGEST_NOTE])


def seen_of(view: CampaignView) -> str:
    """Return a word for the present state of a campaign, for orders that are based on it.

    It changes with each order on the campaign, and when the campaign stops itself, ends, or goes
    on.
    """
    return f"{int(view.created_at * 1000):x}-{view.moves}"


def seeing(control: Control, view: CampaignView, seen: str) -> Control:
    """Return the same order, to be carried out only while the campaign stands as seen.

    `seen` is what `seen_of` returned. The ledger compares it in the step that carries the order
    out. Raises MovedOn if it can't belong to this campaign.
    """
    of, _, moves = seen.rpartition("-")
    if of != seen_of(view).rpartition("-")[0] or not moves.isdecimal():
        raise MovedOn(view.campaign_id)
    return replace(control, seen=moves)


def chosen(ledger: Ledger, ids: Sequence[str] | None) -> list[CampaignView]:
    """Return the named campaigns, else all that are not finished. Raises LedgerError."""
    if ids:
        return [views.campaign(ledger, campaign_id) for campaign_id in dict.fromkeys(ids)]
    campaigns = [views.campaign(ledger, campaign_id) for campaign_id in views.campaign_ids(ledger)]
    return [view for view in campaigns if view.state is not CampaignState.FINISHED]
