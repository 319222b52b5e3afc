from __future__ import annotations

import logging
import sys

import pytest

from scheduler.models import Attempt
from scheduler.worker.tracing import is_wanted, open_traces, trace_id_of

SOMEWHERE = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, False),
        ({"OTEL_SERVICE_NAME": "callsched"}, False),
        (SOMEWHERE, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        (SOMEWHERE | {"OTEL_TRACES_EXPORTER": "none"}, False),
        (SOMEWHERE | {"OTEL_SDK_DISABLED": "TRUE"}, False),
    ],
)
def test_the_environment_says_whether_there_are_traces(
    environment: dict[str, str], wanted: bool
) -> None:
    assert is_wanted(environment) is wanted


@pytest.mark.parametrize(
    ("exporter", "missing", "remedy"),
    [("otlp", True, "callsched[tracing]"), ("zipkin", False, "expected otlp or none")],
)
def test_traces_that_can_t_be_had_are_an_error_in_the_log(
    exporter: str,
    missing: bool,
    remedy: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.ERROR)
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", exporter)
    if missing:
        # What is None there can't be imported, as where the package is not installed.
        monkeypatch.setitem(sys.modules, "opentelemetry.sdk.resources", None)

    assert open_traces("host:1") is None

    assert remedy in caplog.text


def test_attempts_have_traces_of_their_own() -> None:
    attempts = [Attempt("c", row, number) for row in (1, 2) for number in (1, 2)]

    ids = {trace_id_of(attempt) for attempt in attempts}

    assert len(ids) == 4
    assert all(0 < one < 2**128 for one in ids)
