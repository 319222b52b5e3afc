"""Calling some contacts of a campaign again, by how their calls ended."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from scheduler.fields.counts import counted
from scheduler.fields.durations import written
from scheduler.ledger import controls
from scheduler.ledger.views import CampaignView
from scheduler.operations import retry
from scheduler.operations.account import account_of
from scheduler.operations.guard import is_sandbox
from scheduler.operations.orders import about
from scheduler.operations.retry import NEVER, NothingToRetry, Plan
from scheduler.web.console.pages import render
from scheduler.web.problems import Failure, Fault
from scheduler.web.site import OnSite, Site, Starts, order_by

router = APIRouter()

_Ends = list[Annotated[str, Query(max_length=80)]]


@router.get("/campaigns/{campaign_id}/again")
def count(
    request: Request,
    visitor: Starts,
    site: OnSite,
    campaign_id: str,
    end: Annotated[_Ends | None, Query(max_length=100)] = None,
) -> Response:
    """Ask which ends are meant, and say how many contacts those are. Nobody is called."""
    request.state.connection.be_patient()
    view = site.campaign(visitor, campaign_id)
    view.expect_kept()
    errors: list[Fault] = []
    planned = None
    try:
        planned = _planned(site, view, end) if end else None
    except Failure as failure:
        errors = [Fault(code=failure.details.code, message=failure.details.detail)]
    account = account_of(view, site.settings)
    address = account.credentials.address
    return render(
        request,
        "launch_again.html.j2",
        422 if errors else 200,
        view=view,
        ends=[(label, calls, NEVER.get(label, "")) for label, calls in view.dispositions.items()],
        chosen=end or [],
        planned=planned,
        errors=errors,
        address=address,
        is_sandbox=is_sandbox(address),
        each=written(view.policy.max_duration_seconds),
        minutes=planned.count * view.policy.max_duration_seconds / 60 if planned else 0,
    )


def _planned(site: Site, view: CampaignView, ends: list[str]) -> Plan:
    """Return which campaign calls those contacts. Raises Failure."""
    try:
        wanted = retry.read_ends(ends)
    except ValueError as error:
        raise Failure(422, "ends", str(error)) from None
    try:
        return retry.plan(site.ledger, retry.survey(site.ledger, view, wanted))
    except NothingToRetry as error:
        raise Failure(409, "nobody", str(error)) from None


@router.post("/campaigns/{campaign_id}/again")
def launch(
    request: Request,
    visitor: Starts,
    site: OnSite,
    campaign_id: str,
    end: Annotated[list[str], Form()],
    count: Annotated[int, Form(ge=0)],
    taker: Annotated[str, Form(alias="campaign_id", max_length=120)],
) -> Response:
    """Call exactly those that were counted again."""
    request.state.connection.be_patient()
    view = site.campaign(visitor, campaign_id)
    view.expect_kept()
    planned = _planned(site, view, end)
    if (planned.count, planned.campaign_id, planned.is_open) != (count, taker, True):
        raise Failure(
            409,
            "moved_on",
            f"the page said {counted(count, 'contact')} as campaign {taker}, and now it is"
            f" {planned.count:,}"
            f" as {planned.campaign_id}: more calls have ended, or they are called again already."
            " Nobody was called: count them again",
        )
    account_of(view, site.settings)  # it is there still
    site.ledger.open()
    retry.load(site.ledger, planned)
    note = about(order_by(visitor), f"again for {', '.join(end)} of {view.campaign_id}")
    known = controls.of_campaign(site.ledger, taker)
    if not any(each.what == "launch" for each in known):
        controls.note(site.ledger, taker, "launch", note)
    return RedirectResponse(f"/campaigns/{taker}?done=launched", 303)
