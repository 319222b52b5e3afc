"""How the sandbox is served."""

from __future__ import annotations

import logging
import resource
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from uvicorn import Config, Server
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from scheduler.sandbox.boxes import Box
from scheduler.sandbox.journal import Journal
from scheduler.sandbox.knobs import Knobs
from scheduler.sandbox.wire import CuttableProtocol


def serve(
    box: Box,
    knobs: Knobs | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    journal_path: Path | None = None,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve a sandbox until SIGTERM, which then ends the process, or SIGINT, a KeyboardInterrupt.

    `knobs` are of the box's own kind. Port 0 picks a free one. `on_ready` is called with the URL
    once requests are answered. Every event of the journal is also appended to the file at
    `journal_path`. Raises OSError when that file or the address can't be had.
    """
    _allow_many_sockets()
    with closing(Journal(journal_path)) as journal, _bound(host, port) as listening:
        config = Config(
            box.app(knobs or box.knobs(), journal),
            loop="asyncio",  # uvicorn would take uvloop, which has other transports
            http=CuttableProtocol,
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            ws_ping_interval=None,
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            date_header=False,
            # Longer than any client keeps an idle connection: we never race with its next request.
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
        )
        if threading.current_thread() is threading.main_thread():
            # A shell has its background processes ignore SIGINT; who sends one here means it.
            signal.signal(signal.SIGINT, signal.default_int_handler)
        _Server(config, on_ready or (lambda url: None)).run([listening])


def _bound(host: str, port: int) -> socket.socket:
    """Take an address. By ourselves: uvicorn would end the process when it can't be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's delays off only where the protocol is said.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise
    return listening


def _allow_many_sockets() -> None:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class _Server(Server):
    def __init__(self, config: Config, on_ready: Callable[[str], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say where."""
        await super().startup(sockets)
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        self._on_ready(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Leave at once: what hangs on purpose would never be over."""
        # Whoever still waits in vain is no error worth a traceback.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        for connection in list(self.server_state.connections):
            if isinstance(connection, CuttableProtocol | WebSocketsSansIOProtocol):
                connection.transport.abort()
        self.force_exit = True
        await super().shutdown(sockets)
