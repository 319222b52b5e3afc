"""Campaigns as they stand, and what was done to them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from scheduler.ledger import controls
from scheduler.models import CampaignState
from scheduler.operations import browse
from scheduler.operations.browse import CampaignFilter, Page
from scheduler.operations.orders import seen_of
from scheduler.web import cursors
from scheduler.web.api import campaigns_models as models
from scheduler.web.cursors import Cursor, Limit
from scheduler.web.masks import as_seen_by
from scheduler.web.problems import Failure
from scheduler.web.site import Looks, OnSite

router = APIRouter(tags=["campaigns"])

_Text = Annotated[str, Query(max_length=200, description="Stands in the id or in the name.")]
_Account = Annotated[str, Query(max_length=200, description="Dials from this account.")]
_ETAG: dict[int | str, dict[str, Any]] = {
    200: {
        "headers": {
            "ETag": {
                "description": "What an order says in `If-Match` that it saw.",
                "schema": {"type": "string"},
            }
        }
    }
}


@router.get("/campaigns", summary="List campaigns", response_model=models.Campaigns)
def campaigns(
    site: OnSite,
    visitor: Looks,
    cursor: Cursor = None,
    limit: Limit = 100,
    state: Annotated[CampaignState | None, Query(description="Stands so.")] = None,
    account: _Account = "",
    q: _Text = "",
) -> Response:
    """List the campaigns, the newest first; those that come in meanwhile move none of the rest.

    With a filter, so many campaigns are looked at for a page at most: it may be short, or empty,
    and still have a `next_cursor`.
    """
    wanted = CampaignFilter(state or "", account, q, visitor.accounts)
    place = cursors.read(cursor)
    try:
        page = browse.page_of_campaigns(site.ledger, wanted, place, limit)
    except ValueError:
        raise no_cursor() from None
    records = [view.as_record() for view in page.found]
    return JSONResponse(
        {"campaigns": as_seen_by(visitor, records), "next_cursor": next_cursor(page)}
    )


@router.get(
    "/campaigns/{campaign_id}",
    summary="Look at a campaign",
    response_model=models.CampaignInFull,
    responses=_ETAG,
)
def campaign(site: OnSite, visitor: Looks, campaign_id: str) -> Response:
    """Tell how a campaign stands, what is expected of it, and why the rest waits."""
    site.campaign(visitor, campaign_id)
    outlook = browse.outlook(site.ledger, campaign_id)
    headers = {"ETag": f'"{seen_of(outlook.view)}"'}
    record = outlook.as_record() | site.nobody_dials(outlook.view)
    return JSONResponse(as_seen_by(visitor, record), headers=headers)


@router.get(
    "/campaigns/{campaign_id}/orders",
    summary="Who did what to a campaign",
    response_model=models.Orders,
)
def orders(site: OnSite, visitor: Looks, campaign_id: str) -> Response:
    """List what somebody did to a campaign, and who that was, the last first."""
    view = site.campaign(visitor, campaign_id)
    done = [each.as_record() for each in controls.of_campaign(site.ledger, view.campaign_id)]
    return JSONResponse({"orders": as_seen_by(visitor, done), "next_cursor": None})


def next_cursor(page: Page[Any]) -> str | None:
    """Return the cursor of the page that follows on one."""
    return None if page.next is None else cursors.written(page.next)


def no_cursor() -> Failure:
    """Return the failure for a cursor that belongs to no list, or to another one."""
    return Failure(422, "cursor", "this is no cursor of this list: take `next_cursor` as it came")
