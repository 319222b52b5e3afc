"""How a sandbox becomes an application: its API's routes, and those to control it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from scheduler.sandbox.dates import Dated

#: Control, in which no API has a say.
_OURS = "/sandbox"


class NoPages:
    """Refuses what a web page sends to control: of any page that somebody has open it might be."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by itself what has an origin, which browsers alone say."""
        is_ours = scope["type"] == "http" and scope["path"].startswith(_OURS)
        if is_ours and "origin" in Headers(scope=scope):
            refused = JSONResponse({"message": "no web page controls a sandbox"}, 403)
            return await refused(scope, receive, send)
        return await self._app(scope, receive, send)


def application(
    api: Sequence[BaseRoute],
    control: Sequence[BaseRoute],
    refuse: Callable[[int, str], Response],
    now: Callable[[], float],
) -> Starlette:
    """An ASGI application, for a server that speaks CuttableProtocol.

    What is amiss with a request's path, method or body is answered by `refuse`, in the API's own
    shape; under /sandbox, in ours. `now` is the API's time, by which each answer is dated.
    """

    async def in_own_shape(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if request.url.path.startswith(_OURS):
            return JSONResponse({"message": error.detail}, error.status_code)
        return refuse(error.status_code, error.detail)

    # Control comes first: an API may have a route for every path that is left.
    return Starlette(
        routes=[*control, *api],
        exception_handlers={HTTPException: in_own_shape},
        middleware=[Middleware(Dated, now=now), Middleware(NoPages)],
    )
