"""Spans of requests to the provider, for OpenTelemetry, if the environment asks for them."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Mapping
from contextvars import ContextVar
from hashlib import blake2b
from typing import TYPE_CHECKING

from scheduler.calls.exchanges import Exchange, OnAnswer, answer
from scheduler.masking import mask_text
from scheduler.models import Attempt

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.id_generator import IdGenerator
    from opentelemetry.trace import Span

logger = logging.getLogger(__name__)

#: When a worker leaves, it sends waiting spans for so long; the rest is lost.
FLUSH_SECONDS = 3.0

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


def is_wanted(environment: Mapping[str, str]) -> bool:
    """Whether the environment names a place for traces, by OpenTelemetry's own variables."""
    exporter = environment.get("OTEL_TRACES_EXPORTER", "")
    is_off = environment.get("OTEL_SDK_DISABLED", "").lower() == "true" or exporter == "none"
    return not is_off and bool(exporter or any(environment.get(name) for name in _ENDPOINTS))


class Traces:
    """Makes a span of every exchange. A thread of its own sends them, so no call waits."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("callsched")

    def watch(self, account: str, exchange: Exchange) -> OnAnswer:
        """Begin a span, which ends with the exchange."""
        from opentelemetry.context import Context
        from opentelemetry.trace import SpanKind

        attempt = exchange.attempt
        attributes = {
            "callsched.account": account,
            "callsched.campaign_id": attempt.campaign_id,
            "callsched.call": f"{attempt.campaign_id}:{attempt.row}",
            "callsched.attempt": str(attempt),
        }
        mark = _attempt.set(attempt)
        try:
            span = self._tracer.start_span(exchange.work, Context(), SpanKind.CLIENT, attributes)
        finally:
            _attempt.reset(mark)
        if exchange.late_seconds is not None:
            span.set_attribute("callsched.late_seconds", round(exchange.late_seconds, 3))
        return lambda error: _end(span, exchange, error)

    def close(self) -> None:
        """Send the spans that wait, for a moment at most."""
        # The processor itself would wait for 30 s.
        flushing = threading.Thread(target=self._provider.shutdown, name="traces", daemon=True)
        flushing.start()
        flushing.join(FLUSH_SECONDS)


def _end(span: Span, exchange: Exchange, error: Exception | None) -> None:
    from opentelemetry.trace import Status, StatusCode

    span.set_attribute("callsched.answer", answer(error))
    if error is None and exchange.ends_as is not None:
        span.set_attribute("callsched.disposition", exchange.ends_as)
    if error is not None:
        span.set_attribute("error.type", type(error).__name__)
        span.set_status(Status(StatusCode.ERROR, mask_text(str(error))))
    span.end()


#: The attempt whose span is being begun.
_attempt: ContextVar[Attempt | None] = ContextVar("attempt", default=None)


def trace_id_of(attempt: Attempt) -> int:
    """Return the id of the one trace that all spans of an attempt share, whoever makes them."""
    return int.from_bytes(blake2b(str(attempt).encode(), digest_size=16).digest()) or 1


def open_traces(worker: str) -> Traces | None:
    """Return what makes spans, if the environment asks for them and the packages are there."""
    if not is_wanted(os.environ):
        return None
    if (exporter := os.environ.get("OTEL_TRACES_EXPORTER", "otlp")) != "otlp":
        logger.error("OTEL_TRACES_EXPORTER: expected otlp or none, got %r: no traces", exporter)
        return None
    try:
        return Traces(_provider(worker))
    except ImportError as error:
        remedy = "pip install 'callsched[tracing]'"
        logger.error("traces are asked for by OTEL_…, and %s is missing: %s", error.name, remedy)
        return None


def _provider(worker: str) -> TracerProvider:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    name = os.environ.get("OTEL_SERVICE_NAME", "callsched")
    about = {"service.name": name, "service.instance.id": worker}
    provider = TracerProvider(
        resource=Resource.create(about), id_generator=_id_generator(), shutdown_on_exit=False
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def _id_generator() -> IdGenerator:
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class ByAttempt(RandomIdGenerator):
        def generate_trace_id(self) -> int:
            attempt = _attempt.get()
            return super().generate_trace_id() if attempt is None else trace_id_of(attempt)

    return ByAttempt()
