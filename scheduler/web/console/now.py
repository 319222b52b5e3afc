"""What is going on now: campaigns, slots, live calls, and what is wrong, of each account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from scheduler.late import LATE_SECONDS
from scheduler.ledger.health import Finding
from scheduler.live.board import CALLS, Board
from scheduler.live.picture import Picture, ShownCall, ShownCampaign
from scheduler.models import CallState, CampaignState, Disposition
from scheduler.operations.quick_check import Findings, QuickCheck
from scheduler.rights import Visitor
from scheduler.web.console.chart import Chart, chart
from scheduler.web.console.pages import render
from scheduler.web.site import Looks, OnSite
from scheduler.web.visible_accounts import ceiling_of, names_for

router = APIRouter()

#: A rule's finding that is older than this may no longer hold.
HELD_SECONDS = 60.0

#: Campaigns of an account that are shown at most.
MOST_CAMPAIGNS = 30


@dataclass(frozen=True, slots=True)
class Card:
    """A campaign that is not finished. Its three numbers add up to its total."""

    shown: ShownCampaign
    ended: int
    under_way: int
    waiting: int
    ends_at: float | None  #: when it is expected to end; None: nobody can tell
    next_at: float | None  #: when its next call is due, if it waits for that
    why: str  #: what holds it up, or why nobody can tell its end; "" for nothing
    is_held: bool  #: it stands still until a person or a rule lets it go on
    unknown: int


@dataclass(frozen=True, slots=True)
class Section:
    """One account as the page shows it."""

    name: str
    picture: Picture
    ceiling: int
    chart: Chart | None
    cards: tuple[Card, ...]
    more: int  #: campaigns that are not finished, and are not shown
    calls: tuple[ShownCall, ...]
    unknown: int
    findings: tuple[Finding, ...]


@router.get("/")
def now(
    request: Request,
    visitor: Looks,
    site: OnSite,
    account: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Show what is going on now."""
    board: Board = request.app.state.board
    quick_check: QuickCheck = request.app.state.quick_check
    found = quick_check.known()
    sections = [
        section(name, board.picture(name), ceiling_of(site, name), found)
        for name in names_for(site, visitor, account)
    ]
    return render(
        request,
        "now.html.j2",
        sections=sections,
        names=names_for(site, visitor),
        only=account,
        general=_of_all(visitor, found),
        is_looking=found is None,
        late_seconds=LATE_SECONDS,
    )


def section(name: str, picture: Picture, ceiling: int, found: Findings | None) -> Section:
    """Return an account as the page shows it."""
    unfinished = [
        each for each in picture.campaigns if each.view.state is not CampaignState.FINISHED
    ]
    cards = [card(each, picture.at) for each in unfinished]
    return Section(
        name=name,
        picture=picture,
        ceiling=ceiling,
        chart=chart(picture.loads, picture.at),
        cards=tuple(cards[:MOST_CAMPAIGNS]),
        more=max(0, len(cards) - MOST_CAMPAIGNS) + picture.others,
        calls=picture.calls[:CALLS],
        unknown=sum(_unknown(each) for each in picture.campaigns),
        findings=found.of_account.get(name, ()) if found else (),
    )


def card(shown: ShownCampaign, now: float) -> Card:
    """Return a campaign as its card shows it, from one reading."""
    view, guess = shown.view, shown.expected
    ended, waiting = view.calls[CallState.ENDED], view.calls[CallState.PENDING]
    is_ruled = view.held_at is not None and now - view.held_at < HELD_SECONDS
    waits = view.open == 0 and view.next_due_at is not None and view.next_due_at > now
    why = guess.text if guess.is_held or (guess.seconds is None and not waits) else ""
    if is_ruled and not guess.is_held:
        why = view.held_why
    return Card(
        shown=shown,
        ended=ended,
        under_way=view.open,
        waiting=waiting,
        ends_at=now + guess.seconds if guess.seconds is not None else None,
        next_at=view.next_due_at if waits else None,
        why=why,
        is_held=guess.is_held or is_ruled,
        unknown=_unknown(shown),
    )


def _unknown(shown: ShownCampaign) -> int:
    return sum(
        count
        for label, count in shown.view.dispositions.items()
        if label.partition(":")[0] == Disposition.UNKNOWN
    )


def _of_all(visitor: Visitor, found: Findings | None) -> tuple[Finding, ...]:
    """Return the findings about the whole machine, for visitors who may see every account."""
    return found.of_all if found is not None and visitor.accounts is None else ()
