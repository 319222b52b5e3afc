"""What all followers of live connections share: open sockets, threads that may block, and lines."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, lru_cache, partial
from ssl import SSLContext, create_default_context
from typing import Any, TypeVar

from websockets.asyncio.client import connect
from websockets.proxy import get_proxy
from websockets.uri import parse_uri

from scheduler.calls.closings import Closings
from scheduler.errors import SchedulerError
from scheduler.ledger import listeners
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.listeners import LiveLine
from scheduler.providers import Subscription
from scheduler.providers.bounded_socket import FRAME_BYTES, Gauged

logger = logging.getLogger(__name__)

#: How long lines wait until they are recorded together.
NOTE_SECONDS = 0.4

OPEN_SECONDS = 5.0
#: Sockets that are being opened at once.
OPENING = 50
#: Lines that wait to be put on record while Redis is away; the oldest give way. Python keeps a
#: thousand bytes in up to four thousand.
MOST_LINES = 5000

#: Servers to which the way is remembered: to find it takes as long as to read a frame.
ORIGINS = 64

T = TypeVar("T")


class Wires:
    """Opens sockets, asks what blocks, and keeps lines. Only one loop of asyncio may use it."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.closings = Closings()
        self._opening = asyncio.Semaphore(OPENING)
        self._lines: deque[LiveLine] = deque(maxlen=MOST_LINES)
        self._heard = asyncio.Event()
        self._way_to = lru_cache(ORIGINS)(_way_to)
        # The ledger's client blocks, so it is spoken to from threads.
        self._words = ThreadPoolExecutor(4, thread_name_prefix="listener-words")

    async def ask(self, question: Callable[[], T]) -> T:
        """Run something that may block in a thread, and return its result."""
        return await asyncio.get_running_loop().run_in_executor(self._words, question)

    def have_done(self, action: Callable[[], object]) -> None:
        """Run something that may block and raises nothing in a thread; nobody waits for it."""
        self._words.submit(action)

    async def open(self, place: Subscription) -> Gauged:
        """Open a socket. Raises what websockets raises, or an OSError."""
        is_safe, proxy = self._way_to(_origin(place.url))
        async with self._opening:
            socket = await _Straight(
                place.url,
                create_connection=Gauged,
                proxy=proxy,
                ssl=self._tls if is_safe else None,
                additional_headers=place.headers,
                open_timeout=OPEN_SECONDS,
                close_timeout=1,
                compression=None,
                max_size=FRAME_BYTES,
                logger=_silent,
            )
        assert isinstance(socket, Gauged)
        return socket

    @cached_property
    def _tls(self) -> SSLContext:
        """Whom a socket trusts; read once, because that takes longer than all else of a call."""
        return create_default_context()

    def keep(self, line: LiveLine) -> None:
        """Have a line recorded soon."""
        self._lines.append(line)
        self._heard.set()

    async def note_lines(self) -> None:
        """Record lines, those of a moment together, for ever."""
        while True:
            await self._heard.wait()
            await asyncio.sleep(NOTE_SECONDS)
            self._heard.clear()
            lines = list(self._lines)
            self._lines.clear()
            try:
                await self.ask(partial(listeners.note, self._ledger, lines))
            except SchedulerError as error:
                logger.warning("%d live lines are lost: %s", len(lines), error)
            except Exception:
                logger.exception("%d live lines are lost", len(lines))

    def close(self) -> None:
        """Wait for the threads' work."""
        self._words.shutdown(wait=True)


def _origin(url: str) -> str:
    """Return a URL without its path; all of it if that can't be told."""
    return "/".join(url.split("/", 3)[:3])


def _way_to(origin: str) -> tuple[bool, str | None]:
    """Return whether the way is by TLS, and the proxy that the environment names.

    Raises InvalidURI.
    """
    uri = parse_uri(origin)
    return uri.secure, get_proxy(uri)


class _Straight(connect):
    """Follows no redirect: our token would go wherever it leads."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Raise the redirect as an error."""
        return exc


_silent: Any = logging.getLogger("callsched.websockets")
# Whatever the level of its parents, because a handshake's log lines contain the token.
_silent.setLevel(logging.CRITICAL + 1)
