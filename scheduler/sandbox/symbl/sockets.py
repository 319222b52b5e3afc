"""Which WebSockets are open, and what each of them hears."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Literal

from starlette.websockets import WebSocket, WebSocketDisconnect

from scheduler.sandbox.journal import Journal
from scheduler.sandbox.symbl.connections import Connection
from scheduler.sandbox.wire import reset, transport_of

#: The code of a close while the call goes on: the server goes away.
GOING_AWAY = 1001
OVER = 1000


class Socket:
    """One WebSocket. What it is told is sent in order; it never keeps others waiting."""

    def __init__(self, websocket: WebSocket, connection: Connection, path: str) -> None:
        self.connection = connection
        self.path = path
        self._websocket = websocket
        self._outbox: asyncio.Queue[str | int] = asyncio.Queue()

    def say(self, text: str) -> None:
        """Send a message, when it is its turn."""
        self._outbox.put_nowait(text)

    def close(self, code: int) -> None:
        """Close it, once all that was said before is sent."""
        self._outbox.put_nowait(code)

    def reset(self) -> None:
        """Cut its TCP connection at once."""
        reset(transport_of(self._websocket.scope))

    async def run(self, hear: Callable[[str], None]) -> None:
        """Speak and listen until one of the two sides closes it."""
        writing = asyncio.create_task(self._write())
        try:
            await self._read(hear)
        finally:
            writing.cancel()

    async def _read(self, hear: Callable[[str], None]) -> None:
        while (message := await self._websocket.receive())["type"] != "websocket.disconnect":
            text = message.get("text")
            if text == "__PING__":
                self.say("__PONG__")
            elif text is not None:
                hear(text)

    async def _write(self) -> None:
        # Whoever went away meanwhile hears no more; its reader knows already.
        with suppress(WebSocketDisconnect, RuntimeError):
            while isinstance(item := await self._outbox.get(), str):
                await self._websocket.send_text(item)
            await self._websocket.close(item)


class Sockets:
    """The open sockets of every connection."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._open: dict[str, dict[Socket, None]] = {}

    def add(self, socket: Socket) -> None:
        """Count one as open."""
        self._open.setdefault(socket.connection.connection_id, {})[socket] = None
        self._journal.record("subscribed", **socket.connection.ids(), path=socket.path)

    def remove(self, socket: Socket) -> None:
        """Count one as closed. One that is closed already stays so."""
        of_connection = self._open.get(socket.connection.connection_id, {})
        if socket not in of_connection:
            return
        del of_connection[socket]
        if not of_connection:
            del self._open[socket.connection.connection_id]
        self._journal.record("unsubscribed", **socket.connection.ids(), path=socket.path)

    def count(self) -> dict[str, int]:
        """How many are open, by connection id."""
        return {connection_id: len(sockets) for connection_id, sockets in self._open.items()}

    def is_heard(self, connection: Connection) -> bool:
        """Whether anybody listens to a connection."""
        return connection.connection_id in self._open

    def say(self, connection: Connection, frames: Iterable[Mapping[str, object]]) -> None:
        """Send these to everybody who listens to a connection."""
        for frame in frames:
            text = json.dumps(frame, ensure_ascii=False)
            for socket in self._open.get(connection.connection_id, ()):
                socket.say(text)

    def close(self, socket: Socket, code: int) -> None:
        """Close one that is open."""
        socket.close(code)
        self.remove(socket)

    def close_all(self, connection: Connection) -> None:
        """Close those of a connection that is over."""
        for socket in list(self._open.get(connection.connection_id, ())):
            self.close(socket, OVER)

    def drop(self, connection_id: object, how: Literal["close", "reset"]) -> int:
        """Close or cut those of one connection, or all for None; say how many."""
        dropped = [
            socket
            for its_id, sockets in self._open.items()
            if connection_id in (None, its_id)
            for socket in sockets
        ]
        for socket in dropped:
            if how == "reset":
                socket.reset()
                self.remove(socket)
            else:
                self.close(socket, GOING_AWAY)
        return len(dropped)
