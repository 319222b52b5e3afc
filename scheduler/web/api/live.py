"""Live calls: which there are, and orders on one of them."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from scheduler.errors import NoSuchCampaign
from scheduler.ledger.views import CampaignView
from scheduler.live import calls
from scheduler.live.calls import LivePlace
from scheduler.models import Attempt
from scheduler.operations import live_calls
from scheduler.operations.account import provider_with
from scheduler.providers import Prolongs
from scheduler.rights import Visitor
from scheduler.web import cursors
from scheduler.web.api.live_models import (
    ExtendedCall,
    Extension,
    LiveCalls,
    StoppedCall,
)
from scheduler.web.api.orders import PATIENCE_SECONDS
from scheduler.web.api.orders_models import Order
from scheduler.web.masks import as_seen_by
from scheduler.web.problems import Failure, problem
from scheduler.web.site import Looks, OnSite, Operates, Site, order_by
from scheduler.web.visible_accounts import names_for

router = APIRouter(tags=["live"])


@router.get("/live", summary="List live calls")
def live(
    visitor: Looks,
    site: OnSite,
    account: Annotated[str, Query(max_length=64, description="Of this account alone.")] = "",
    campaign: Annotated[str, Query(max_length=200, description="Of this campaign alone.")] = "",
    cursor: cursors.Cursor = None,
    limit: cursors.Limit = 100,
) -> LiveCalls:
    """List the live calls, the nearest deadline first."""
    names = names_for(site, visitor, account)
    if campaign:
        own = site.campaign(visitor, campaign).account
        names = [name for name in names if name == own]
    after = _place(cursors.read(cursor))
    rows, is_more = calls.listed(site.ledger, names, campaign_id=campaign, after=after, most=limit)
    now = site.ledger.time()
    following = cursors.written(str(rows[-1].place)) if is_more else None
    records = as_seen_by(visitor, [each.as_record(now) for each in rows])
    return LiveCalls.model_validate({"live": records, "next_cursor": following})


@router.post(
    "/live/{attempt}/stop",
    summary="End one live call",
    responses={202: {"model": StoppedCall, "description": "Its stop is on record; it is live yet"}},
)
def stop(
    attempt: str,
    request: Request,
    response: Response,
    visitor: Operates,
    site: OnSite,
    order: Order | None = None,
) -> StoppedCall:
    """End a call now, or as soon as its start is answered; it ends as `aborted`.

    It waits up to ten seconds for the end: 202 says that it is not confirmed yet. 409 `not_live`
    when the call waits, or is over.
    """
    request.state.connection.be_patient()
    meant, _ = of_attempt(site, visitor, attempt)
    control = order_by(visitor, order.note if order else "")
    stopped = live_calls.stop_attempt(site.ledger, meant, control, within_seconds=PATIENCE_SECONDS)
    if not stopped.is_over:
        response.status_code = 202
    ended = stopped.ending.as_record() if stopped.ending else None
    record = {"attempt": attempt, "is_over": stopped.is_over, "ended": ended}
    return StoppedCall.model_validate(as_seen_by(visitor, record))


@router.post(
    "/live/{attempt}/extend",
    summary="Let one live call last longer",
    responses={502: problem("Its provider did not confirm it: nothing has moved")},
)
def extend(
    attempt: str,
    request: Request,
    visitor: Operates,
    site: OnSite,
    extension: Extension,
) -> ExtendedCall:
    """Move the deadline of a live call, up to CALLSCHED_MAX_DURATION_CEILING from its start.

    409 says why it may not last so much longer; 502 that its provider did not confirm it: then
    nothing has moved.
    """
    request.state.connection.be_patient()
    meant, view = of_attempt(site, visitor, attempt)
    seconds = extension.by
    if extension.until is not None:
        seconds = extension.until - calls.one(site.ledger, view.account, meant).place.deadline
    return _extended(site, visitor, meant, view, seconds or 0.0, extension.note)


def _extended(
    site: Site, visitor: Visitor, meant: Attempt, view: CampaignView, seconds: float, note: str
) -> ExtendedCall:
    if seconds <= 0:
        raise Failure(422, "until", "the call may last until then already")
    extended = live_calls.extend_attempt(
        site.ledger,
        meant,
        seconds,
        order_by(visitor, note),
        site.settings.max_duration_ceiling,
        partial(provider_with, Prolongs, view, site.settings, site.ledger),
    )
    return ExtendedCall(attempt=str(meant), deadline=extended.deadline)


def of_attempt(site: Site, visitor: Visitor, written: str) -> tuple[Attempt, CampaignView]:
    """Return an attempt that the visitor may see, and its campaign. Raises Failure: 404."""
    if not Attempt.is_written(written):
        raise Failure(404, "no_such_call", "there is no such call")
    attempt = Attempt.parse(written)
    try:
        return attempt, site.campaign(visitor, attempt.campaign_id)
    except NoSuchCampaign:
        raise Failure(404, "no_such_call", "there is no such call") from None


def _place(written: str | None) -> LivePlace | None:
    try:
        return None if written is None else LivePlace.parse(written)
    except ValueError:
        raise Failure(422, "cursor", "this is no cursor: take `next_cursor` as it came") from None
