"""How to cut a TCP connection from within an ASGI application."""

from __future__ import annotations

import asyncio
import socket
import struct

from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

_LINGER_FOR_NO_TIME = struct.pack("ii", 1, 0)


class CuttableProtocol(H11Protocol):
    """HTTP as uvicorn speaks it; `scope["state"]["transport"]` is the connection itself.

    ASGI has no way to cut a connection. The state is the one thing that a protocol of uvicorn
    hands to the application as it is, and on to the protocol of a WebSocket.
    """

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Put the transport where the application finds it."""
        assert isinstance(transport, asyncio.Transport)
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


def transport_of(scope: Scope) -> asyncio.Transport:
    """The connection that a request or a WebSocket came in on."""
    transport = scope["state"]["transport"]
    assert isinstance(transport, asyncio.Transport)
    return transport


def reset(transport: asyncio.Transport) -> None:
    """Cut at once, with a RST in place of a FIN: what is still to be sent is thrown away."""
    connection = transport.get_extra_info("socket")
    if connection.fileno() >= 0:  # else the client was faster, and the connection is closed
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_FOR_NO_TIME)
    transport.abort()
