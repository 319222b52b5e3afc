from __future__ import annotations

import errno
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import NoReturn

import pytest
import requests
from prometheus_client import CollectorRegistry, Gauge

from scheduler.worker import endpoint as endpoint_module
from scheduler.worker.endpoint import Endpoint
from scheduler.worker.files import ASKERS
from tests.waiting import wait_until


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def answering(host: str, port: int, unready: list[str], most: int = ASKERS) -> Iterator[None]:
    registry = CollectorRegistry()
    Gauge("trial", "Something", registry=registry).set(3)
    endpoint = Endpoint(host, port, registry, most=most, unwell=list, unready=lambda: unready)
    endpoint.start()
    try:
        yield
    finally:
        endpoint.close()


def get(url: str) -> requests.Response | None:
    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.get(url, timeout=30)
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


# Who asks slowly ----------------------------------------------------------------------------------

HALF = b"GET /metrics HTTP/1.1\r\nX: "


@contextmanager
def slow(port: int, count: int) -> Iterator[list[socket.socket]]:
    """Have clients that begin to ask, and say no more."""
    with ExitStack() as stack:
        clients = []
        for _ in range(count):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port), 10))
            client.sendall(HALF)
            clients.append(client)
        yield clients


def answering_now() -> int:
    return sum("process_request_thread" in thread.name for thread in threading.enumerate())


@pytest.fixture
def said_nothing(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> Iterator[None]:
    """Whoever is cut off leaves no word in the log, nor a traceback."""
    caplog.set_level(logging.WARNING)
    yield
    assert not caplog.get_records("call")
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("said_nothing")
def test_slow_clients_have_few_places_and_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint_module, "PLACE_SECONDS", 0.02)
    port, most = free_port(), [0]

    with answering("127.0.0.1", port, [], most=4):
        wait_until(lambda: get(f"http://127.0.0.1:{port}/healthz"))
        with slow(port, 100):
            for _ in range(3):
                answer = get(f"http://127.0.0.1:{port}/metrics")
                most.append(answering_now())
                assert answer is not None and "trial 3.0" in answer.text
        assert max(most) <= 4
        wait_until(lambda: not answering_now())


@pytest.mark.usefixtures("said_nothing")
def test_a_client_that_says_a_letter_now_and_then_has_no_more_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(endpoint_module, "ANSWER_SECONDS", 0.1)
    port = free_port()

    with answering("127.0.0.1", port, []):
        wait_until(lambda: get(f"http://127.0.0.1:{port}/healthz"))
        with slow(port, 1) as (client,):
            client.settimeout(0.05)
            wait_until(lambda: is_cut(client))


def is_cut(client: socket.socket) -> bool:
    try:
        client.sendall(b"a")
        return client.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


@pytest.mark.usefixtures("said_nothing")
def test_a_question_without_end_is_not_read() -> None:
    port = free_port()

    with answering("127.0.0.1", port, []):
        wait_until(lambda: get(f"http://127.0.0.1:{port}/healthz"))
        with slow(port, 1) as (client,), suppress(ConnectionError):
            for _ in range(100):
                client.sendall(b"a" * 60_000 + b"\r\nX: ")
            pytest.fail("it was read")


@pytest.mark.usefixtures("said_nothing")
def test_it_can_be_closed_while_all_places_are_taken() -> None:
    port, asked, known = free_port(), threading.Event(), threading.Event()

    def unwell() -> list[str]:
        asked.set()
        known.wait(120)
        return []

    endpoint = Endpoint("127.0.0.1", port, CollectorRegistry(), most=1, unwell=unwell, unready=list)
    endpoint.start()
    wait_until(lambda: get(f"http://127.0.0.1:{port}/readyz"))
    with socket.create_connection(("127.0.0.1", port), 10) as waiting:
        waiting.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
        wait_until(asked.is_set)
        with slow(port, 3):
            closing = threading.Thread(target=endpoint.close)
            closing.start()
            wait_until(lambda: not closing.is_alive())
    known.set()
    wait_until(lambda: not answering_now())


def test_without_a_file_for_who_asks_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    port, tried = free_port(), [0]

    def none_left(_: object) -> NoReturn:
        tried[0] += 1
        raise OSError(errno.EMFILE, "Too many open files")

    with answering("127.0.0.1", port, []):
        wait_until(lambda: get(f"http://127.0.0.1:{port}/healthz"))
        with monkeypatch.context() as patched:
            patched.setattr(socket.socket, "accept", none_left)
            with slow(port, 1):
                wait_until(lambda: tried[0])
                began_at = time.monotonic()
                wait_until(lambda: tried[0] > 2)
                assert time.monotonic() - began_at > 0.3
        assert get(f"http://127.0.0.1:{port}/healthz") is not None
