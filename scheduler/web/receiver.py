"""The pages of the receiver: `/callbacks/…`, and `/healthz`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from importlib.metadata import version
from typing import Any, Protocol
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from scheduler.calls.callbacks import Answered
from scheduler.errors import LedgerTrouble
from scheduler.providers import Callback
from scheduler.providers.callbacks import ROOT, read_path
from scheduler.web.bounds import body_of

logger = logging.getLogger(__name__)

#: Requests at once, those that wait for a thread included. More are answered with 503.
MOST_IN_HAND = 200

_FORGED, _TOO_LARGE, _NOT_ALLOWED, _NOT_FOUND = (
    Response(status_code=status) for status in (403, 413, 405, 404)
)
_AGAIN = Response(status_code=503, headers={"Retry-After": "1"})


class Desk(Protocol):
    """Handles the requests of one account's provider."""

    def take(self, callback: Callback) -> Answered:
        """Record what a callback reports, and return the answer to it."""


class Receiver:
    """Answers providers' callbacks. Everything that needs the ledger runs on `executor`."""

    def __init__(
        self,
        public_url: str,
        desk_of: Callable[[str], Desk | None],
        identity: Callable[[], str],
        executor: Executor,
        on_trouble: Callable[[], object],
    ) -> None:
        """`identity` returns the ledger's id. Raises LedgerTrouble.

        The receiver calls `on_trouble` when the ledger did not answer.
        """
        self._public_url = public_url
        #: The path of the public URL. Some proxies leave it in a request's path, others remove it.
        self._prefix = urlsplit(public_url).path
        self._desk_of = desk_of
        self._identity = identity
        self._executor = executor
        self._on_trouble = on_trouble
        self._in_hand = 0

    def app(self) -> Starlette:
        """Return an app that serves nothing but callbacks and `/healthz`."""
        app = Starlette(routes=self.routes())
        app.router.redirect_slashes = False  # the redirect would repeat the Host header
        return app

    def routes(self) -> list[Route]:
        """Return the routes, with and without the path of the public address."""
        methods = ["GET", "POST"]
        return [
            route
            for prefix in dict.fromkeys(("", self._prefix))
            for route in (
                Route(f"{prefix}/healthz", self._healthz, methods=["GET"]),
                Route(f"{prefix}{ROOT}/{{rest:path}}", self._callback, methods=methods),
            )
        ]

    async def _healthz(self, request: Request) -> Response:
        try:
            ledger = await self._on_a_thread(self._identity)
        except LedgerTrouble:
            self._on_trouble()
            return JSONResponse({"status": "the ledger does not answer"}, status_code=503)
        if ledger is None:
            return _AGAIN
        return JSONResponse({"status": "ok", "ledger": ledger, "version": version("callsched")})

    async def _callback(self, request: Request) -> Response:
        if request.method == "HEAD":  # Starlette allows it where GET is
            return _NOT_ALLOWED
        path = request.scope["raw_path"].decode("latin-1")
        if self._prefix and path.startswith(f"{self._prefix}{ROOT}/"):
            path = path.removeprefix(self._prefix)
        try:
            account, attempt, topic, step, asked = read_path(path)
        except ValueError:
            return _NOT_FOUND
        try:
            body = await body_of(request)
        except ClientDisconnect:
            return _AGAIN  # the client has gone: nobody reads this
        if body is None:
            return _TOO_LARGE
        if (desk := self._desk_of(account)) is None:
            return _FORGED
        query = request.scope["query_string"].decode("latin-1")
        url = f"{self._public_url}{path}" + (f"?{query}" if query else "")
        headers = {name.lower(): value for name, value in request.headers.items()}
        callback = Callback(url, headers, body, account, attempt, topic, step, asked)
        return _written(await self._taken(desk, callback))

    async def _taken(self, desk: Desk, callback: Callback) -> Answered | None:
        try:
            answered: Answered | None = await self._on_a_thread(desk.take, callback)
        except Exception:
            logger.exception("a callback of attempt %s could not be taken", callback.attempt)
            return None
        if answered is not None and answered.status == 503:
            self._on_trouble()
        return answered

    async def _on_a_thread(self, work: Callable[..., Any], *args: object) -> Any:
        """Run a function on the executor; None when too many requests are waiting already."""
        if self._in_hand >= MOST_IN_HAND:
            return None
        self._in_hand += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work, *args)
        finally:
            self._in_hand -= 1


def _written(answered: Answered | None) -> Response:
    if answered is None:
        return _AGAIN
    headers = {"Retry-After": "1"} if answered.status == 503 else {}
    if answered.reply is None:
        return Response(status_code=answered.status, headers=headers)
    if answered.reply.content_type:
        headers["Content-Type"] = answered.reply.content_type
    return Response(answered.reply.body, answered.status, headers)
