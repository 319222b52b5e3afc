"""Who comes in: every request is looked at before any route sees it, and says who sent it."""

from __future__ import annotations

from hmac import compare_digest

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from scheduler.rights import Scope as Right
from scheduler.rights import Visitor
from scheduler.web.site import Site

#: What anybody may ask for: each answers for itself who it believes.
OPEN = ("/callbacks/", "/healthz")


class Gate:
    """The outermost layer: it puts the visitor into the request's state, None for nobody."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find out who asks, and pass the request on."""
        if scope["type"] == "http" and not scope["path"].startswith(OPEN):
            connection = HTTPConnection(scope)
            visitor = await run_in_threadpool(self._visitor, connection)
            scope.setdefault("state", {})["visitor"] = visitor
        await self._app(scope, receive, send)

    def _visitor(self, connection: HTTPConnection) -> Visitor | None:
        kind, _, token = connection.headers.get("authorization", "").partition(" ")
        wanted = self._site.settings.web_token
        if kind.lower() != "bearer" or wanted is None:
            return None
        if compare_digest(token.encode(), wanted.get_secret_value().encode()):
            return Visitor("CALLSCHED_WEB_TOKEN", Right.ADMIN, sees_numbers=True)
        return None
