"""The metrics of one `callsched web` process, for Prometheus."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Info,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from starlette.datastructures import Headers
from starlette.types import Message, Send

#: Values of the label `part`: the first part of a path. Any other path counts as `pages`.
_PARTS = ("callbacks", "api", "static", "healthz", "readyz", "metrics")


#: Without this, each series has a second one, `…_created`, which nobody reads.
_without_instants: Callable[[], None] = disable_created_metrics


class Counts:
    """Counts requests by path and HTTP status, and open event streams."""

    def __init__(self) -> None:
        _without_instants()
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        info = Info("callsched_web", "Which release this is", registry=self.registry)
        info.info({"version": version("callsched")})
        self._requests = Counter(
            "callsched_web_requests",
            "Requests by where they went and their HTTP status; callbacks are those of providers",
            ("part", "status"),
            registry=self.registry,
        )
        self._streams = Gauge(
            "callsched_web_event_streams", "Event streams that are open", registry=self.registry
        )
        self._ledger_up = Gauge(
            "callsched_web_ledger_up",
            "1 when the ledger answers, and its schema is one that this release knows",
            registry=self.registry,
        )

    def written(self, *, is_ledger_up: bool) -> bytes:
        """Return all metrics in Prometheus' text format."""
        self._ledger_up.set(is_ledger_up)
        return generate_latest(self.registry)

    @asynccontextmanager
    async def counting(self, send: Send, path: str) -> AsyncIterator[Send]:
        """Wrap `send`: it counts the answer when it begins; a stream counts as open to its end."""
        is_stream = False

        async def send_counted(message: Message) -> None:
            nonlocal is_stream
            if message["type"] == "http.response.start":
                self._requests.labels(_part_of(path), str(message["status"])).inc()
                kind = Headers(raw=message["headers"]).get("content-type", "")
                if kind.startswith("text/event-stream"):
                    is_stream = True
                    self._streams.inc()
            await send(message)

        try:
            yield send_counted
        finally:
            if is_stream:
                self._streams.dec()


def _part_of(path: str) -> str:
    first = path.split("/")[1] if "/" in path else ""
    return first if first in _PARTS else "pages"
