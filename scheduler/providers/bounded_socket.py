"""A WebSocket that only listens, and bounds how much the other end may send, in total and a second.

The library's protocol reads and writes every byte. The library's connection for asyncio is made for
those who also send: its tasks and contexts take half as long again for each call.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import cast

from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed
from websockets.frames import DATA_OPCODES, CloseCode, Frame, Opcode
from websockets.http11 import USER_AGENT
from websockets.protocol import State

from scheduler.clock import since_boot
from scheduler.providers.bodies import written

#: The longest frame; the API's own have a few sentences.
FRAME_BYTES = 256 << 10

#: Speech takes some 2 KiB a second, because each word is sent as it is recognised. The first burst
#: may be longer: it has what was said before the socket was opened.
BYTES_A_SECOND = 64 << 10
BYTES_AT_ONCE = 1 << 20

#: Four hours at eight times that pace.
BYTES_IN_ALL = 256 << 20

#: How often the other end has to show that it is there.
BEAT_SECONDS = 20.0

#: How long it may take to close.
CLOSE_SECONDS = 1.0

#: Messages that wait to be read: from so many on no more are taken from the network, …
_MANY_WAIT = 16
#: … until they are so few again.
_FEW_WAIT = 4

_GARBLED = (CloseCode.PROTOCOL_ERROR, CloseCode.INVALID_DATA)

#: Memory that a frame takes besides its payload, generously.
_FRAME_WEIGHT = 256

_BIT_BYTES = 4096


class Gauge:
    """Counts what one socket sends against its bounds."""

    def __init__(self, now: float) -> None:
        self.excess = ""  #: which bound was exceeded, in words; "": none
        self._left = float(BYTES_AT_ONCE)
        self._looked_at = now
        self._in_all = 0

    def takes(self, size: int, now: float) -> bool:
        """Count bytes that arrived; False if they exceed a bound."""
        self._left += (now - self._looked_at) * BYTES_A_SECOND
        self._left = min(self._left, BYTES_AT_ONCE) - size
        self._looked_at = now
        self._in_all += size
        if self._left < 0:
            self.excess = f"more than {written(BYTES_A_SECOND)} a second"
        elif self._in_all > BYTES_IN_ALL:
            self.excess = f"more than {written(BYTES_IN_ALL)}"
        return not self.excess


class BoundedSocket(asyncio.Protocol):
    """A WebSocket that is cut off as soon as it exceeds a bound. Belongs to one task.

    `connect` of the library can make it in place of a connection of its own.
    """

    def __init__(self, protocol: ClientProtocol, **_: object) -> None:
        """`_` is what `connect` asks of the library's connection, such as when it pings."""
        self._protocol = protocol
        self._gauge = Gauge(since_boot())
        self._loop = asyncio.get_running_loop()
        self.transport: asyncio.Transport
        self._arrival: asyncio.Future[None] | None = None  #: for which its task waits
        self._message = bytearray()  #: of which a part has arrived
        self._is_text = False  #: the message of which a part has arrived
        self._messages: deque[str | bytes] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._awaits_pong = False
        self._is_lost = False

    # What its task asks -------------------------------------------------------------------------

    async def handshake(
        self,
        additional_headers: Mapping[str, str],
        user_agent_header: str | None = USER_AGENT,
    ) -> None:
        """Ask the other end to open it, and wait for the answer. Raises InvalidHandshake."""
        request = self._protocol.connect()
        request.headers.update(additional_headers)
        if user_agent_header is not None:
            request.headers["User-Agent"] = user_agent_header
        self._protocol.send_request(request)
        self._send()
        while self._protocol.state is State.CONNECTING and self._protocol.handshake_exc is None:
            await self._wait()
        if self._protocol.handshake_exc is not None:
            raise self._protocol.handshake_exc

    def start_keepalive(self) -> None:
        """Ask now and then whether the other end is still there."""
        self._set_timer(BEAT_SECONDS, self._beat)

    async def recv(self) -> str | bytes:
        """Return the next message. Raises ConnectionClosed when there is none any more."""
        while not self._messages:
            if self._is_lost:
                raise self._protocol.close_exc
            await self._wait()
        message = self._messages.popleft()
        if len(self._messages) == _FEW_WAIT:
            self.transport.resume_reading()
        return message

    def close(self) -> None:
        """Begin to close it with a word; if the other end takes long, it is cut off."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(CloseCode.NORMAL_CLOSURE)
            self._send()
        self._set_timer(CLOSE_SECONDS, self.transport.abort)

    async def wait_until_closed(self) -> None:
        """Close it, and wait for that."""
        self.close()
        while not self._is_lost:
            await self._wait()

    def excess(self, closed: ConnectionClosed | None) -> str:
        """Return which bound was exceeded if the socket was closed for that; else ""."""
        if _our_word(closed) == CloseCode.MESSAGE_TOO_BIG:
            return f"a frame of more than {written(FRAME_BYTES)}"
        return self._gauge.excess

    async def _wait(self) -> None:
        """Wait until something has arrived, or it is lost."""
        self._arrival = self._loop.create_future()
        await self._arrival

    # What its transport says --------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Count bytes before they are parsed."""
        if self._is_within(len(data)):
            # In pieces, because the parser makes all frames of one piece before any of them is
            # counted.
            for at in range(0, len(data), _BIT_BYTES):
                if not self._gauge.excess:
                    self._parse(data[at : at + _BIT_BYTES])
            sent = self._protocol.close_sent
            if sent is not None and sent.code in (*_GARBLED, CloseCode.MESSAGE_TOO_BIG):
                # With a close handshake the other end would decide when the socket closes.
                self.transport.abort()
            self._wake()

    def eof_received(self) -> None:
        """Note that no more arrives; the transport closes itself."""
        self._protocol.receive_eof()
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that it is closed, for whatever reason."""
        self._protocol.receive_eof()
        self._is_lost = True
        if self._timer is not None:
            self._timer.cancel()
        self._wake()

    def _parse(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        events = self._protocol.events_received()
        # There may be very many empty frames.
        if not self._is_within(_FRAME_WEIGHT * len(events)):
            return
        try:
            for event in events:
                if isinstance(event, Frame):
                    self._take(event)
        except UnicodeDecodeError:
            self._protocol.fail(CloseCode.INVALID_DATA)
        self._send()

    def _take(self, frame: Frame) -> None:
        if frame.opcode is Opcode.PONG:
            self._awaits_pong = False
        elif frame.opcode in DATA_OPCODES:
            if frame.opcode is not Opcode.CONT:
                self._is_text = frame.opcode is Opcode.TEXT
            self._message += frame.data
            if frame.fin:
                self._take_message()

    def _take_message(self) -> None:
        message, self._message = bytes(self._message), bytearray()
        self._messages.append(message.decode() if self._is_text else message)
        if len(self._messages) > _MANY_WAIT:
            self.transport.pause_reading()

    def _is_within(self, size: int) -> bool:
        if self._gauge.excess:
            return False
        if self._gauge.takes(size, since_boot()):
            return True
        self.transport.abort()
        return False

    def _send(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self.transport.write(data)
            else:
                self.transport.close()

    def _wake(self) -> None:
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

    def _beat(self) -> None:
        """Ask whether the other end is there; cut it off if it gave no answer the last time.

        Also if it has said that it closes, and does not.
        """
        if self._awaits_pong or self._protocol.state is not State.OPEN:
            self.transport.abort()
            return
        self._awaits_pong = True
        self._protocol.send_ping(b"")
        self._send()
        self._set_timer(BEAT_SECONDS, self._beat)

    def _set_timer(self, seconds: float, action: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if not self._is_lost:
            self._timer = self._loop.call_later(seconds, action)


def is_garbled(closed: ConnectionClosed | None) -> bool:
    """Whether the socket was closed because its frames can't be read, such as compressed ones."""
    return _our_word(closed) in _GARBLED


def _our_word(closed: ConnectionClosed | None) -> int | None:
    """Return the close code if this side has closed the socket; None if the other end has."""
    if closed is None or closed.sent is None or closed.rcvd_then_sent:
        return None
    return closed.sent.code
