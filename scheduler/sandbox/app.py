"""Which path leads where."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scheduler.sandbox.answers import message
from scheduler.sandbox.control import Control
from scheduler.sandbox.state import State
from scheduler.sandbox.telephony import Telephony


def create_app(state: State) -> Starlette:
    """The sandbox as an ASGI application, for a server that speaks CuttableProtocol."""
    telephony, control = Telephony(state), Control(state)
    routes = [
        Route("/oauth2/token:generate", telephony.generate_token, methods=["POST"]),
        Route("/v1/endpoint:connect", telephony.connect, methods=["POST"]),
        Route("/sandbox", control.about, methods=["GET"]),
        Route("/sandbox/knobs", control.show_knobs, methods=["GET"]),
        Route("/sandbox/knobs", control.turn_knobs, methods=["POST"]),
        Route("/sandbox/journal", control.journal, methods=["GET"]),
        Route("/sandbox/live", control.live, methods=["GET"]),
        Route("/sandbox/reset", control.reset, methods=["POST"]),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: _in_own_json})


async def _in_own_json(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return message(error.status_code, error.detail)
