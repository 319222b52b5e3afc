"""How much of the receiver one client can take: no connection for long, and so many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar

from starlette.requests import Request
from uvicorn.protocols.http.h11_impl import H11Protocol

#: For a request and its answer, however they are spread over it: then it is cut off.
REQUEST_SECONDS = 14.0
#: How long a connection may be idle. A provider opens another one.
IDLE_SECONDS = 75.0
#: Connections that are open at once. From then on the one that has waited longest gives way. Those
#: that are answered in pieces stand apart: whoever is let in to that bounds them.
MOST_CONNECTIONS = 256
#: Of a request's head, and of its body: what a provider tells of a call is a kilobyte or two.
HEAD_BYTES, BODY_BYTES = 1 << 15, 1 << 16


class BoundedProtocol(H11Protocol):
    """HTTP as uvicorn speaks it, and no longer than `REQUEST_SECONDS` for one request.

    uvicorn bounds the time between requests alone: a client that sends a byte now and then would
    keep its connection for ever.
    """

    _waiting: ClassVar[dict[BoundedProtocol, None]] = {}  #: no request in hand; oldest first
    #: Answered in pieces, without an end of their own.
    _endless: ClassVar[set[BoundedProtocol]] = set()
    _alarm: asyncio.TimerHandle | None = None
    _is_patient = False
    _on_leaving: Callable[[], object] | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A route gets at it as `request.state.connection`.
        self.app_state = {**self.app_state, "connection": self}

    def be_patient(self) -> None:
        """Let the request in hand take its time; a client that sends nothing meanwhile is cut off.

        Of an upload that is silence between two pieces; who is answered in pieces has until the
        answer ends.
        """
        self._is_patient = True
        self._end_alarm()

    def be_endless(self, on_leaving: Callable[[], object]) -> None:
        """Let the answer in hand have no end of its own.

        `on_leaving` is called when the server leaves, and ends it.
        """
        self.be_patient()
        self._endless.add(self)
        self._on_leaving = on_leaving

    def shutdown(self) -> None:
        """Leave once what is in hand is answered."""
        super().shutdown()
        if self._on_leaving is not None:
            self._on_leaving()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let it in; whoever has waited longest leaves where there are too many."""
        assert isinstance(transport, asyncio.Transport)
        super().connection_made(transport)
        self._waiting[self] = None
        if len(self.connections) - len(self._endless & self.connections) > MOST_CONNECTIONS:
            longest = next(iter(self._waiting))
            del self._waiting[longest]  # it is gone only soon, and the next one is to be another
            longest.transport.abort()
        self._set_alarm()

    def data_received(self, data: bytes) -> None:
        """Give a request its time from its first byte on."""
        if self._alarm is None and not self._is_patient:
            self._set_alarm()
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._waiting.pop(self, None)

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._is_patient = False
        self._end_endless()
        self._end_alarm()
        self._waiting[self] = None
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._end_alarm()
        self._end_endless()
        self._waiting.pop(self, None)
        super().connection_lost(exc)

    def _end_endless(self) -> None:
        self._endless.discard(self)
        self._on_leaving = None

    def _set_alarm(self) -> None:
        self._alarm = self.loop.call_later(REQUEST_SECONDS, self.transport.abort)

    def _end_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None


async def body_of(request: Request) -> bytes | None:
    """Return a request's body; None when it is longer than any that a provider sends."""
    said = request.headers.get("content-length", "0")
    if not said.isdecimal() or int(said) > BODY_BYTES:
        return None
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BODY_BYTES:
            return None
    return bytes(body)
