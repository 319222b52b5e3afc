"""What happens, as it happens: server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from scheduler.clock import since_boot
from scheduler.errors import LedgerError, LedgerTrouble, NoSuchCampaign
from scheduler.ledger import happenings
from scheduler.ledger.happenings import Place
from scheduler.web.feed import MOST_STREAMS, Feed, Subscription
from scheduler.web.problems import Failure
from scheduler.web.site import Looks, OnSite
from scheduler.web.visible_accounts import names_for

router = APIRouter(tags=["events"])

#: How often a comment keeps the stream alive, and how often the visitor's rights are checked.
PING_SECONDS, LOOK_SECONDS = 15.0, 30.0

_EXAMPLE = (
    "retry: 2000\n\n"
    "id: 1790000000123-0@acme\n"
    'data: {"at": 1790000000.123, "what": "ended", "account": "acme", "campaign_id": "nightly",'
    ' "attempt": "nightly:7:1", "detail": "not_reached:busy"}\n\n'
    'id: 1790000001000-0\nevent: gap\ndata: {"until": "1790000001000-0"}\n\n'
    "event: pulse\ndata:\n\n"
    ": ping\n\n"
)


class EventStream(StreamingResponse):
    """A response of server-sent events, without an end."""

    media_type = "text/event-stream"


@router.get(
    "/events",
    summary="Listen to what happens",
    response_class=EventStream,
    responses={
        200: {
            "description": "Events, until the client leaves or its right ends.",
            "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}},
        }
    },
)
def events(
    request: Request,
    visitor: Looks,
    site: OnSite,
    account: Annotated[str, Query(max_length=64, description="Of this account alone.")] = "",
    campaign: Annotated[str, Query(max_length=200, description="Of this campaign alone.")] = "",
    pulse: Annotated[
        bool,
        Query(
            description="Only an event `pulse`, at most one a second, when anything has changed:"
            " live calls and slots too."
        ),
    ] = False,
    after: Annotated[
        str | None,
        Query(max_length=100, description="The `id` of the last event that is known already."),
    ] = None,
    last_event_id: Annotated[
        str | None, Header(max_length=100, description="The same, as browsers send it.")
    ] = None,
) -> EventStream:
    """Answer with server-sent events: what happens on the accounts that the client may see.

    Each event has an `id`: who names it as `Last-Event-ID`, or as `after`, goes on behind it
    without loss. The ledger keeps about the last thousand happenings of an account: when some are
    gone, or the client reads too slowly, an event `gap` says so, and it goes on. A comment comes
    every 15 seconds. The stream ends when its token is revoked.
    """
    subscription = Subscription(visitor, account, campaign, pulse)
    if account:
        names_for(site, visitor, account)
    if campaign:
        view = site.campaign(visitor, campaign)
        if account not in ("", view.account):
            raise NoSuchCampaign(campaign)
    feed: Feed = request.app.state.feed
    if len(feed) >= MOST_STREAMS:
        text = f"{MOST_STREAMS} streams are open already"
        raise Failure(429, "too_many_streams", text, headers={"Retry-After": "10"})
    since, here = _place(after or last_event_id), happenings.here(site.ledger)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return EventStream(_stream(request, feed, subscription, since or here, here), headers=headers)


def _place(written: str | None) -> Place | None:
    if not written:
        return None
    try:
        return Place.parse(written)
    except LedgerError as error:
        raise Failure(422, "event_id", str(error)) from None


async def _stream(
    request: Request, feed: Feed, subscription: Subscription, after: Place, here: Place
) -> AsyncIterator[bytes]:
    stream, rights = feed.open(subscription, here), _Rights(request)
    try:
        request.state.connection.be_endless(stream.end)
        yield b"retry: 2000\n\n"
        if not subscription.pulses:
            event, after = await run_in_threadpool(feed.before, subscription, after)
            yield event
        said_at = since_boot()
        while await rights.hold() and not stream.has_ended:
            ping_at = said_at + PING_SECONDS
            wait = min(ping_at, rights.look_at) - since_boot()
            event = await stream.next(max(0.0, wait), after)
            if event or since_boot() >= ping_at:
                said_at = since_boot()
                yield event or b": ping\n\n"
    except LedgerTrouble:
        return  # a client that reconnects goes on where it was
    finally:
        feed.close(stream)


class _Rights:
    """Checks now and then whether the visitor still has access."""

    def __init__(self, request: Request) -> None:
        self._still_may: Callable[[], Any] = getattr(request.state, "still_may", lambda: True)
        self.look_at = since_boot() + LOOK_SECONDS

    async def hold(self) -> bool:
        if since_boot() < self.look_at:
            return True
        self.look_at = since_boot() + LOOK_SECONDS
        return bool(await run_in_threadpool(self._still_may))
