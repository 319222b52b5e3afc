"""The HTTP server: its socket, its signals and its end."""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from starlette.types import ASGIApp
from uvicorn import Config, Server

from scheduler.errors import ConfigError
from scheduler.operations.listening import BACKLOG, bound
from scheduler.web.bounds import (
    HEAD_BYTES,
    IDLE_SECONDS,
    MOST_CONNECTIONS,
    MOST_ENDLESS,
    MOST_PATIENT,
    BoundedProtocol,
)

logger = logging.getLogger(__name__)

#: How long running requests may take after a shutdown was ordered.
LEAVE_SECONDS = 5
#: Files that are open besides clients' connections: Redis, streams, logs, uploads on the disk.
_OTHER_FILES = 300


class WebServer(Server):
    """Serves until a signal or `handle_exit`, and then returns, so that its caller can clean up."""

    def __init__(self, app: ASGIApp, on_hangup: Callable[[], object]) -> None:
        """The server calls `on_hangup` at each SIGHUP."""
        self._on_hangup = on_hangup
        self.was_interrupted = False
        config = Config(
            app,
            loop="asyncio",  # uvicorn would take uvloop, which has other transports
            http=BoundedProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            # Callbacks are verified by signature: a proxy's headers need no handling here.
            proxy_headers=False,
            h11_max_incomplete_event_size=HEAD_BYTES,
            timeout_keep_alive=int(IDLE_SECONDS),
            timeout_graceful_shutdown=LEAVE_SECONDS,
            backlog=BACKLOG,
        )
        super().__init__(config)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle signals. uvicorn's own handling ends the process before anything is closed."""
        # In the loop: a signal handler could interrupt the very code that it calls.
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._on_hangup)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.handle_exit)
        yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Shut down once running requests are answered."""
        self.was_interrupted = self.was_interrupted or sig == signal.SIGINT
        super().handle_exit(sig, frame)


def allow_files() -> None:
    """Raise the limit on open files to what all connections need, as far as the system allows."""
    connections = MOST_CONNECTIONS + MOST_PATIENT + MOST_ENDLESS
    wanted = connections + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < wanted:
        logger.warning(
            "this process may open %d files, and %d connections need %d: raise the limit"
            " (ulimit -Hn)",
            *(allowed, connections, wanted),
        )


def taken(host: str, port: int) -> socket.socket:
    """Bind a socket to an address. Raises ConfigError when it is not free."""
    try:
        return bound(host, port)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigError(
            f"can't listen on {host}:{port}: {why}; set CALLSCHED_WEB_HOST and CALLSCHED_WEB_PORT"
        ) from error
