"""The header Date, by the clock of each API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


def http_date(at: float) -> str:
    """A time as headers have it, in whole seconds: Fri, 18 Oct 2019 17:00:00 GMT."""
    return _written(int(at))


@lru_cache(maxsize=2)
def _written(at: int) -> str:
    return format_datetime(datetime.fromtimestamp(at, UTC), usegmt=True)


class Dated:
    """Gives each answer the date of the API's own clock."""

    def __init__(self, app: ASGIApp, now: Callable[[], float]) -> None:
        self._app = app
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does."""

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Date"] = http_date(self._now())
            await send(message)

        await self._app(scope, receive, dated)
