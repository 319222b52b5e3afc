"""Finds somebody in all campaigns, by number or id, or by a part of a name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scheduler.ledger import pages, views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.pages import Listed
from scheduler.ledger.views import CampaignView
from scheduler.operations import browse
from scheduler.operations.browse import CampaignFilter, ContactFilter, Page, page_of_campaigns

#: How many campaigns to read whole at once when searching one after the other.
_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Hit:
    """Somebody who was found in a campaign."""

    view: CampaignView
    record: dict[str, Any]


def find_contacts(
    ledger: Ledger, who: str, among: frozenset[str] | None, after: str | None
) -> Page[Hit]:
    """Look for an id, a number or an address in the campaigns after a place.

    Raises ValueError for an invalid place.
    """
    page = page_of_campaigns(ledger, CampaignFilter(among=among), after, browse.CHUNK)
    hits = [
        Hit(view, {**views.result(ledger, view.campaign_id, row), "row": row})
        for view, row in pages.rows_of(ledger, page.found, who)
    ]
    return Page(hits, page.next, page.looked_at)


def find_names(
    ledger: Ledger, text: str, among: frozenset[str] | None, after: str | None, most: int
) -> Page[Hit]:
    """Look for a part of a name, an id or a number in the contacts of one campaign after another.

    Raises ValueError for an invalid place.
    """
    place, _, written = (after or "").partition("#")
    row = browse.row_of(written)
    wanted = ContactFilter(text=text)
    hits: list[Hit] = []
    looked_at = 0
    for view in _from(ledger, place, among):
        rest: str | None = str(row)
        while rest is not None:
            if len(hits) >= most or looked_at >= browse.MOST_LOOKED_AT:
                return Page(hits, f"{_place(view)}#{rest}", looked_at)
            left = most - len(hits)
            found = browse.filtered(ledger, view.campaign_id, wanted, int(rest), left, view.total)
            hits += [Hit(view, record) for record in found.found]
            looked_at, rest = looked_at + found.looked_at + 1, found.next
        row = 0
    return Page(hits, None, looked_at)


def _from(ledger: Ledger, place: str, among: frozenset[str] | None) -> Iterator[CampaignView]:
    """Yield the campaigns from a place on, or all, that the visitor may see."""
    some = [place.partition(":")[2]] if place else []
    while True:
        for view in views.campaigns(ledger, some):
            if among is None or view.account in among:
                yield view
        listed = pages.campaigns(ledger, place or None, _AT_ONCE)
        if not listed:
            return
        some, place = [each.campaign_id for each in listed], listed[-1].place


def _place(view: CampaignView) -> str:
    return Listed(view.campaign_id, view.created_at, "", "", "").place
