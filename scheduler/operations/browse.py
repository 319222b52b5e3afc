"""Looking through campaigns and their contacts a page at a time, however many there are.

A page costs a page: what a filter leaves out is read in chunks, and only so much of it. So a page
may be short, or empty, and still have a next one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from scheduler.hours.openings import whereabouts
from scheduler.ledger import accounts, campaigns, insights, pages, views
from scheduler.ledger.campaigns import Waiting
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.pages import Listed, Stand
from scheduler.ledger.views import CampaignView
from scheduler.live.campaigns import Campaigns
from scheduler.live.pace import Expected
from scheduler.masking import mask_text
from scheduler.models import Attempt, CallState
from scheduler.operations.explain import Explanation, explain
from scheduler.records import decode

#: Campaigns, and rows of one, that are read at once.
CHUNK = 500

#: So many campaigns, or rows, are looked at for one page at most.
MOST_LOOKED_AT = 5_000

#: Campaigns that are read whole at once, where one after the other is looked through.
_AT_ONCE = 20

#: What an account remembers: about so many of its last happenings.
_REMEMBERED = 1_000

#: Of a row: more than any campaign has.
_MOST_DIGITS = 11

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Page(Generic[Found]):
    """What was found, and from where on to look for more."""

    found: list[Found]
    next: str | None  #: a place; None: there is no more
    looked_at: int  #: how many campaigns or rows were


# Campaigns ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CampaignFilter:
    """Which campaigns; what is empty holds for all."""

    state: str = ""
    account: str = ""
    text: str = ""  #: in its id or its name
    among: frozenset[str] | None = None  #: accounts whose campaigns may be seen

    def holds(self, listed: Listed) -> bool:
        """Whether a campaign is one of them."""
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
    """Return the campaigns that follow on a place, the newest first.

    Raises ValueError for a place that is none.
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
    """A campaign with what is expected of it."""

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
    """Return what happened last in a campaign, the last first, as far as it is remembered."""
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
    """Which contacts of a campaign; what is empty holds for all."""

    disposition: str = ""  #: or with its reason: "skipped:duplicate"
    state: str = ""
    text: str = ""  #: in id, name or number
    #: Whether the text may be any part of a number, for those who see whole ones. For all others it
    #: is the whole number or its last digits, or they could guess it digit by digit.
    sees_numbers: bool = False

    def is_hopeless(self, view: CampaignView) -> bool:
        """Whether the campaign's own counts say that there is none."""
        if self.state and not view.calls.get(CallState(self.state), 0):
            return True
        wanted = self.disposition
        return bool(wanted) and not any(
            label == wanted or label.startswith(f"{wanted}:") for label in view.dispositions
        )

    def holds_for(self, stand: Stand) -> bool:
        """Whether a call stands so."""
        disposition, colon, reason = self.disposition.partition(":")
        return (
            self.state in ("", stand.state)
            and disposition in ("", stand.disposition)
            and (not colon or reason == stand.reason)
        )

    def holds_in(self, record: str) -> bool:
        """Whether the text stands in a contact's record."""
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
    """Return the results that follow on a row, each with its `row`, in the order of the file.

    Raises ValueError for a place that is none, and LedgerError when they are kept no longer.
    """
    view.expect_kept()
    row = _row(after)
    if wanted.is_hopeless(view):
        return Page([], None, 0)
    if wanted.text and (exact := _exactly(ledger, view, wanted)) is not None:
        return Page(exact if row == 0 else [], None, 1)
    if wanted == ContactFilter(sees_numbers=wanted.sees_numbers):
        rows = pages.contacts(ledger, view.campaign_id, row, most + 1)
        more = str(rows[most - 1][0]) if len(rows) > most else None
        return Page(_results(ledger, view.campaign_id, rows[:most]), more, len(rows))
    return _filtered(ledger, view.campaign_id, wanted, row, most, view.total)


def _row(place: str | None) -> int:
    """Return the row of a place; 0 for the beginning. Raises ValueError for what is none."""
    if place and not (place.isascii() and place.isdecimal() and len(place) <= _MOST_DIGITS):
        raise ValueError("expected a row")
    return int(place or 0)


def _exactly(
    ledger: Ledger, view: CampaignView, wanted: ContactFilter
) -> list[dict[str, Any]] | None:
    """Return who is known by just this id, number or address; None where nobody is."""
    found = pages.rows_of(ledger, [view], wanted.text)
    if not found:
        return None
    row = found[0][1]
    if not wanted.holds_for(pages.stands(ledger, view.campaign_id, [row])[0]):
        return []
    return [{**views.result(ledger, view.campaign_id, row), "row": row}]


def _filtered(
    ledger: Ledger, campaign_id: str, wanted: ContactFilter, row: int, most: int, total: int
) -> Page[dict[str, Any]]:
    found: list[int] = []
    looked_at, is_over = 0, False
    while len(found) < most and looked_at < MOST_LOOKED_AT and not is_over:
        last, matching = _chunk(ledger, campaign_id, wanted, row, total)
        stands = pages.stands(ledger, campaign_id, matching)
        found += [
            each for each, stand in zip(matching, stands, strict=True) if wanted.holds_for(stand)
        ]
        looked_at += last - row
        is_over, row = last >= total or last == row, last
    if len(found) > most:  # the next page begins behind the last one that is on this
        del found[most:]
        row, is_over = found[-1], False
    records = pages.contacts_of(ledger, campaign_id, found)
    return Page(_results(ledger, campaign_id, records), None if is_over else str(row), looked_at)


def _chunk(
    ledger: Ledger, campaign_id: str, wanted: ContactFilter, row: int, total: int
) -> tuple[int, list[int]]:
    """Return up to which row was looked, and in which of these the text stands."""
    if not wanted.text:  # nothing of the contacts is looked at
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


# Somebody, in whatever campaign -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hit:
    """Somebody who was found in a campaign."""

    view: CampaignView
    record: dict[str, Any]


def find_contacts(
    ledger: Ledger, who: str, among: frozenset[str] | None, after: str | None
) -> Page[Hit]:
    """Look for an id, a number or an address in the campaigns that follow on a place.

    Raises ValueError for a place that is none.
    """
    page = page_of_campaigns(ledger, CampaignFilter(among=among), after, CHUNK)
    hits = [
        Hit(view, {**views.result(ledger, view.campaign_id, row), "row": row})
        for view, row in pages.rows_of(ledger, page.found, who)
    ]
    return Page(hits, page.next, page.looked_at)


def find_names(
    ledger: Ledger, text: str, among: frozenset[str] | None, after: str | None, most: int
) -> Page[Hit]:
    """Look for a part of a name, an id or a number in the contacts of one campaign after another.

    Raises ValueError for a place that is none.
    """
    place, _, written = (after or "").partition("#")
    row = _row(written)
    wanted = ContactFilter(text=text)
    hits: list[Hit] = []
    looked_at = 0
    for view in _from(ledger, place, among):
        rest: str | None = str(row)
        while rest is not None:
            if len(hits) >= most or looked_at >= MOST_LOOKED_AT:
                return Page(hits, f"{_place(view)}#{rest}", looked_at)
            left = most - len(hits)
            found = _filtered(ledger, view.campaign_id, wanted, int(rest), left, view.total)
            hits += [Hit(view, record) for record in found.found]
            looked_at, rest = looked_at + found.looked_at + 1, found.next
        row = 0
    return Page(hits, None, looked_at)


def _from(ledger: Ledger, place: str, among: frozenset[str] | None) -> Iterator[CampaignView]:
    """Yield the campaigns from this one on, or from the beginning, that may be seen."""
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


# One of them --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Story:
    """A contact of a campaign: what became of it, why, and what was heard in each attempt."""

    view: CampaignView
    record: dict[str, Any]  #: its result
    explanation: Explanation
    attempts: list[dict[str, Any]]
    zone: str  #: in which its clock goes; "" where that is not one for certain

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        explained = self.explanation.as_record()
        return self.record | {
            "row": self.explanation.row,
            "timezone": self.zone or None,
            "due_at": explained["due_at"],
            "next_at": explained["next_at"],
            "held": explained["held"],
            "rules": explained["rules"],
            "history": self.attempts,
        }


def story(ledger: Ledger, view: CampaignView, who: str) -> Story:
    """Tell all that is known of a contact: by its id, its number or address, or `#row`.

    Raises LedgerError. Nobody's provider is asked.
    """
    view.expect_kept()
    explanation = explain(ledger, view.campaign_id, who)
    record = views.result(ledger, view.campaign_id, explanation.row)
    zones = whereabouts(explanation.contact, view.policy).zones
    return Story(
        view,
        record,
        explanation,
        _attempts(ledger, view.campaign_id, explanation),
        zones[0] if len(zones) == 1 else "",
    )


def _attempts(ledger: Ledger, campaign_id: str, explanation: Explanation) -> list[dict[str, Any]]:
    told = explanation.call.attempts if explanation.call else ()
    names = [str(Attempt(campaign_id, explanation.row, each["number"])) for each in told]
    kept = insights.collected(ledger, names)
    return [_attempt(each, said) for each, said in zip(told, kept, strict=True)]


#: Of an attempt: what it is called, and what the ledger calls it.
_INSTANTS = {
    "begun_at": "begun_at",
    "started_at": "started_at",
    "answered_at": "answered_at",
    "deadline": "deadline",
    "ended_at": "over_at",
}
_TEXTS = {
    "disposition": "disposition",
    "reason": "reason",
    "stage": "stage",
    "answered_by": "answered_by",
    "caller_id": "caller_id",
    "connection_id": "connection_id",
    "conversation_id": "conversation_id",
    "price": "price",
    "error": "second_error",
    "stop_error": "stop_error",
    "insights_error": "collect_error",
}


def _attempt(known: dict[str, Any], said: dict[str, Any] | None) -> dict[str, Any]:
    """Return an attempt without what only workers and providers have to know of it."""
    is_erased = "erased" in known
    heard = said or {}
    return {
        "number": known["number"],
        **{name: views.instant(known.get(key)) for name, key in _INSTANTS.items()},
        **{name: known.get(key) or None for name, key in _TEXTS.items()},
        "answers": known.get("answers", {}),
        "transcript": None if is_erased else heard.get("transcript"),
        "recordings": [] if is_erased else heard.get("recordings", []),
        "insights_erased": is_erased,
    }
