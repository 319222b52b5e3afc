"""One receiver process: what it opens at its start, and closes at its end."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial

from scheduler import logs
from scheduler.errors import ConfigError
from scheduler.ledger import access
from scheduler.ledger.awaited import open_when_it_answers
from scheduler.ledger.identity import identity
from scheduler.operations import drafts
from scheduler.settings import Settings
from scheduler.web.app import build
from scheduler.web.desks import Desks
from scheduler.web.keeper import Keeper
from scheduler.web.receiver import Receiver
from scheduler.web.server import WebServer, allow_files, taken
from scheduler.web.site import Site
from scheduler.web.welcome import welcome

logger = logging.getLogger(__name__)

#: Threads that wait for the ledger.
THREADS = 16


def serve(
    settings: Settings,
    fd: int | None = None,
    until_fd: int | None = None,
    *,
    callbacks_only: bool = False,
    called_as: str = "callsched",
) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code.

    `fd` is a socket that is bound already. The process also ends when the last holder of the other
    end of the pipe `until_fd` closes it. Raises ConfigError when the ledger can't be reached, or
    the address is not free.
    """
    _set_up_log(settings)
    public_url = settings.public_url or f"http://127.0.0.1:{settings.web_port}"
    with (
        _listening(settings, fd) as listening,
        access.closing(*open_when_it_answers(settings, upgrades=False)) as (ledger, embedded),
    ):
        desks = Desks(ledger, public_url)
        keeper = Keeper(settings, desks, embedded)
        # The process doesn't wait for it at its end: a Redis that hangs would hold it up.
        executor = ThreadPoolExecutor(THREADS, "callback")
        read_identity = partial(identity, ledger)
        receiver = Receiver(public_url, desks.of, read_identity, executor, keeper.revive)
        if not callbacks_only:
            _clear_drafts(settings)
        site = Site(settings, ledger)
        app = receiver.app() if callbacks_only else build(site, receiver)
        server = WebServer(app, keeper.look_now)
        if until_fd is not None:
            _leave_at_end_of(until_fd, partial(setattr, server, "should_exit", True))
        keeper.start()
        with closing(keeper):
            heard = ", ".join(desks.names) or "no account that can verify them"
            logger.info("callbacks come to %s, for %s", public_url, heard)
            if not callbacks_only:
                allow_files()
                welcome(site, listening.getsockname()[1], called_as)
            server.run([listening])
        executor.shutdown(wait=False, cancel_futures=True)
    return 130 if server.was_interrupted else 0


def _clear_drafts(settings: Settings) -> None:
    """Delete the drafts that earlier processes left behind."""
    try:
        drafts.clear(settings.state_dir)
    except (ConfigError, OSError) as error:
        logger.warning("nobody can submit a campaign over HTTP: %s", error)


@contextmanager
def _listening(settings: Settings, fd: int | None) -> Iterator[socket.socket]:
    inherited = socket.socket(fileno=fd) if fd is not None else None
    with inherited or taken(settings.web_host, settings.web_port) as listening:
        yield listening


def _set_up_log(settings: Settings) -> None:
    logging.basicConfig(level=logging.INFO, format="[%(asctime)s: %(levelname)s] %(message)s")
    logs.dress(logging.getLogger(), settings.log_format, f"web@{socket.gethostname()}")
    if settings.accounts is not None:
        logs.name_accounts()
    # Anybody on the internet can send malformed HTTP: uvicorn's warnings of that are noise.
    logging.getLogger("uvicorn").setLevel(logging.ERROR)


def _leave_at_end_of(fd: int, leave: Callable[[], object]) -> None:
    """Call `leave` at the end of the pipe `fd`: all processes that hold its other end are gone."""

    def watch() -> None:
        while os.read(fd, 1):
            pass
        leave()

    threading.Thread(target=watch, name="parent", daemon=True).start()
