"""The contacts of a campaign: what became of each, and why."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from scheduler.errors import LedgerError, NoSuchCampaign
from scheduler.models import CallState
from scheduler.operations import browse
from scheduler.operations.browse import ContactFilter
from scheduler.operations.explain import explain
from scheduler.operations.story import story_of
from scheduler.rights import Scope
from scheduler.web import cursors
from scheduler.web.api import contacts_models as models
from scheduler.web.api.campaigns import next_cursor, no_cursor
from scheduler.web.cursors import Cursor, Limit
from scheduler.web.masks import as_seen_by
from scheduler.web.problems import Failure, failure_of
from scheduler.web.site import Looks, OnSite

router = APIRouter(tags=["contacts"])

_Disposition = Annotated[
    str,
    Query(
        pattern="^[a-z_]*(:[a-z_]+)?$",
        max_length=80,
        description="How the call ended: `not_reached`, or with its reason `not_reached:busy`.",
        examples=["not_reached:busy"],
    ),
]
_Text = Annotated[
    str,
    Query(
        max_length=200,
        description="A whole id, number, address or `#row`, or a part of an id or a name. A part of"
        " a number only its last four digits, unless you see numbers.",
    ),
]
_HeardSo = Annotated[
    Literal["human", "machine", "silence", "not_recorded", "opted_out"] | None,
    Query(
        description="Who was heard in the call, as its result says; `opted_out`: the callee asked"
        " never to be called again."
    ),
]
_Who = Annotated[str, Query(min_length=1, max_length=400, description="Id, number or `#row`.")]
_Id = Annotated[str, Query(min_length=1, max_length=400, description="The campaign's id.")]

#: Keys of an attempt that are kept back: with them somebody could listen to the call.
_KEPT_BACK = frozenset({"token", "details", "event_url", "result_websocket_url"})


@router.get(
    "/campaigns/{campaign_id}/contacts",
    summary="List the contacts of a campaign",
    response_model=models.Contacts,
)
def contacts(
    site: OnSite,
    visitor: Looks,
    campaign_id: str,
    cursor: Cursor = None,
    limit: Limit = 100,
    disposition: _Disposition = "",
    state: Annotated[CallState | None, Query(description="Whose call stands so.")] = None,
    q: _Text = "",
    heard: _HeardSo = None,
) -> Response:
    """List the results of a campaign's contacts, in the order of its file.

    With a filter, 5,000 contacts are looked at for a page at most: it may be short, or empty, and
    still have a `next_cursor`.
    """
    view = site.campaign(visitor, campaign_id)
    wanted = ContactFilter(disposition, state or "", q, visitor.sees_numbers, heard or "")
    place = cursors.read(cursor)
    try:
        page = browse.page_of_contacts(site.ledger, view, wanted, place, limit)
    except ValueError:
        raise no_cursor() from None
    return JSONResponse(
        {"contacts": as_seen_by(visitor, page.found), "next_cursor": next_cursor(page)}
    )


@router.get(
    "/campaigns/{campaign_id}/contacts/{contact:path}",
    summary="Look at a contact",
    response_model=models.ContactInFull,
)
def contact(site: OnSite, visitor: Looks, campaign_id: str, contact: str) -> Response:
    """Tell what became of a contact: its result, every rule, every attempt and what was said in it.

    It is named by its id, its number or address, or as `#12` (written `%2312`), the twelfth row.
    """
    view = site.campaign(visitor, campaign_id)
    view.expect_kept()
    try:
        story = story_of(site.ledger, view, contact)
    except LedgerError as error:
        raise nobody(error) from error
    return JSONResponse(as_seen_by(visitor, story.as_record()))


@router.get(
    "/explain", summary="Why somebody was or was not called", response_model=models.Explained
)
def explanation(site: OnSite, visitor: Looks, campaign: _Id, number: _Who) -> Response:
    """Say why a contact was or was not called, as `callsched explain --json` does."""
    view = site.campaign(visitor, campaign)
    view.expect_kept()
    try:
        record = explain(site.ledger, view.campaign_id, number).as_record()
    except LedgerError as error:
        raise nobody(error) from error
    if not (visitor.sees_numbers and visitor.scope.has(Scope.ADMIN)):
        record["attempts"] = [_without_secrets(each) for each in record["attempts"]]
    return JSONResponse(as_seen_by(visitor, record))


def _without_secrets(attempt: dict[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in attempt.items() if name not in _KEPT_BACK}


def nobody(error: LedgerError) -> Failure:
    """Return the failure for a contact that does not exist."""
    if isinstance(error, NoSuchCampaign):
        return failure_of(error)
    return Failure(404, "no_such_contact", str(error))
