"""TLS before a server that has none: what is decrypted here is handed on as it is."""

from __future__ import annotations

import asyncio
import ssl
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self


class TlsProxy:
    """Listens on a port of the loopback address, and speaks TLS there for another port of it."""

    def __init__(self, to_port: int, context: ssl.SSLContext) -> None:
        self._to_port = to_port
        self._context = context
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._run)
        self._open: set[asyncio.Task[None]] = set()
        self.port = 0
        self.served = 0  #: connections whose handshake went well

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(30)
        self._loop.close()

    def _run(self) -> None:
        # What a client does that does not trust us is no fault of this server.
        self._loop.set_exception_handler(lambda _loop, _context: None)
        self._loop.run_until_complete(self._listen())

    async def _listen(self) -> None:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._over.wait()
        server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            with suppress(OSError):  # of a client that does not trust us, or that we don't
                await writer.start_tls(self._context)
                self.served += 1
                await self._hand_on(reader, writer)
        finally:
            await _drop(writer)
            self._open.discard(task)

    async def _hand_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        beyond, there = await asyncio.open_connection("127.0.0.1", self._to_port)
        try:
            await asyncio.gather(_pump(reader, there), _pump(beyond, writer))
        finally:
            await _drop(there)


async def _drop(writer: asyncio.StreamWriter) -> None:
    """Close a connection now: what is left of it would be found by some later test."""
    writer.transport.abort()
    with suppress(OSError):
        await writer.wait_closed()


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(1 << 16):
            target.write(data)
            await target.drain()
    target.close()
