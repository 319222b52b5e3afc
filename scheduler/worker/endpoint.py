"""What a worker answers over HTTP: /metrics, /healthz and /readyz."""

from __future__ import annotations

import errno
import io
import json
import logging
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from http import HTTPStatus
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, make_wsgi_app

from scheduler.worker.files import ASKERS

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

logger = logging.getLogger(__name__)

#: A client that has not read its answer after this long is cut off.
ANSWER_SECONDS = 5.0
#: If all places are taken, a client that has had one for longer than this gives way to the next.
PLACE_SECONDS = 0.25
#: Clients that may wait for a place; the system lets others wait or refuses them.
BACKLOG = 128
#: The most bytes of a request, with its headers.
HEAD_BYTES = 1 << 17
#: How long it accepts nobody if it can't open a file for the connection.
NO_FILE_SECONDS = 0.2

Reasons = Callable[[], list[str]]


class Endpoint:
    """Answers on threads of its own, so that nothing waits for a client."""

    def __init__(
        self,
        host: str,
        port: int,
        registry: CollectorRegistry,
        *,
        most: int = ASKERS,
        unwell: Reasons,
        unready: Reasons,
    ) -> None:
        """`most` connections are open at once.

        `unwell` and `unready` return what is wrong; nothing when all is well.
        """
        self._address = (host, port)
        self._most = most
        self._metrics = make_wsgi_app(registry)
        self._verdicts = {"/healthz": unwell, "/readyz": unready}
        self._server: _Server | None = None
        self._thread = threading.Thread(target=self._serve, name="endpoint", daemon=True)

    def start(self) -> None:
        """Answer soon. If the port is taken, log it, and let the worker run without an endpoint."""
        # On the thread, because looking up a host's name may take seconds.
        self._thread.start()

    def close(self) -> None:
        """Answer no more."""
        if self._server is not None:
            self._server.is_closing = True
            self._server.shutdown()
            self._server.server_close()

    def _serve(self) -> None:
        host, port = self._address
        try:
            self._server = _listening(host, port, self._most)
        except OSError as error:
            logger.error(
                "CALLSCHED_METRICS_PORT: can't listen on %s:%s: %s; the worker goes on without"
                " /metrics, /healthz and /readyz",
                *(host, port, error.strerror or error),
            )
            return
        self._server.set_app(self._answer)
        logger.info("/metrics, /healthz and /readyz are at http://%s:%s", host, port)
        self._server.serve_forever()

    def _answer(self, environ: WSGIEnvironment, respond: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            return _bytes(self._metrics(environ, respond))
        if path not in self._verdicts:
            known = ["/metrics", *self._verdicts]
            return _say(respond, HTTPStatus.NOT_FOUND, {"error": f"there are {known}"})
        reasons = self._verdicts[path]()
        status = HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK
        return _say(respond, status, {"ok": not reasons, "reasons": reasons})


def _bytes(body: Any) -> Iterable[bytes]:
    answered: Iterable[bytes] = body
    return answered


def _say(respond: StartResponse, status: HTTPStatus, what: dict[str, object]) -> list[bytes]:
    respond(f"{status.value} {status.phrase}", [("Content-Type", "application/json")])
    return [json.dumps(what).encode() + b"\n"]


class _Server(ThreadingMixIn, WSGIServer):
    """Keeps a limited number of connections open, and none for long.

    A socket's timeout starts anew with each byte; so the thread that accepts connections looks at
    the clock. It accepts nobody while all places are taken, so that a flood costs no more than
    these places.
    """

    daemon_threads = True
    request_queue_size = BACKLOG
    is_closing = False

    def __init__(
        self, address: tuple[str, int], handler: type[WSGIRequestHandler], most: int
    ) -> None:
        self.most = most
        self._since: dict[socket.socket, float] = {}  #: the oldest first
        self._cut: set[socket.socket] = set()
        self._changed = threading.Condition()
        super().__init__(address, handler)

    def get_request(self) -> tuple[Any, Any]:
        """Wait for a place, and let the next one in."""
        with self._changed:
            while len(self._since) >= self.most and not self.is_closing:
                self._cut_off(PLACE_SECONDS, most=1)
                self._changed.wait(PLACE_SECONDS / 5)
        try:
            return super().get_request()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                time.sleep(NO_FILE_SECONDS)  # else accept would be tried again at once, for ever
            raise

    def process_request(self, request: Any, client_address: Any) -> None:
        """Note since when a client has its place."""
        with self._changed:
            self._since[request] = time.monotonic()
        super().process_request(request, client_address)

    def service_actions(self) -> None:
        """Cut off clients that have had enough time; called at least twice a second."""
        with self._changed:
            self._cut_off(ANSWER_SECONDS, most=self.most)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection; only then may another one have its place."""
        super().shutdown_request(request)
        with self._changed:
            self._since.pop(request, None)
            self._cut.discard(request)
            self._changed.notify()

    def was_cut_off(self, request: socket.socket) -> bool:
        """Whether nobody listens any more."""
        return request in self._cut

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log nothing about clients that leave or are cut off; faults of ours are logged."""
        if not isinstance(sys.exception(), OSError):
            logger.exception("a request could not be answered")

    def _cut_off(self, after_seconds: float, *, most: int) -> None:
        """Cut the oldest off; its thread wakes up, and closes it."""
        began_before = time.monotonic() - after_seconds
        late = [
            one for one, at in self._since.items() if at <= began_before and one not in self._cut
        ]
        for request in late[:most]:
            self._cut.add(request)
            with suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)


class _ServerV6(_Server):
    address_family = socket.AF_INET6


class _Question(io.BufferedReader):
    """What a client sends, up to a length."""

    left = HEAD_BYTES

    def readline(self, size: int | None = -1, /) -> bytes:
        """Raise an OSError if it is too long."""
        line = super().readline(size)
        self.left -= len(line)
        if self.left < 0:
            raise OSError(errno.EMSGSIZE, "too long")
        return line


class _Handler(WSGIRequestHandler):
    rbufsize = 0
    server: _Server

    def setup(self) -> None:
        """Read no more than a request has."""
        super().setup()
        self.rfile = _Question(self.rfile)

    def parse_request(self) -> bool:
        """Whether to answer: half a request looks like a whole one once the connection is cut."""
        return super().parse_request() and not self.server.was_cut_off(self.request)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: a scrape every few seconds is normal."""


def _listening(host: str, port: int, most: int) -> _Server:
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    kind = _ServerV6 if family is socket.AF_INET6 else _Server
    return kind((host, port), _Handler, most)
