"""What a worker answers over HTTP: /metrics, /healthz and /readyz."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, make_wsgi_app

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

logger = logging.getLogger(__name__)

#: Who asks and then says nothing for longer is cut off.
SILENT_SECONDS = 10.0

Reasons = Callable[[], list[str]]


class Endpoint:
    """Answers on threads of its own, which hold nothing up."""

    def __init__(
        self,
        host: str,
        port: int,
        registry: CollectorRegistry,
        *,
        unwell: Reasons,
        unready: Reasons,
    ) -> None:
        """`unwell` and `unready` return what is wrong; nothing when all is well."""
        self._address = (host, port)
        self._metrics = make_wsgi_app(registry)
        self._verdicts = {"/healthz": unwell, "/readyz": unready}
        self._server: _Server | None = None
        self._thread = threading.Thread(target=self._serve, name="endpoint", daemon=True)

    def start(self) -> None:
        """Answer soon. That the port can't be had is logged, and the worker does without."""
        # On the thread, because to find out a host's name may take seconds.
        self._thread.start()

    def close(self) -> None:
        """Answer no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def _serve(self) -> None:
        host, port = self._address
        try:
            self._server = _listening(host, port)
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
    daemon_threads = True


class _ServerV6(_Server):
    address_family = socket.AF_INET6


class _Handler(WSGIRequestHandler):
    timeout = SILENT_SECONDS

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: a scrape each few seconds is no news."""


def _listening(host: str, port: int) -> _Server:
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    kind = _ServerV6 if family is socket.AF_INET6 else _Server
    return kind((host, port), _Handler)
