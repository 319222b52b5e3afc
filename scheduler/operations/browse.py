"""Pages of campaigns and of their contacts.

The cost of a page is bounded, however many there are: if a filter rejects most, it stops after
MOST_LOOKED_AT. So a page may be short or empty, and still have a next one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from scheduler.fields.conditions import HeardSo
from scheduler.ledger import accounts, campaigns, pages, views
from scheduler.ledger.campaigns import Waiting
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.pages import Listed, Stand
from scheduler.ledger.views import CampaignView
from scheduler.live.campaigns import Campaigns
from scheduler.live.pace import Expected
from scheduler.masking import mask_text
from scheduler.models import CallState
from scheduler.records import decode

#: How many campaigns, or rows of one, to read at once.
CHUNK = 500

#: How many campaigns, or rows, to look at for one page, at most.
MOST_LOOKED_AT = 5_000

#: About how many of its last events an account keeps.
_REMEMBERED = 1_000

#: The longest number of a row; no campaign has as many.
_MOST_DIGITS = 11

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Page(Generic[Found]):
    """Some results, and where to go on."""

    found: list[Found]
    next: str | None  #: the place of the next page; None if this is the last one
    looked_at: int  #: how many campaigns or rows were checked


# Campaigns ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CampaignFilter:
    """Chooses campaigns; an empty field matches all."""

    state: str = ""
    account: str = ""
    text: str = ""  #: in its id or its name
    among: frozenset[str] | None = None  #: accounts whose campaigns may be seen

    def holds(self, listed: Listed) -> bool:
        """Whether a campaign matches."""
        wanted = self.text.casefold()
        return (
            bool(listed.account)
            and self.state in ("", listed.state)
            and self.account in ("", listed.account)
            and (self.among is None or listed.account in self.among)
            and (wanted in listed.campaign_id.casefold() or wanted in listed.name.casefold())
        )


def page_of_campaigns(
    ledger: Ledger, wanted: CampaignFilter, after: str | None, most: int
) -> Page[CampaignView]:
    """Return the campaigns after a place, the newest first.

    Raises ValueError for an invalid place.
    """
    found: list[str] = []
    place, looked_at = after, 0
    while looked_at < MOST_LOOKED_AT:
        size = most if wanted == CampaignFilter() else CHUNK
        listed = pages.campaigns(ledger, place, size)
        for each in listed:
            place, looked_at = each.place, looked_at + 1
            if wanted.holds(each):
                found.append(each.campaign_id)
            if len(found) == most:
                break
        if len(found) == most or not listed:
            break
    more = place if place and pages.campaigns(ledger, place, 1) else None
    return Page(views.campaigns(ledger, found), more, looked_at)


@dataclass(frozen=True, slots=True)
class Outlook:
    """A campaign, when it probably ends, and how many of its calls wait."""

    view: CampaignView
    expected: Expected
    waiting: Waiting

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return self.view.as_record() | {
            "expected": self.expected.text,
            "expected_seconds": self.expected.seconds,
            "waiting": {
                "pending": self.view.calls[CallState.PENDING],
                "due": self.waiting.due,
                "next_due_at": self.view.next_due_at,
                "last_due_at": self.waiting.last_due_at,
                "held_at": self.view.held_at,
                "held_why": self.view.held_why or None,
                "needs_a_person": self.expected.is_held,
            },
        }


def outlook(ledger: Ledger, campaign_id: str) -> Outlook:
    """Read a campaign, and say when it ends or what it waits for. Raises LedgerError."""
    view = views.campaign(ledger, campaign_id)
    now = ledger.time()
    looked = Campaigns(ledger, [campaign_id], None)
    looked.read(now, ())
    remembered, _ = accounts.happenings(ledger, view.account, most=_REMEMBERED)
    looked.note_paces(now, {view.account: remembered})
    if looked.account_of(campaign_id) is None:  # it went away in between
        views.campaign(ledger, campaign_id)
    shown = looked.shown(campaign_id, now, {})
    return Outlook(
        shown.view, shown.expected, campaigns.waiting(ledger, [campaign_id], now)[campaign_id]
    )


def happenings_of(ledger: Ledger, view: CampaignView, most: int) -> list[accounts.Happening]:
    """Return the newest events of a campaign that the ledger still has, the newest first."""
    remembered, _ = accounts.happenings(ledger, view.account, most=_REMEMBERED)
    prefix = f"{view.campaign_id}:"
    own = [
        each
        for each in reversed(remembered)
        if each.which == view.campaign_id or each.which.startswith(prefix)
    ]
    return own[:most]


# Contacts -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ContactFilter:
    """Chooses contacts of a campaign; an empty field matches all."""

    disposition: str = ""  #: or with its reason: "skipped:duplicate"
    state: str = ""
    text: str = ""  #: in id, name or number
    #: Whether the text may be any part of a number, for users who see numbers in full. For all
    #: others it is the whole number or its last digits; else they could guess it digit by digit.
    sees_numbers: bool = False
    heard: str = ""  #: one of `OnTheLine`, or OPTED_OUT

    def is_hopeless(self, view: CampaignView) -> bool:
        """Whether the campaign's own counts show that no call matches."""
        if self.state and not view.calls.get(CallState(self.state), 0):
            return True
        wanted = self.disposition
        return bool(wanted) and not any(
            label == wanted or label.startswith(f"{wanted}:") for label in view.dispositions
        )

    def holds_for(self, stand: Stand) -> bool:
        """Whether a call has the wanted state, disposition and reason."""
        disposition, colon, reason = self.disposition.partition(":")
        return (
            self.state in ("", stand.state)
            and disposition in ("", stand.disposition)
            and (not colon or reason == stand.reason)
        )

    def holds_of(self, result: Mapping[str, Any]) -> bool:
        """Whether a call's result matches `heard`."""
        return not self.heard or HeardSo(self.heard).holds_of(result)

    def holds_in(self, record: str) -> bool:
        """Whether a contact's record contains the text."""
        if not self.text:
            return True
        try:
            contact, _ = decode(record)
        except ValueError:
            return False
        text = "\n".join((contact.contact_id, contact.name, contact.address))
        return self.text.casefold() in (text if self.sees_numbers else mask_text(text)).casefold()


def page_of_contacts(
    ledger: Ledger, view: CampaignView, wanted: ContactFilter, after: str | None, most: int
) -> Page[dict[str, Any]]:
    """Return the results after a row, each with its `row`, in the order of the file.

    Raises ValueError for an invalid place, and LedgerError if the ledger has erased them.
    """
    view.expect_kept()
    row = row_of(after)
    if wanted.is_hopeless(view):
        return Page([], None, 0)
    if wanted.text and (exact := _exactly(ledger, view, wanted)) is not None:
        return Page(exact if row == 0 else [], None, 1)
    if wanted == ContactFilter(sees_numbers=wanted.sees_numbers):
        rows = pages.contacts(ledger, view.campaign_id, row, most + 1)
        more = str(rows[most - 1][0]) if len(rows) > most else None
        return Page(_results(ledger, view.campaign_id, rows[:most]), more, len(rows))
    return filtered(ledger, view.campaign_id, wanted, row, most, view.total)


def row_of(place: str | None) -> int:
    """Return the row of a place; 0 for the beginning. Raises ValueError for an invalid place."""
    if place and not (place.isascii() and place.isdecimal() and len(place) <= _MOST_DIGITS):
        raise ValueError("expected a row")
    return int(place or 0)


def _exactly(
    ledger: Ledger, view: CampaignView, wanted: ContactFilter
) -> list[dict[str, Any]] | None:
    """Return the contact with exactly this id, number or address; None if there is none."""
    found = pages.rows_of(ledger, [view], wanted.text)
    if not found:
        return None
    row = found[0][1]
    if not wanted.holds_for(pages.stands(ledger, view.campaign_id, [row])[0]):
        return []
    result = views.result(ledger, view.campaign_id, row)
    return [{**result, "row": row}] if wanted.holds_of(result) else []


def filtered(
    ledger: Ledger, campaign_id: str, wanted: ContactFilter, row: int, most: int, total: int
) -> Page[dict[str, Any]]:
    """Return the results after a row that match a filter, within the bounds of one page."""
    found: list[int] = []
    looked_at, is_over = 0, False
    while len(found) < most and looked_at < MOST_LOOKED_AT and not is_over:
        last, matching = _chunk(ledger, campaign_id, wanted, row, total)
        stands = pages.stands(ledger, campaign_id, matching)
        standing = [
            each for each, stand in zip(matching, stands, strict=True) if wanted.holds_for(stand)
        ]
        found += _heard_so(ledger, campaign_id, wanted, standing)
        looked_at += last - row
        is_over, row = last >= total or last == row, last
    if len(found) > most:  # the next page begins after the last one on this page
        del found[most:]
        row, is_over = found[-1], False
    records = pages.contacts_of(ledger, campaign_id, found)
    return Page(_results(ledger, campaign_id, records), None if is_over else str(row), looked_at)


def _heard_so(
    ledger: Ledger, campaign_id: str, wanted: ContactFilter, rows: list[int]
) -> list[int]:
    """Return the rows whose calls match `heard`; this reads their transcripts."""
    if not wanted.heard:
        return rows
    results = _results(ledger, campaign_id, pages.contacts_of(ledger, campaign_id, rows))
    return [each["row"] for each in results if wanted.holds_of(each)]


def _chunk(
    ledger: Ledger, campaign_id: str, wanted: ContactFilter, row: int, total: int
) -> tuple[int, list[int]]:
    """Return the last row that was checked, and the rows that contain the text."""
    if not wanted.text:  # the filter needs nothing of the contacts
        last = max(row, min(row + CHUNK, total))
        return last, list(range(row + 1, last + 1))
    records = pages.contacts(ledger, campaign_id, row, CHUNK)
    last = records[-1][0] if records else row
    return last, [each for each, record in records if wanted.holds_in(record)]


def _results(
    ledger: Ledger, campaign_id: str, rows: Sequence[tuple[int, str]]
) -> list[dict[str, Any]]:
    records = views.results_of(ledger, campaign_id, rows) if rows else ()
    return [{**record, "row": row} for (row, _), record in zip(rows, records, strict=True)]
