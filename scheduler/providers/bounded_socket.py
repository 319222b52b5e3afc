"""A WebSocket that bounds how much the other end may send, in total and a second."""

from __future__ import annotations

from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

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


class Gauged(ClientConnection):
    """A connection that is cut off as soon as it exceeds a bound."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._gauge = Gauge(since_boot())

    def data_received(self, data: bytes) -> None:
        """Count bytes before they are parsed."""
        if self._is_within(len(data)):
            # In pieces, because the parser makes all frames of one piece before any of them is
            # counted.
            for at in range(0, len(data), _BIT_BYTES):
                if not self._gauge.excess:
                    super().data_received(data[at : at + _BIT_BYTES])
            sent = self.protocol.close_sent
            if sent is not None and sent.code in (*_GARBLED, CloseCode.MESSAGE_TOO_BIG):
                # With a close handshake the other end would decide when the socket closes.
                self.transport.abort()

    def process_event(self, event: Any) -> None:
        """Count a frame's overhead: there may be very many empty frames."""
        if self._is_within(_FRAME_WEIGHT):
            super().process_event(event)

    def _is_within(self, size: int) -> bool:
        if self._gauge.excess:
            return False
        if self._gauge.takes(size, since_boot()):
            return True
        self.transport.abort()
        return False

    def excess(self, closed: ConnectionClosed | None) -> str:
        """Return which bound was exceeded if the socket was closed for that; else ""."""
        if _our_word(closed) == CloseCode.MESSAGE_TOO_BIG:
            return f"a frame of more than {written(FRAME_BYTES)}"
        return self._gauge.excess


def is_garbled(closed: ConnectionClosed | None) -> bool:
    """Whether the socket was closed because its frames can't be read, such as compressed ones."""
    return _our_word(closed) in _GARBLED


def _our_word(closed: ConnectionClosed | None) -> int | None:
    """Return the close code if this side has closed the socket; None if the other end has."""
    if closed is None or closed.sent is None or closed.rcvd_then_sent:
        return None
    return closed.sent.code
