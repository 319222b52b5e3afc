"""Every unknown call of the ledger, campaign by campaign, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from scheduler.ledger import accounts, attention, unknowns
from scheduler.ledger.attention import CampaignInNeed
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.unknowns import UnknownCall
from scheduler.models import CampaignState, Reason

#: How many rows to check in one step of Redis, which takes a millisecond or two.
_STEP = 1_000
#: How many rows to check for one page; then the page is returned as it is.
_MOST_ROWS = 100_000
_UNCOUNTED = -1


def _anybody(account: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Which:
    """Chooses unknown calls."""

    account: str = ""  #: "" for any
    campaign_id: str = ""  #: "" for any
    #: Whether to leave out calls that are settled as placed.
    is_open: bool = True
    may_see: Callable[[str], bool] = _anybody  #: whether the calls of an account may be seen

    def has(self, campaign: CampaignInNeed) -> bool:
        """Whether the calls of a campaign match."""
        return (
            self.account in ("", campaign.account)
            and self.campaign_id in ("", campaign.campaign_id)
            and self.may_see(campaign.account)
        )


@dataclass(frozen=True, slots=True)
class Known:
    """An unknown call with its account."""

    account: str
    call: UnknownCall

    @property
    def is_waiting(self) -> bool:
        """Whether callsched will dial it again without an order."""
        return not self.call.reason

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        call, contact = self.call, self.call.contact
        return {
            "attempt": str(call.attempt),
            "campaign_id": call.attempt.campaign_id,
            "account": self.account,
            "row": call.attempt.row,
            "contact_id": contact.contact_id,
            "phone_number": contact.phone_number or None,
            "sip_uri": contact.sip_uri or None,
            "name": contact.name,
            "reason": call.reason or None,
            "error": call.error or None,
            "begun_at": call.begun_at,
            "held_until": call.held_until,
            "search_at": call.search_at,
            "redial_at": call.redial_at,
            "conversation_id": call.conversation_id or None,
            "candidates": list(call.candidates),
        }


@dataclass(frozen=True, slots=True)
class Page:
    """Some unknown calls, the newest campaign first."""

    calls: list[Known]
    #: How many unknown calls of all pages nobody has settled.
    count: int
    following: str | None  #: the place of the next page; None when this is the last one


@dataclass(slots=True)
class _Place:
    """Where a page begins."""

    campaign: tuple[float, str]
    row: int
    left: int  #: how many calls of the campaign are still to come; less than 0: not known

    def __str__(self) -> str:
        created_at, campaign_id = self.campaign
        return f"{created_at!r} {self.row} {self.left} {campaign_id}"

    @classmethod
    def read(cls, written: str) -> _Place:
        """Read a place as `str` writes it. Raises ValueError for any other text."""
        created_at, row, left, campaign_id = written.split(" ", 3)
        return cls((float(created_at), campaign_id), int(row), int(left))


def campaigns(ledger: Ledger, which: Which) -> list[CampaignInNeed]:
    """Return the campaigns that match and may need a person, the newest first."""
    return [each for each in attention.campaigns(ledger) if which.has(each)]


def page(ledger: Ledger, which: Which, after: str | None = None, most: int = 50) -> Page:
    """Return a page of unknown calls. Raises ValueError for an invalid place.

    A page checks a bounded number of rows, so it may have fewer than `most` calls, or none, and
    still have a next page.
    """
    found = campaigns(ledger, which)
    place = _Place.read(after) if after is not None else None
    calls: list[Known] = []
    rest = _MOST_ROWS
    following: _Place | None = None
    for campaign in _with_unknowns(ledger, found, which):
        if place is not None and campaign.place > place.campaign:
            continue
        if len(calls) >= most or rest <= 0:
            following = _Place(campaign.place, 1, _expected(campaign, which))
            break
        own = place if place is not None and place.campaign == campaign.place else None
        start = own or _Place(campaign.place, 1, _expected(campaign, which))
        some, stopped, looked = _of_campaign(ledger, campaign, which, start, most - len(calls))
        calls += some
        rest -= looked
        if stopped is not None:
            following = stopped
            break
    count = sum(each.open for each in found)
    return Page(calls, count, str(following) if following else None)


def _expected(campaign: CampaignInNeed, which: Which) -> int:
    if campaign.may_redial:
        return _UNCOUNTED
    return campaign.open + (0 if which.is_open else campaign.settled)


def _with_unknowns(
    ledger: Ledger, found: list[CampaignInNeed], which: Which
) -> Iterator[CampaignInNeed]:
    """Yield those campaigns that have, or may have, unknown calls."""
    redialling = {each.account for each in found if each.may_redial}
    held = {account: accounts.held_campaigns(ledger, account) for account in redialling}
    for each in found:
        has_ended = each.open or (each.settled and not which.is_open)
        waits = each.may_redial and (
            each.state == CampaignState.PAUSED or each.campaign_id in held[each.account]
        )
        if has_ended or waits:
            yield each


def _of_campaign(
    ledger: Ledger, campaign: CampaignInNeed, which: Which, start: _Place, most: int
) -> tuple[list[Known], _Place | None, int]:
    """Return calls of a campaign, where to go on in it, and how many rows were checked."""
    row, left, rows = start.row, start.left, list[int]()
    last = min(campaign.total, start.row + _MOST_ROWS - 1)
    while row <= last and len(rows) < most and left != 0:
        until = min(last, row + _STEP - 1)
        row, some = unknowns.rows(
            ledger, campaign.campaign_id, row, until, most - len(rows), is_open=which.is_open
        )
        rows += some
        left = max(0, left - len(some)) if left > 0 else left
    is_over = row > campaign.total or left == 0
    following = None if is_over else _Place(campaign.place, row, left)
    return _known(ledger, campaign, rows), following, row - start.row


def _known(ledger: Ledger, campaign: CampaignInNeed, rows: list[int]) -> list[Known]:
    found = legible(ledger, campaign, rows)
    return [Known(campaign.account, call) for call in found if call.reason != Reason.NOT_PLACED]


#: The errors that reading may raise if another program has changed a call.
_ILLEGIBLE = (ValueError, LookupError, TypeError, AttributeError)


def legible(ledger: Ledger, campaign: CampaignInNeed, rows: Sequence[int]) -> list[UnknownCall]:
    """Return the unknown calls of these rows, without those that can't be read.

    Another program has changed these; the others must still be shown.
    """
    if not rows:
        return []
    try:
        return list(unknowns.calls(ledger, campaign.campaign_id, campaign.account, rows))
    except _ILLEGIBLE:
        if len(rows) == 1:
            return []
    half = len(rows) // 2
    return [
        *legible(ledger, campaign, rows[:half]),
        *legible(ledger, campaign, rows[half:]),
    ]
