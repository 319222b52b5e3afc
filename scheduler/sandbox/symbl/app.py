"""Which path leads where."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from scheduler.sandbox.symbl.authentication import Authentication
from scheduler.sandbox.symbl.control import Control
from scheduler.sandbox.symbl.conversation_api import ConversationApi
from scheduler.sandbox.symbl.refusals import plain, refusal
from scheduler.sandbox.symbl.state import State
from scheduler.sandbox.symbl.subscriptions import Subscriptions
from scheduler.sandbox.symbl.telephony import Telephony


def create_app(state: State) -> Starlette:
    """The sandbox as an ASGI application, for a server that speaks CuttableProtocol."""

    async def in_own_shape(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if request.url.path.startswith("/sandbox"):
            return plain(error.status_code, error.detail)
        return refusal(state.board.knobs, error.status_code, error.detail)

    routes = [*_api(state), *_conversations(state), *_sockets(state), *_control(state)]
    return Starlette(routes=routes, exception_handlers={HTTPException: in_own_shape})


def _api(state: State) -> list[BaseRoute]:
    authentication, telephony = Authentication(state), Telephony(state)
    return [
        Route("/oauth2/token:generate", authentication.generate, methods=["POST"]),
        Route("/oauth2/token:refresh", authentication.refresh, methods=["POST"]),
        Route("/oauth2/token:revoke", authentication.revoke, methods=["DELETE"]),
        Route("/v1/endpoint:connect", telephony.connect, methods=["POST"]),
        Route("/v1/event/{connection_id}", telephony.speaker_event, methods=["POST"]),
    ]


def _conversations(state: State) -> list[BaseRoute]:
    api, every = ConversationApi(state), "/v1/conversations"
    one = every + "/{conversation_id}"
    page = every + "/experiences/insights/details/{conversation_id}"
    return [
        Route(every, api.show_all, methods=["GET"]),
        Route(page, api.insights_page, methods=["GET"]),
        Route(one, api.show, methods=["GET"]),
        Route(one, api.put_metadata, methods=["PUT"]),
        Route(one, api.delete, methods=["DELETE"]),
        Route(one + "/members/{member_id}", api.put_member, methods=["PUT"]),
        Route(one + "/speakers", api.put_speakers, methods=["PUT"]),
        Route(one + "/transcript", api.transcript, methods=["POST"]),
        Route(one + "/experiences", api.experience, methods=["POST"]),
        Route(one + "/{view:path}", api.show, methods=["GET"]),
    ]


def _sockets(state: State) -> list[BaseRoute]:
    subscriptions = Subscriptions(state)
    return [
        WebSocketRoute("/session/subscribe/{connection_id}", subscriptions.subscribe),
        WebSocketRoute("/v1/subscribe/{connection_id}", subscriptions.subscribe),
        WebSocketRoute("/events/{connection_id}", subscriptions.events),
        WebSocketRoute("/{path:path}", subscriptions.nowhere),
    ]


def _control(state: State) -> list[BaseRoute]:
    control = Control(state)
    return [
        Route("/sandbox", control.about, methods=["GET"]),
        Route("/sandbox/knobs", control.show_knobs, methods=["GET"]),
        Route("/sandbox/knobs", control.turn_knobs, methods=["POST"]),
        Route("/sandbox/journal", control.journal, methods=["GET"]),
        Route("/sandbox/live", control.live, methods=["GET"]),
        Route("/sandbox/sockets", control.sockets, methods=["GET"]),
        Route("/sandbox/sockets/drop", control.drop_sockets, methods=["POST"]),
        Route("/sandbox/conversations/{conversation_id}", control.conversation, methods=["GET"]),
        Route("/sandbox/tokens/expire", control.expire_tokens, methods=["POST"]),
        Route("/sandbox/reset", control.reset, methods=["POST"]),
    ]
