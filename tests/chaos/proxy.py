"""Proxies that cut a line: Redis or the API is away for a while, for one worker or for all."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

#: Rounds of a loop in which nothing begins any more before it is taken for empty.
_QUIET_ROUNDS = 3

#: To close with these is to reset.
_RESET = struct.pack("ii", 1, 0)


class Proxy:
    """Forwards bytes from a port of its own to a server, until it is told to cut the line."""

    def __init__(self, switchboard: Switchboard, port: int) -> None:
        self._board = switchboard
        self._target = port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Future[None]] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._how = ""
        self.port = 0
        switchboard.do(self._listen())
        switchboard.proxies.append(self)

    def cut(self, how: str) -> None:
        """Cut the line in one of the ways of `plan.CUTS`, until `mend`."""
        self._board.do(self._cut(how))

    def mend(self) -> None:
        """Forward again."""
        self._board.do(self._mend())

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _cut(self, how: str) -> None:
        self._how = how
        if how == "stall":
            self._flows.clear()
        elif how == "refuse":
            self.close()
        elif how == "reset":
            self._reset()

    async def _mend(self) -> None:
        self._how = ""
        self._flows.set()
        if self._server is not None and not self._server.is_serving():
            await self._listen()

    def close(self) -> None:
        """Listen no more, and end every connection; in the thread of the switchboard."""
        if self._server is not None:
            self._server.close()
        self._reset()

    def _reset(self) -> None:
        for writer in list(self._writers):
            _reset(writer)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # At once: a task that is cancelled before it begins would leave it open.
        self._writers.add(writer)
        serving = asyncio.ensure_future(self._serve(reader, writer))
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there: asyncio.StreamWriter | None = None
        try:
            await self._flows.wait()
            if self._how == "reset":
                return
            back, there = await asyncio.open_connection("127.0.0.1", self._target)
            self._writers.add(there)
            ways = [self._pump(reader, there, False), self._pump(back, writer, True)]
            tasks = [asyncio.ensure_future(way) for way in ways]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
        except OSError:
            pass  # whoever it was is gone
        finally:
            for end in (writer, there):
                if end is not None:
                    self._writers.discard(end)
                    _reset(end)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_reply: bool
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(1 << 16):
                await self._flows.wait()
                if is_reply and self._how == "mid_reply":
                    writer.write(data[: len(data) // 2])
                    await writer.drain()
                    return
                writer.write(data)
                await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    sock: socket.socket | None = writer.get_extra_info("socket")
    if sock is not None:
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()


class Switchboard:
    """The thread that all proxies of a run live in."""

    def __init__(self) -> None:
        self.proxies: list[Proxy] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxies")

    def do(self, action: Coroutine[Any, Any, None]) -> None:
        """Run this in the thread, and wait for it."""
        asyncio.run_coroutine_threadsafe(action, self._loop).result(5)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        """End all that runs, also what was accepted a moment ago and begins meanwhile."""
        quiet = 0
        while quiet < _QUIET_ROUNDS:
            for proxy in self.proxies:
                proxy.close()
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.sleep(0)  # what was aborted is closed in the next round
            quiet = 0 if tasks else quiet + 1
