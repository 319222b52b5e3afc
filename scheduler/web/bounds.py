"""Limits on what clients can take up: seconds of a request, connections at once, bytes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any, ClassVar

import h11
from starlette.requests import Request
from uvicorn.protocols.http.h11_impl import H11Protocol

from scheduler.web.problems import Failure

#: From a request's first byte to the end of its answer. Then the connection is closed.
REQUEST_SECONDS = 14.0
#: How long a connection may be idle. A provider simply opens another one.
IDLE_SECONDS = 75.0
#: Connections at once. Beyond that, the one that has been without a whole request for longest is
#: closed.
MOST_CONNECTIONS = 256
#: Besides them so many slow ones, uploads and downloads; and so many answers without an end, such
#: as event streams, whose routes refuse more.
MOST_PATIENT, MOST_ENDLESS = 500, 2000
#: Length of a request's head, and of its body: a provider's callback has a kilobyte or two.
HEAD_BYTES, BODY_BYTES = 1 << 15, 1 << 16

#: How long an upload may be silent; and how many bytes each minute of it brings at least.
SILENT_SECONDS = 14.0
MINUTE_SECONDS, MINUTE_BYTES = 60.0, 60_000
#: In so long a reader of an answer takes at least so many bytes.
UNREAD_SECONDS, UNREAD_BYTES = 60.0, 60_000


class BoundedProtocol(H11Protocol):
    """uvicorn's HTTP protocol, with at most `REQUEST_SECONDS` for one request.

    uvicorn bounds only the time between requests: a client that sends a byte now and then would
    keep its connection for ever.
    """

    #: Connections without a whole request, the oldest first.
    _waiting: ClassVar[dict[BoundedProtocol, None]] = {}
    _patient: ClassVar[set[BoundedProtocol]] = set()
    #: Those of `_patient` whose answer has no end, with what to call when the server shuts down.
    _endless: ClassVar[dict[BoundedProtocol, Callable[[], object]]] = {}
    _heard_at = _minute_at = 0.0
    _minute_bytes = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        #: `request` aborts a late request; `upload` and `reader` check whether each still moves.
        self._timers: dict[str, asyncio.TimerHandle] = {}
        # Routes find this protocol as `request.state.connection`.
        self.app_state = {**self.app_state, "connection": self}

    @property
    def is_patient(self) -> bool:
        """Whether the current request may take longer than `REQUEST_SECONDS`."""
        return self in self._patient

    def be_patient(self) -> None:
        """Lift the limits on the current request's time and body length. Any thread may call this.

        Raises Failure (503) at more than `MOST_PATIENT` of them. An upload that is silent or too
        slow is still cut off, and so is a client that does not read its answer.
        """
        if self in self._patient:
            return
        if len(self._patient) - len(self._endless) >= MOST_PATIENT:
            text = f"there are {MOST_PATIENT} uploads and downloads already: come again"
            raise Failure(503, "busy", text, headers={"Retry-After": "10"})
        self._patient.add(self)
        self.loop.call_soon_threadsafe(self._begin_patience)

    def be_endless(self, on_leaving: Callable[[], object]) -> None:
        """Let the current answer go on without an end.

        The server calls `on_leaving`, which has to end the answer, when it shuts down.
        """
        self._endless[self] = on_leaving
        self._patient.add(self)
        self.loop.call_soon_threadsafe(self._begin_patience)

    def shutdown(self) -> None:
        """Close the connection once the current request is answered."""
        super().shutdown()
        if on_leaving := self._endless.get(self):
            on_leaving()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Accept a connection; when there are too many, close the one that waits longest."""
        assert isinstance(transport, asyncio.Transport)
        super().connection_made(transport)
        # Whatever is not read at once counts as unread.
        transport.set_write_buffer_limits(high=0)
        _give_up_on_the_dead(transport)
        self._waiting[self] = None
        if len(self.connections) - len(self._patient) > MOST_CONNECTIONS:
            longest = next(iter(self._waiting))
            del self._waiting[longest]  # abort() takes a moment: don't pick the same one twice
            longest.transport.abort()
        self._in("request", REQUEST_SECONDS, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Start the request's clock at its first byte."""
        if "request" not in self._timers and not self.is_patient:
            self._in("request", REQUEST_SECONDS, self.transport.abort)
        self._heard_at = self.loop.time()
        self._minute_bytes += len(data)
        super().data_received(data)
        # A request that comes in slowly counts as waiting, so that it is closed first.
        is_whole = self.conn.their_state is not h11.SEND_BODY
        if self.cycle is not None and not self.cycle.response_complete and is_whole:
            self._waiting.pop(self, None)

    def pause_writing(self) -> None:
        """Watch that the client goes on reading its answer."""
        super().pause_writing()
        self._expect_reader(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """Stop watching: the client has read all that was written."""
        super().resume_writing()
        self._end("reader")

    def on_response_complete(self) -> None:
        """End the request's timers, and count as waiting for the next one."""
        self._end_request()
        self._waiting[self] = None
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Drop the connection's timers and its places in the sets."""
        self._end_request()
        self._end("reader")
        self._waiting.pop(self, None)
        super().connection_lost(exc)

    def _end_patience(self) -> None:
        self._patient.discard(self)
        self._endless.pop(self, None)

    def _end_request(self) -> None:
        self._end_patience()
        self._end("request", "upload")

    def _begin_patience(self) -> None:
        if self not in self.connections or self.cycle.response_complete:
            self._end_patience()  # it ended while a thread asked for patience
        elif self.is_patient and "upload" not in self._timers:
            self._end("request")
            self._waiting.pop(self, None)
            self._begin_minute(self.loop.time())
            self._look_at_upload()

    def _begin_minute(self, now: float) -> None:
        self._heard_at = self._minute_at = now
        self._minute_bytes = 0

    def _look_at_upload(self) -> None:
        if self.conn.their_state is not h11.SEND_BODY:
            return  # all of it is here: what takes time now is the answer
        now = self.loop.time()
        if self.flow.read_paused:
            self._begin_minute(now)  # nobody can send while we do not read
        elif self._is_stuck(now):
            self.transport.abort()
            return
        elif now - self._minute_at >= MINUTE_SECONDS:
            self._minute_at, self._minute_bytes = now, 0
        self._in("upload", SILENT_SECONDS / 4, self._look_at_upload)

    def _is_stuck(self, now: float) -> bool:
        is_slow = now - self._minute_at >= MINUTE_SECONDS and self._minute_bytes < MINUTE_BYTES
        return is_slow or now - self._heard_at >= SILENT_SECONDS

    def _expect_reader(self, before: int) -> None:
        self._in("reader", UNREAD_SECONDS, lambda: self._look_at_reader(before))

    def _look_at_reader(self, before: int) -> None:
        left = self.transport.get_write_buffer_size()
        if before - left < UNREAD_BYTES:
            self.transport.abort()
        else:
            self._expect_reader(left)

    def _in(self, name: str, seconds: float, do: Callable[[], object]) -> None:
        self._end(name)
        self._timers[name] = self.loop.call_later(seconds, do)

    def _end(self, *names: str) -> None:
        for name in names:
            if timer := self._timers.pop(name, None):
                timer.cancel()


def _give_up_on_the_dead(transport: asyncio.Transport) -> None:
    """Have the kernel end a connection whose peer acknowledges nothing (TCP_USER_TIMEOUT)."""
    sock: socket.socket | None = transport.get_extra_info("socket")
    if sock is not None and hasattr(socket, "TCP_USER_TIMEOUT") and sock.family != socket.AF_UNIX:
        milliseconds = int(UNREAD_SECONDS * 1000)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)


async def body_of(request: Request) -> bytes | None:
    """Return a request's body; None when it is longer than `BODY_BYTES`."""
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > BODY_BYTES:
        return None
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BODY_BYTES:
            return None
    return bytes(body)
