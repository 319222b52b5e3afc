"""Which path leads where."""

from __future__ import annotations

import time

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from scheduler.sandbox.app import application
from scheduler.sandbox.journal import Journal
from scheduler.sandbox.symbl.authentication import Authentication
from scheduler.sandbox.symbl.control import Control
from scheduler.sandbox.symbl.conversation_api import ConversationApi
from scheduler.sandbox.symbl.knobs import Knobs
from scheduler.sandbox.symbl.refusals import refusal
from scheduler.sandbox.symbl.state import State
from scheduler.sandbox.symbl.subscriptions import Subscriptions
from scheduler.sandbox.symbl.telephony import Telephony


def create_app(knobs: Knobs, journal: Journal) -> Starlette:
    """The sandbox as an ASGI application, for a server that speaks CuttableProtocol."""
    state = State(knobs, journal)

    def refuse(status: int, text: str) -> Response:
        return refusal(state.board.knobs, status, text)

    api = [*_api(state), *_conversations(state), *_sockets(state)]

    def now() -> float:
        return time.time() + state.board.knobs.date_ahead_seconds

    return application(api, Control(state).routes(), refuse, now)


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
