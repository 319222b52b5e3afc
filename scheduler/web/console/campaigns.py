"""The campaigns, and the page of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from scheduler.fields.conditions import OPTED_OUT, asked_in
from scheduler.heard import OnTheLine, in_words
from scheduler.late import why_in_words
from scheduler.ledger import controls, live_calls, views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import CampaignView
from scheduler.live.late import in_short
from scheduler.masking import mask_text
from scheduler.models import Attempt, CallState, CampaignState, Disposition
from scheduler.operations import browse
from scheduler.operations.browse import CampaignFilter, ContactFilter, Page
from scheduler.operations.export import ResultFormat
from scheduler.operations.serving import Serving
from scheduler.report.wording import ENDS, length, meaning, share
from scheduler.rights import Scope, Visitor
from scheduler.web import cursors
from scheduler.web.console import campaign_files
from scheduler.web.console.pages import render
from scheduler.web.masks import address, concealed
from scheduler.web.problems import Failure
from scheduler.web.site import Looks, OnSite

router = APIRouter()
router.include_router(campaign_files.router)

#: Campaigns on one page of the list.
_ROWS = 50
_MOST_LIVE = 20
_MOST_EVENTS = 15

#: What was found of the callee, by which the contacts can be filtered.
_HEARD = (*OnTheLine, OPTED_OUT)

Text = Annotated[str, Query(max_length=200)]
Place = Annotated[str, Query(max_length=400)]


# The list -----------------------------------------------------------------------------------------


@router.get("/campaigns")
def campaigns(
    request: Request,
    site: OnSite,
    visitor: Looks,
    state: Text = "",
    account: Text = "",
    q: Text = "",
    cursor: Place = "",
) -> Response:
    """Show the campaigns, the newest first."""
    asked = {"state": one_of(state, CampaignState), "account": account.strip(), "q": q.strip()}
    wanted = CampaignFilter(asked["state"], asked["account"], asked["q"], visitor.accounts)
    try:
        page = browse.page_of_campaigns(site.ledger, wanted, cursors.read(cursor or None), _ROWS)
    except ValueError:
        raise no_page() from None
    return show(
        request,
        "campaigns_list.html.j2",
        found=page.found,
        looked_at=page.looked_at,
        asked=asked,
        is_filtered=any(asked.values()),
        first=link("/campaigns", **asked) if cursor else "",
        next=link("/campaigns", **asked, cursor=cursors.written(page.next)) if page.next else "",
        states=list(CampaignState),
    )


# One of them --------------------------------------------------------------------------------------


@router.get("/campaigns/{campaign_id}")
def campaign(
    request: Request,
    site: OnSite,
    visitor: Looks,
    campaign_id: str,
    disposition: Text = "",
    state: Text = "",
    q: Text = "",
    heard: Text = "",
    cursor: Place = "",
) -> Response:
    """Show a campaign: how it stands, what it waits for, what was done to it, and its contacts."""
    site.campaign(visitor, campaign_id)
    outlook = browse.outlook(site.ledger, campaign_id)
    view = outlook.view
    asked = {
        "disposition": disposition if _is_label(disposition) else "",
        "state": one_of(state, CallState),
        "q": q.strip(),
        "heard": heard if heard in _HEARD else "",
    }
    wanted = ContactFilter(asked["disposition"], asked["state"], asked["q"], heard=asked["heard"])
    page = _contacts(site.ledger, view, wanted, cursor)
    own = f"/campaigns/{quote(campaign_id, safe='')}"
    return show(
        request,
        "campaigns_one.html.j2",
        view=view,
        own=own,
        outlook=outlook,
        outcomes=outcomes(view),
        late=in_short(view.late),
        late_why=why_in_words(view.late.causes, mask_text(view.late.said)),
        account=views.account(site.ledger, view.account),
        lack=Serving(site.ledger, site.settings).lack(view),
        live=_live(site.ledger, view),
        events=[_event(each) for each in browse.happenings_of(site.ledger, view, _MOST_EVENTS)],
        orders=[
            concealed(each.as_record())
            for each in controls.of_campaign(site.ledger, view.campaign_id)
        ],
        buttons=_buttons(view, visitor, own),
        formats=list(ResultFormat),
        asks=asked_in(view.policy),
        contacts=[shown(each) for each in page.found],
        looked_at=page.looked_at,
        asked=asked,
        is_filtered=any(asked.values()),
        first=link(own, **asked) + "#contacts" if cursor else "",
        next=link(own, **asked, cursor=cursors.written(page.next)) + "#contacts"
        if page.next
        else "",
        states=list(CallState),
        dispositions=list(Disposition),
        heard_words=_HEARD,
    )


def _contacts(
    ledger: Ledger, view: CampaignView, wanted: ContactFilter, cursor: str
) -> Page[dict[str, Any]]:
    place = cursors.read(cursor or None)
    if view.retired_at is not None:
        return Page([], None, 0)
    try:
        return browse.page_of_contacts(ledger, view, wanted, place, _ROWS)
    except ValueError:
        raise no_page() from None


def shown(record: dict[str, Any]) -> dict[str, Any]:
    """Return a result with its numbers masked, also in its id and its name."""
    end = end_of(record.get("disposition"), record.get("reason"))
    return {**concealed(record), "end": end, "heard_words": in_words(record)}


def end_of(disposition: str | None, reason: str | None) -> str:
    """Write how a call or an attempt ended, such as "not reached: busy"; "" while it is open."""
    return ": ".join(filter(None, (disposition, reason))).replace("_", " ")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many calls ended in one way."""

    label: str  #: `disposition` or `disposition:reason`
    words: str
    meaning: str
    count: int
    share: str


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How all calls of a campaign stand, from one reading: the tiles add up to its total."""

    waiting: int
    under_way: int
    ended: list[Outcome]  #: by disposition
    others: int  #: ended calls for which no disposition was counted
    labels: list[Outcome]  #: by disposition and reason
    total: int


def outcomes(view: CampaignView) -> Outcomes:
    """Count how the calls of a campaign stand."""
    by_disposition: dict[str, int] = {}
    for label, count in view.dispositions.items():
        disposition = label.partition(":")[0]
        by_disposition[disposition] = by_disposition.get(disposition, 0) + count
    ended = view.calls[CallState.ENDED]
    waiting, under_way = view.calls[CallState.PENDING], view.open
    in_order = sorted(by_disposition.items(), key=lambda each: -each[1])
    labels = sorted(view.dispositions.items(), key=lambda each: -each[1])
    return Outcomes(
        waiting,
        under_way,
        [_outcome(label, count, view.total) for label, count in in_order],
        max(0, ended - sum(by_disposition.values())),
        [_outcome(label, count, view.total) for label, count in labels],
        waiting + under_way + max(ended, sum(by_disposition.values())),
    )


def _outcome(label: str, count: int, total: int) -> Outcome:
    disposition, _, reason = label.partition(":")
    words = end_of(disposition, reason)
    return Outcome(label, words, meaning(disposition, reason), count, share(count, total))


def _is_label(written: str) -> bool:
    return written.partition(":")[0] in ENDS and written.replace("_", "").replace(":", "").isalpha()


@dataclass(frozen=True, slots=True)
class LiveCall:
    """A live call, as the page of its campaign lists it."""

    row: int
    number: str  #: masked
    standing: str
    deadline: float


def _live(ledger: Ledger, view: CampaignView) -> tuple[int, list[LiveCall]]:
    """Return how many connections of a campaign are live, and the first by deadline."""
    found = views.live_calls(ledger, view.account, view.campaign_id)
    deadlines = {Attempt.parse(attempt): at for attempt, at in found[:_MOST_LIVE]}
    known = live_calls.details(ledger, list(deadlines))
    calls = [
        LiveCall(attempt.row, call.contact.address, call.standing, deadlines[attempt])
        for attempt, call in known.items()
    ]
    return len(found), calls


@dataclass(frozen=True, slots=True)
class Event:
    """What happened in a campaign."""

    at: float
    what: str
    row: int | None  #: of whose call; None: of the campaign itself
    detail: str


def _event(happening: Any) -> Event:
    row = Attempt.parse(happening.which).row if Attempt.is_written(happening.which) else None
    detail = str(concealed({"detail": happening.detail})["detail"]).replace("_", " ")
    return Event(happening.at, happening.what, row, detail)


@dataclass(frozen=True, slots=True)
class Button:
    """A link to the page of an order."""

    to: str
    words: str
    kind: str  #: a class of the style sheet


def _buttons(view: CampaignView, visitor: Visitor, own: str) -> list[Button]:
    """Return the orders that the visitor may give on a campaign in its state."""
    buttons = []
    is_over = view.state is CampaignState.FINISHED
    if visitor.scope.has(Scope.OPERATE) and not is_over:
        if view.state is CampaignState.PAUSED:
            buttons.append(Button(f"{own}/order/resume", "Resume…", ""))
        else:
            buttons.append(Button(f"{own}/order/pause", "Pause…", ""))
        buttons.append(Button(f"{own}/order/cancel", "Cancel the rest…", "danger"))
        buttons.append(Button(f"{own}/order/abort", "Abort: hang up and cancel…", "danger"))
    if visitor.scope.has(Scope.START):
        if is_over and view.retired_at is None:
            buttons.append(Button(f"{own}/again", "Call some again…", "second"))
        buttons.append(Button(link("/launch", copy=view.campaign_id), "Start a copy…", "second"))
    return buttons


# Every page's -------------------------------------------------------------------------------------


def show(request: Request, template: str, **values: Any) -> Response:
    """Render a page; its template can mask texts and addresses, and write durations."""
    return render(request, template, masked=mask_text, address=address, lasting=length, **values)


def one_of(written: str, known: Any) -> str:
    """Return the filter's value if it is a known one, else "": all."""
    return written if written in [str(each) for each in known] else ""


def link(path: str, **asked: str) -> str:
    """Return a path with a query of all values that are not empty."""
    query = urlencode({name: each for name, each in asked.items() if each})
    return f"{path}?{query}" if query else path


def no_page() -> Failure:
    """Return the failure (404) for an address whose cursor is of another list."""
    return Failure(422, "cursor", "this is no page of the list: begin with its first one")
