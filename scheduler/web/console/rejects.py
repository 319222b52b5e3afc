"""The rows of a campaign that were refused: why, and where each is in its file."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from scheduler.ledger import rejects
from scheduler.web.console.pages import render
from scheduler.web.refused import record
from scheduler.web.site import Looks, OnSite

router = APIRouter()

#: Refused rows on the page. The files have all of them.
MOST_SHOWN = 200


@router.get("/campaigns/{campaign_id}/rejects")
def refused(request: Request, site: OnSite, visitor: Looks, campaign_id: str) -> Response:
    """Show how many rows were refused for which reason, and the first of them."""
    view = site.campaign(visitor, campaign_id)
    view.expect_kept()
    counts = rejects.counted(view.dispositions)
    found = rejects.of_campaign(site.ledger, campaign_id, MOST_SHOWN) if counts else ()
    return render(
        request,
        "rejects.html.j2",
        view=view,
        counts=counts,
        total=sum(counts.values()),
        rows=[record(each, is_whole=False) for each in found],
    )
