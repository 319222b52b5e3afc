"""Every call to a number: to one that is typed, or to that of a contact."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from scheduler.errors import LedgerError
from scheduler.ledger.explanation import standing
from scheduler.operations.history import History
from scheduler.web import histories
from scheduler.web.console.campaigns import Text, end_of, show
from scheduler.web.masks import address, concealed
from scheduler.web.problems import Failure
from scheduler.web.site import Looks, OnSite

router = APIRouter()


@router.get("/history")
def page(
    request: Request,
    site: OnSite,
    visitor: Looks,
    number: Text = "",
    region: Annotated[str, Query(max_length=2)] = "",
    campaign: Text = "",
    row: Annotated[int, Query(ge=0, le=10**9)] = 0,
) -> Response:
    """Show every call to a number; the number itself is masked."""
    histories.expect_allowed(visitor)
    if campaign:
        view = site.campaign(visitor, campaign)
        view.expect_kept()
        try:
            number = standing(site.ledger, view.campaign_id, row).contact.address
        except LedgerError:
            raise Failure(404, "no_such_contact", "there is no such contact") from None
    request.state.connection.be_patient()
    found, problem = None, ""
    if number.strip():
        try:
            found = histories.history(site, visitor, number, region)
        except Failure as failure:
            problem = failure.details.detail
    return show(
        request,
        "history.html.j2",
        typed="" if campaign else number,
        region=region,
        problem=problem,
        asked=address(found.address) if found else "",
        found=_shown(found) if found else None,
    )


def _shown(history: History) -> dict[str, Any]:
    record: dict[str, Any] = concealed(history.as_record())
    record["listed"] = history.listed and {
        "since": history.listed[1].since,
        "why": concealed(history.listed[1].why, "why"),
    }
    for call in record["calls"]:
        call["end"] = end_of(call["disposition"], call["reason"])
        for each in call["attempts"]:
            each["end"] = end_of(each["disposition"], each["reason"])
    return record
