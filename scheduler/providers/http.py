"""One HTTP exchange: it knows whether the request was sent, and bounds its time and its answer.

The libraries requests and urllib3 do neither. An error of theirs may mean "never sent" or "sent,
then cut", and their read timeout starts anew with every byte that arrives. So the connection itself
notes the instant before the first byte leaves, and a watchdog cuts off an exchange that takes too
long in all. Bodies are read up to a bound (`bodies.py`).

requests says how a place is reached: by which proxy, and with which certificates. The exchange is
urllib3's, because what requests does around each one costs a worker as much again.
"""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.utils import default_user_agent
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.util import Timeout, parse_url
from urllib3.util.retry import Retry

from scheduler.clock import since_boot
from scheduler.errors import MaybeDone, NotDone
from scheduler.providers.answer import Answer
from scheduler.providers.api_clock import ApiClock
from scheduler.providers.bodies import (
    ENCODINGS,
    SHORT_BYTES,
    TooMuch,
    close,
    leave_unread,
    read_whole,
)
from scheduler.providers.watchdog import Watchdog

CONNECT_SECONDS = 3.0

#: A server may close an idle connection at any time, often after 5 s, and a start on a closed one
#: is lost. So no connection is used that has been idle for longer than this.
IDLE_SECONDS = 3.0

# A ValueError stands for an address that can't be read, or a header that can't be sent.
_WIRE_ERRORS = (requests.RequestException, HTTPError, ValueError)


# urllib3 logs whole addresses: at debug that of each request, and as a warning that of a server
# whose headers it can't read. Everything that matters also comes as an exception.
logging.getLogger("urllib3").setLevel(logging.CRITICAL + 1)

watchdog = Watchdog()


class _Exchange:
    """The state of one request, which its connection writes."""

    def __init__(self, leave: Callable[[], None] | None) -> None:
        self.leave = leave
        self.sent = False  #: from the instant before the first byte; never set back
        self.sent_at = since_boot()  #: that instant
        self.cut = False  #: by the watchdog
        self.socket: socket.socket | None = None

    def leaving(self) -> None:
        if not self.sent and self.leave is not None:
            self.leave()
        if not self.sent:
            self.sent, self.sent_at = True, since_boot()

    def cut_off(self) -> None:
        self.cut = True
        if self.socket is not None:
            # shutdown, unlike close, wakes a thread that is blocked in a read. It has to be that of
            # the plain socket: that of TLS drops the encryption first, and a thread that writes
            # would go on without it.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)


class _Here(threading.local):
    exchange: _Exchange | None = None


_here = _Here()


def _before_sending(connection: HTTPConnection) -> None:
    """Tell this thread's exchange that bytes are about to leave; it may hold them back."""
    exchange = _here.exchange
    if exchange is None:
        return
    exchange.socket = connection.sock
    if exchange.cut:
        raise TimeoutError("cut off before anything was sent")
    exchange.leaving()


class _Plain(HTTPConnection):
    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        _before_sending(self)
        super().send(data)


class _Secure(HTTPSConnection):
    _opening = False

    def connect(self) -> None:
        self._opening = True
        super().connect()
        self._opening = False

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        # What is sent to a proxy while the connection is being opened is not the request yet.
        if not self._opening:
            _before_sending(self)
        super().send(data)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}
        return manager


#: Nothing is sent twice.
_ONCE = Retry(0, read=False)

#: Of every request, unless it has its own.
_HEADERS = {
    "User-Agent": default_user_agent(),
    "Accept-Encoding": ", ".join(ENCODINGS),
    "Accept": "*/*",
}


@dataclass(frozen=True, slots=True)
class _Way:
    """How requests reach one place."""

    pool: HTTPConnectionPool
    is_by_proxy: bool  #: by one that wants to be told whole addresses


@lru_cache(256)
def _parts(url: str) -> tuple[str, str]:
    """Split an address into its place and the rest. Raises ValueError if it can't be read."""
    parsed = parse_url(url)
    return f"{parsed.scheme}://{parsed.netloc}", parsed.request_uri


#: Bytes of a stream that are read at once.
_PIECE_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer whose body is read as it comes."""

    answer: Answer
    _exchange: _Exchange
    _seconds: float

    def pieces(self) -> Iterator[bytes]:
        """Yield the body as it was sent, each piece within the seconds of the stream.

        Raises MaybeDone if the body breaks off, or takes longer.
        """
        while piece := self._piece():
            yield piece

    def _piece(self) -> bytes:
        alarm = watchdog.after(self._seconds, self._exchange.cut_off)
        try:
            piece: bytes = self.answer.raw.read(_PIECE_BYTES, decode_content=False)
        except _WIRE_ERRORS as error:
            raise _reading(error, self._exchange, self._seconds) from error
        finally:
            alarm.cancel()
        if self._exchange.cut:
            raise MaybeDone(f"no more of the answer within {self._seconds:.0f} s")
        return piece


class Line(threading.local):
    """Connections for each thread."""

    def __init__(self, clock: ApiClock | None = None) -> None:
        """`clock` sees the answers of every thread."""
        self._clock = clock
        self._session: requests.Session | None = None
        self._used_at = 0.0
        self._surroundings: dict[str, dict[str, Any]] = {}
        self._ways: dict[str, _Way] = {}

    def send(
        self,
        method: str,
        url: str,
        body: dict[str, Any] | None = None,
        *,
        seconds: float,
        leave: Callable[[], None] | None = None,
        written: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        most_bytes: int = SHORT_BYTES,
    ) -> Answer:
        """Send one request; `seconds` is the wall time for all of it.

        `written` is sent as it is; `body` is written as JSON. At most `most_bytes` of the answer's
        decoded body are read: an answer with more counts as lost. With 0 the body stays unread.

        Raises NotDone if nothing was sent, MaybeDone if the answer is lost, and what `leave` raises
        right before the first byte.
        """
        with self._exchanging(seconds, leave) as exchange:
            sent = {**_HEADERS, **(headers or {})}
            if body is not None:
                written = json.dumps(body, allow_nan=False).encode()
                sent["Content-Type"] = "application/json"
            answer = self._answered(method, url, written, sent, seconds)
            if self._clock is not None:
                self._clock.see(url, answer, asked_at=exchange.sent_at, answered_at=since_boot())
            if most_bytes:
                read_whole(answer, most_bytes)
            else:
                leave_unread(answer)
            if most_bytes and exchange.cut and not _is_whole(answer):
                raise MaybeDone(f"no complete answer within {seconds:.0f} s")
            return answer

    @contextlib.contextmanager
    def stream(self, url: str, *, seconds: float, headers: Mapping[str, str]) -> Iterator[Stream]:
        """Send a GET whose answer is read as it comes, for as long as that takes.

        `seconds` is the wall time for the headers of the answer, and for each piece of its body.
        Raises as `send` does.
        """
        # A compressed body could not be requested from a byte on.
        asked = {**_HEADERS, "Accept-Encoding": "identity", **headers}
        with self._exchanging(seconds) as exchange:
            answer = self._answered("GET", url, None, asked, seconds)
        try:
            yield Stream(answer, exchange, seconds)
        finally:
            close(answer)

    @contextlib.contextmanager
    def _exchanging(
        self, seconds: float, leave: Callable[[], None] | None = None
    ) -> Iterator[_Exchange]:
        """Cut off the exchange when its time is over, and translate its errors."""
        exchange = _here.exchange = _Exchange(leave)
        alarm = watchdog.after(seconds, exchange.cut_off)
        try:
            yield exchange
        except _WIRE_ERRORS as error:
            raise _reading(error, exchange, seconds) from error
        finally:
            alarm.cancel()
            _here.exchange = None
            self._used_at = since_boot()

    def _answered(
        self, method: str, url: str, body: bytes | None, headers: dict[str, str], seconds: float
    ) -> Answer:
        """Send a request, and read the headers of its answer, but not the body."""
        place, rest = _parts(url)
        way = self._way_to(place)
        raw = way.pool.urlopen(
            method,
            f"{place}{rest}" if way.is_by_proxy else rest,
            body,
            headers,
            retries=_ONCE,
            redirect=False,
            assert_same_host=False,
            timeout=Timeout(connect=CONNECT_SECONDS, read=seconds),
            preload_content=False,
            decode_content=False,
        )
        return Answer(raw.status, raw.reason, raw.headers, raw)

    def _way_to(self, place: str) -> _Way:
        session = self._fresh_session()
        if place not in self._ways:
            surroundings = self._surroundings_of(session, place)
            asked = requests.Request("GET", f"{place}/").prepare()
            adapter: Any = session.get_adapter(place)
            pool = adapter.get_connection_with_tls_context(asked, **surroundings)
            adapter.cert_verify(pool, place, surroundings["verify"], None)
            target = adapter.request_url(asked, surroundings["proxies"])
            self._ways[place] = _Way(pool, is_by_proxy=target != "/")
        return self._ways[place]

    def _fresh_session(self) -> requests.Session:
        if self._session is None:
            self._session = requests.Session()
            self._session.mount("http://", _Adapter())
            self._session.mount("https://", _Adapter())
        elif self._ways and since_boot() - self._used_at > IDLE_SECONDS:
            self.close()
        return self._session

    def _surroundings_of(self, session: requests.Session, place: str) -> dict[str, Any]:
        """Return what the environment sets for a place: its proxy, and which certificates count."""
        if place not in self._surroundings:
            found = session.merge_environment_settings(place, {}, None, None, None)
            self._surroundings[place] = {name: found[name] for name in ("proxies", "verify")}
        return self._surroundings[place]

    def close(self) -> None:
        """Close this thread's connections; the next request opens others."""
        self._ways.clear()
        if self._session is not None:
            self._session.close()


def _is_whole(answer: Answer) -> bool:
    """Whether an answer says itself where its body ends."""
    return any(name in answer.headers for name in ("Content-Length", "Transfer-Encoding"))


def _reading(error: Exception, exchange: _Exchange, seconds: float) -> NotDone | MaybeDone:
    """Translate an exception for a request that must not be sent twice."""
    if not exchange.sent:
        return NotDone(f"not reached: {_cause(error)}", reached=False)
    # The socket or the watchdog may notice it first.
    if exchange.cut or isinstance(error, ReadTimeoutError):
        return MaybeDone(f"no complete answer within {seconds:.0f} s")
    why = str(error) if isinstance(error, TooMuch) else _cause(error)
    return MaybeDone(f"the answer is lost: {why}")


def _cause(error: BaseException) -> str:
    """Return the innermost cause in a few words; the outer ones repeat addresses and objects."""
    while True:
        inner = error.__cause__ or error.__context__ or getattr(error, "reason", None)
        if not isinstance(inner, BaseException):
            break
        error = inner
    # Messages that are not the system's own may quote the header with our token.
    text = str(error)[:120] if isinstance(error, OSError | HTTPError) else ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
