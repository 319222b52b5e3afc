"""Orders on whole campaigns: pause, resume, cancel, abort, and which of them goes first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response

from scheduler.ledger.ledger import Control, Ledger
from scheduler.ledger.views import CampaignView
from scheduler.operations import controls
from scheduler.operations.orders import seeing, seen_of
from scheduler.rights import Visitor
from scheduler.web.api.campaigns_models import Campaign
from scheduler.web.api.orders_models import AbortedCampaign, Order, PriorityOrder
from scheduler.web.masks import as_seen_by
from scheduler.web.site import OnSite, Operates, Site, order_by

router = APIRouter(tags=["orders"])

#: How long a request waits for its order to take effect. The order goes on after that.
PATIENCE_SECONDS = 10.0

IfMatch = Annotated[
    str | None,
    Header(
        max_length=1000,
        description="The ETag of the campaign as it was seen: 412 when it has moved on since.",
        examples=['"1a2b3c4d5e6-3"'],
    ),
]

_NO_ORDER = Order()

_ETAG = {
    "description": "How the campaign can be controlled now: for If-Match",
    "schema": {"type": "string"},
}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The campaign after the order", "headers": {"ETag": _ETAG}}
}


def _ordered(
    site: Site, visitor: Visitor, campaign_id: str, order: Order | None, if_match: str | None
) -> tuple[CampaignView, Control]:
    view = site.campaign(visitor, campaign_id)
    control = order_by(visitor, (order or _NO_ORDER).note)
    return view, control if if_match is None else _seeing(control, view, if_match)


def _seeing(control: Control, view: CampaignView, if_match: str) -> Control:
    """Make an order conditional on the state that If-Match names: one of its tags, or `*`."""
    # A proxy that compresses an answer turns its tag into a weak one: W/ is ignored.
    tags = [each.strip().removeprefix("W/").strip('"') for each in if_match.split(",")]
    if "*" in tags:
        return control
    return seeing(control, view, seen_of(view) if seen_of(view) in tags else tags[0])


@dataclass(frozen=True, slots=True)
class _Asked:
    """An order on one campaign, and who gives it."""

    site: Site
    visitor: Visitor
    view: CampaignView
    control: Control

    @property
    def given(self) -> tuple[Ledger, list[CampaignView], Control]:
        """The arguments of the operations."""
        return self.site.ledger, [self.view], self.control


def _asked(
    campaign_id: str,
    visitor: Operates,
    site: OnSite,
    order: Order | None = None,
    if_match: IfMatch = None,
) -> _Asked:
    return _Asked(site, visitor, *_ordered(site, visitor, campaign_id, order, if_match))


AskedFor = Annotated[_Asked, Depends(_asked)]


@router.post("/campaigns/{campaign_id}/pause", summary="Pause a campaign", responses=_ANSWERS)
def pause(request: Request, response: Response, asked: AskedFor) -> Campaign:
    """Send no more starts, and wait a moment for those under way; live calls go on."""
    request.state.connection.be_patient()
    halted = controls.pause(*asked.given, within_seconds=PATIENCE_SECONDS)
    return Campaign.model_validate(_with_tag(response, asked.visitor, halted.campaigns[0]))


@router.post(
    "/campaigns/{campaign_id}/resume", summary="Have a paused campaign go on", responses=_ANSWERS
)
def resume(response: Response, asked: AskedFor) -> Campaign:
    """Have a campaign go on that was paused or stopped itself; 409 for one that was cancelled."""
    (resumed,) = controls.resume(*asked.given)
    return Campaign.model_validate(_with_tag(response, asked.visitor, resumed.after))


@router.post(
    "/campaigns/{campaign_id}/cancel", summary="Call the rest of a campaign off", responses=_ANSWERS
)
def cancel(request: Request, response: Response, asked: AskedFor) -> Campaign:
    """End what waits as `skipped`, reason `cancelled`, for good; live calls go on to their ends.

    Nobody is called any more from the first moment on. It goes on when the client leaves.
    """
    request.state.connection.be_patient()
    halted = controls.cancel(*asked.given, within_seconds=PATIENCE_SECONDS)
    return Campaign.model_validate(_with_tag(response, asked.visitor, halted.campaigns[0]))


@router.post(
    "/campaigns/{campaign_id}/abort",
    summary="Call the rest of a campaign off, and end its live calls",
    responses=_ANSWERS
    | {202: {"model": AbortedCampaign, "description": "Stops are on record; some calls are live"}},
)
def abort(request: Request, response: Response, asked: AskedFor) -> AbortedCampaign:
    """Call the rest off, and end every live call: also those whose start is answered only now.

    It waits up to ten seconds for the ends. 202 says that some calls are not over yet: their stops
    are on record, and workers go on sending them. The same request again goes on waiting.
    """
    request.state.connection.be_patient()
    aborted = controls.abort(*asked.given, within_seconds=PATIENCE_SECONDS)
    if aborted.left:
        response.status_code = 202
    ended = [each.as_record() for each in aborted.endings]
    more = as_seen_by(asked.visitor, {"ended": ended, "left": aborted.left})
    record = _with_tag(response, asked.visitor, aborted.campaigns[0])
    return AbortedCampaign.model_validate(record | more)


@router.post(
    "/campaigns/{campaign_id}/priority", summary="Say which campaign goes first", responses=_ANSWERS
)
def priority(
    campaign_id: str,
    response: Response,
    visitor: Operates,
    site: OnSite,
    order: PriorityOrder,
    if_match: IfMatch = None,
) -> Campaign:
    """Change a campaign's priority, and its weight if one is given; 409 for a finished one."""
    _, control = _ordered(site, visitor, campaign_id, order, if_match)
    view = controls.prioritise(site.ledger, campaign_id, order.priority, order.weight, control)
    return Campaign.model_validate(_with_tag(response, visitor, view))


def _with_tag(response: Response, visitor: Visitor, view: CampaignView) -> dict[str, Any]:
    """Return a campaign as the operation left it, and set the answer's ETag."""
    response.headers["ETag"] = f'"{seen_of(view)}"'
    record: dict[str, Any] = as_seen_by(visitor, view.as_record())
    return record
