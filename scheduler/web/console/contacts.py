"""One contact: searched, explained, and everything that became of its calls."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from scheduler.errors import LedgerError
from scheduler.heard import in_words
from scheduler.late import LATE_SECONDS
from scheduler.ledger import controls
from scheduler.ledger.views import CampaignView
from scheduler.live.late import of_attempt
from scheduler.operations import finding, recordings
from scheduler.operations.account import provider_with
from scheduler.operations.browse import Page
from scheduler.operations.finding import Hit
from scheduler.operations.serving import Serving
from scheduler.operations.story import Story, story_of
from scheduler.providers import Records
from scheduler.rights import Visitor
from scheduler.web import cursors
from scheduler.web.console.campaigns import Place, Text, end_of, link, no_page, show, shown
from scheduler.web.masks import address, concealed
from scheduler.web.problems import Failure
from scheduler.web.site import Looks, OnSite, Site, order_by
from scheduler.web.sounds import MOST_BYTES, Sounds, of_sound

router = APIRouter()

#: Contacts found by name, on one page.
_ROWS = 50

_sounds = Sounds()


# Searching ----------------------------------------------------------------------------------------


@router.get("/contacts")
def contacts(
    request: Request,
    site: OnSite,
    visitor: Looks,
    q: Text = "",
    among: Text = "",
    cursor: Place = "",
) -> Response:
    """Look for somebody in the newest campaigns: by number or id, or by a part of a name."""
    wanted = q.strip()
    by_name = among == "names"
    page: Page[Hit] = Page([], None, 0)
    if wanted:
        try:
            page = _found(site, visitor, wanted, cursors.read(cursor or None), by_name=by_name)
        except ValueError:
            raise no_page() from None
    asked = {"q": wanted, "among": "names" if by_name else ""}
    return show(
        request,
        "contacts_find.html.j2",
        wanted=wanted,
        by_name=by_name,
        found=[(each.view, shown(each.record)) for each in page.found],
        looked_at=page.looked_at,
        other=link("/contacts", q=wanted, among="" if by_name else "names"),
        first=link("/contacts", **asked) if cursor else "",
        next=link("/contacts", **asked, cursor=cursors.written(page.next)) if page.next else "",
    )


def _found(
    site: Site, visitor: Visitor, wanted: str, place: str | None, *, by_name: bool
) -> Page[Hit]:
    if by_name:
        return finding.find_names(site.ledger, wanted, visitor.accounts, place, _ROWS)
    return finding.find_contacts(site.ledger, wanted, visitor.accounts, place)


# One of them --------------------------------------------------------------------------------------


@router.get("/campaigns/{campaign_id}/contacts/{contact}/recordings/{recording}")
def recording(
    request: Request,
    site: OnSite,
    visitor: Looks,
    campaign_id: str,
    contact: str,
    recording: str,
) -> Response:
    """Play a recording of a call; who hears it is put on the campaign's record."""
    view = site.campaign(visitor, campaign_id)
    story = _story(site, view, contact)
    known = {each["recording_id"] for told in story.attempts for each in told["recordings"]}
    if recording not in known:
        raise Failure(404, "no_such_recording", "this contact has no such recording")
    request.state.connection.be_patient()
    row = story.explanation.row
    key = (str(id(site.ledger)), view.account, view.campaign_id, str(row), recording)
    sound = _sounds.get(key, partial(_fetch, site, view, recording))
    if _sounds.is_first(sound, visitor.name):
        note = f"#{row}, recording {recording}"
        controls.note(site.ledger, view.campaign_id, "listen", order_by(visitor, note))
    return of_sound(sound, request.headers.get("range", ""))


def _fetch(site: Site, view: CampaignView, recording: str, file: Any) -> None:
    with provider_with(Records, view, site.settings, site.ledger) as provider:
        if provider is None or not isinstance(provider, Records):
            raise LedgerError(f"the provider of account {view.account} keeps no recordings")
        recordings.copy(provider, recording, file, MOST_BYTES)


@router.get("/campaigns/{campaign_id}/contacts/{contact:path}")
def contact(
    request: Request, site: OnSite, visitor: Looks, campaign_id: str, contact: str
) -> Response:
    """Show what became of a contact, and why; its number masked."""
    view = site.campaign(visitor, campaign_id)
    return _page(request, site, visitor, _story(site, view, contact), is_revealed=False)


@router.post("/campaigns/{campaign_id}/contacts/{contact:path}")
def revealed(
    request: Request,
    site: OnSite,
    visitor: Looks,
    campaign_id: str,
    contact: str,
    order: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Show the number of a contact, in this one answer; that it was asked for is on record."""
    if order != "reveal":
        raise Failure(422, "order", "there is nothing but the number to ask for here")
    if not visitor.may_reveal:
        raise Failure(403, "forbidden", "to see numbers needs the scope operate")
    view = site.campaign(visitor, campaign_id)
    story = _story(site, view, contact)
    note = order_by(visitor, f"#{story.explanation.row}")
    controls.note(site.ledger, view.campaign_id, "reveal", note)
    return _page(request, site, visitor, story, is_revealed=True)


def _story(site: Site, view: CampaignView, who: str) -> Story:
    view.expect_kept()
    try:
        return story_of(site.ledger, view, who)
    except LedgerError:
        # The message may repeat the number that was searched for, which no page shows.
        raise Failure(
            404, "no_such_contact", f"campaign {view.campaign_id} has no such contact"
        ) from None


def _page(
    request: Request, site: Site, visitor: Visitor, story: Story, *, is_revealed: bool
) -> Response:
    whole = story.explanation.contact.address
    record = concealed(story.as_record())
    campaign = f"/campaigns/{quote(story.view.campaign_id, safe='')}"
    page = show(
        request,
        "contacts_one.html.j2",
        view=story.view,
        record=record,
        number=whole if is_revealed else address(whole),
        end=end_of(record["disposition"], record["reason"]),
        attempts=[_attempt(each) for each in record["history"]],
        campaign=campaign,
        original=story.explanation.original,
        order=story.explanation.order,
        own=f"{campaign}/contacts/%23{story.explanation.row}",
        is_revealed=is_revealed,
        heard=in_words(record),
        lack=Serving(site.ledger, site.settings).lack(story.view),
        may_reveal=visitor.may_reveal,
    )
    page.headers["Cache-Control"] = "no-store"
    return page


def _attempt(record: dict[str, Any]) -> dict[str, Any]:
    end = end_of(record["disposition"], record["reason"])
    return {**record, "end": end, "late": _late(record)}


def _late(attempt: dict[str, Any]) -> str:
    """Say by how much an attempt ended late, and why; "" for one that did not."""
    seconds = attempt["late_seconds"]
    if seconds is None or seconds <= LATE_SECONDS:
        return ""
    cause, last_error = attempt["late_cause"] or "", attempt["stop_error"] or ""
    return of_attempt(seconds, cause, attempt["stop_late_seconds"], last_error)
