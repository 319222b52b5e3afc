from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
from prometheus_client import CollectorRegistry, Gauge

from scheduler.endpoint import Endpoint
from tests.waiting import wait_until


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def answering(host: str, port: int, unready: list[str]) -> Iterator[None]:
    registry = CollectorRegistry()
    Gauge("trial", "Something", registry=registry).set(3)
    endpoint = Endpoint(host, port, registry, unwell=list, unready=lambda: unready)
    endpoint.start()
    try:
        yield
    finally:
        endpoint.close()


def get(url: str) -> requests.Response | None:
    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.get(url, timeout=10)
        except requests.ConnectionError:
            return None


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")])
def test_a_worker_answers_on_the_address_that_it_is_told(host: str, shown: str) -> None:
    port = free_port()
    reasons: list[str] = []

    with answering(host, port, reasons):
        wait_until(lambda: get(f"http://{shown}:{port}/healthz"))
        ready, metrics = (get(f"http://{shown}:{port}/{path}") for path in ("readyz", "metrics"))
        assert ready is not None and metrics is not None
        assert (ready.status_code, ready.json()) == (200, {"ok": True, "reasons": []})
        assert "trial 3.0" in metrics.text

        reasons.append("it is leaving")
        unready, unknown = (get(f"http://{shown}:{port}/{path}") for path in ("readyz", "else"))
        assert unready is not None and unknown is not None
        assert unready.status_code == 503
        assert unready.json() == {"ok": False, "reasons": ["it is leaving"]}
        assert unknown.status_code == 404
    assert get(f"http://{shown}:{port}/healthz") is None


def test_a_port_that_is_taken_is_an_error_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with answering("127.0.0.1", port, []):
            wait_until(lambda: caplog.messages)

    assert "CALLSCHED_METRICS_PORT: can't listen on 127.0.0.1" in caplog.messages[0]
