"""What the receiver answers, with a desk that only notes what reaches it."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPResponse

import pytest
from uvicorn import Server

from scheduler.calls.callbacks import Answered
from scheduler.errors import LedgerUnreachable
from scheduler.models import Attempt
from scheduler.operations.listening import bound
from scheduler.providers import Callback, Reply, Topic
from scheduler.web import bounds, receiver
from scheduler.web.bounds import BODY_BYTES
from scheduler.web.receiver import Receiver
from scheduler.web.server import WebServer
from tests.waiting import wait_until

PUBLIC_URL = "https://calls.example.com"
STATUS = "/callbacks/main/c-1:0:1/status"
#: Of a request whose body never comes.
SLOW = f"POST {STATUS} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nC"


class Noting:
    """Notes requests, and answers what it is told to."""

    def __init__(self) -> None:
        self.heard: list[Callback] = []
        self.answer = Answered(204)
        self.error: Exception | None = None
        self.free = threading.Event()
        self.free.set()

    def take(self, callback: Callback) -> Answered:
        self.heard.append(callback)
        self.free.wait(30)
        if self.error:
            raise self.error
        return self.answer


class _Served(WebServer):
    """Served from a thread, where nobody takes signals."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Place:
    """A receiver that runs, and who asks it."""

    def __init__(self, public_url: str) -> None:
        self.desk = Noting()
        self.ledger: str | None = "the-ledger"
        self.troubles = 0
        self._executor = ThreadPoolExecutor(4)
        receiver = Receiver(
            public_url,
            {"main": self.desk}.get,
            self._identity,
            self._executor,
            self._trouble,
        )
        self._listening = bound("127.0.0.1", 0)
        self.port = self._listening.getsockname()[1]
        self.server: Server = _Served(receiver.app(), lambda: None)
        self._thread = threading.Thread(target=self.server.run, args=([self._listening],))
        self._thread.start()
        wait_until(lambda: self.server.started)

    def _identity(self) -> str:
        if self.ledger is None:
            raise LedgerUnreachable("away")
        return self.ledger

    def _trouble(self) -> None:
        self.troubles += 1

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> HTTPResponse:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            answer.data = answer.read()  # type: ignore[attr-defined]
            return answer

    def close(self) -> None:
        self.desk.free.set()
        self.server.should_exit = True
        self._thread.join()
        self._listening.close()
        self._executor.shutdown()


@contextmanager
def receiving(public_url: str = PUBLIC_URL) -> Iterator[Place]:
    with closing(Place(public_url)) as place:
        yield place


@pytest.fixture(scope="module")
def shared() -> Iterator[Place]:
    with receiving() as place:
        yield place


@pytest.fixture
def place(shared: Place) -> Place:
    shared.desk.heard.clear()
    shared.desk.answer, shared.desk.error = Answered(204), None
    shared.ledger, shared.troubles = "the-ledger", 0
    return shared


def test_a_request_reaches_the_desk_of_its_account_as_it_came(place: Place) -> None:
    answer = place.ask("POST", STATUS + "?a=%2B1&b", b"CallSid=CA1", **{"X-Signed": "yes"})

    (heard,) = place.desk.heard
    assert answer.status == 204
    assert heard.url == f"{PUBLIC_URL}{STATUS}?a=%2B1&b"
    assert heard.headers["x-signed"] == "yes"
    assert (heard.body, heard.account, heard.topic) == (b"CallSid=CA1", "main", Topic.STATUS)
    assert heard.attempt == Attempt("c-1", 0, 1)


def test_the_address_that_is_verified_is_never_of_the_host_header(place: Place) -> None:
    place.ask("GET", "/callbacks/main/c%2D1:0:1/steps/do%20it/2", Host="evil.example.com")

    (heard,) = place.desk.heard
    assert heard.url == f"{PUBLIC_URL}/callbacks/main/c%2D1:0:1/steps/do%20it/2"
    assert (heard.step, heard.asked) == ("do it", 2)


@pytest.mark.parametrize("kept", ["", "/calls"])
def test_a_path_of_the_public_url_may_be_left_away_by_a_proxy(kept: str) -> None:
    with receiving("https://example.com/calls") as place:
        assert place.ask("POST", kept + STATUS).status == 204
        assert place.ask("GET", kept + "/healthz").status == 200
        (heard,) = place.desk.heard

    assert heard.url == f"https://example.com/calls{STATUS}"


def test_what_the_desk_says_is_answered(place: Place) -> None:
    place.desk.answer = Answered(200, Reply(b"<Response/>", "text/xml"))
    answer = place.ask("POST", STATUS)

    assert (answer.status, answer.data) == (200, b"<Response/>")  # type: ignore[attr-defined]
    assert answer.headers["content-type"] == "text/xml"
    assert "server" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/callbacks", 404),
        ("GET", "/callbacks/", 404),
        ("GET", "/healthz/", 404),
        ("GET", "/campaigns", 404),
        ("POST", "/callbacks/main/c-1:0:1/elsewhere", 404),
        ("POST", "/callbacks/main/c-1:0:x/status", 404),
        ("POST", "/callbacks/main/c-1:0:1/status/more", 404),
        ("POST", "/callbacks/main/c-1:0:1/steps/confirm", 404),
        ("POST", "/callbacks/main/c-1:0:1/steps/confirm/twice", 404),
        ("POST", "http://evil.example.com" + STATUS, 404),
        ("POST", "/callbacks/nobody/c-1:0:1/status", 403),
        ("PUT", STATUS, 405),
        ("DELETE", STATUS, 405),
        ("HEAD", STATUS, 405),
        ("POST", "/healthz", 405),
    ],
)
def test_what_is_no_callback_reaches_no_desk(
    place: Place, method: str, path: str, status: int
) -> None:
    assert place.ask(method, path).status == status
    assert place.desk.heard == []


def test_a_body_has_its_bound(place: Place) -> None:
    most = b"x" * BODY_BYTES

    assert place.ask("POST", STATUS, most).status == 204
    assert place.ask("POST", STATUS, most + b"x").status == 413
    assert place.ask("POST", STATUS, b"x", **{"Content-Length": str(10**12)}).status == 413
    assert len(place.desk.heard) == 1


def test_a_body_in_chunks_has_the_same_bound(place: Place) -> None:
    with closing(HTTPConnection("127.0.0.1", place.port, timeout=20)) as connection:
        parts = iter([b"x" * BODY_BYTES, b"x"])
        with suppress(OSError):  # it may be answered before all is sent
            connection.request("POST", STATUS, parts, encode_chunked=True)
        assert connection.getresponse().status == 413


def test_health_says_whose_ledger_it_is(place: Place) -> None:
    answer = place.ask("GET", "/healthz")
    told = json.loads(answer.data)  # type: ignore[attr-defined]

    assert answer.status == 200
    assert (told["status"], told["ledger"]) == ("ok", "the-ledger")
    assert told["version"]


def test_without_its_ledger_it_is_unwell_and_has_it_looked_after(place: Place) -> None:
    place.ledger, place.desk.answer = None, Answered(503)

    assert place.ask("GET", "/healthz").status == 503
    assert place.ask("POST", STATUS).status == 503
    assert place.troubles == 2


def test_what_goes_wrong_here_is_to_be_sent_again(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    place.desk.error = RuntimeError("a slip")

    assert place.ask("POST", STATUS, b"To=%2B12025550143").status == 503
    assert "attempt c-1:0:1 could not be taken" in caplog.text
    assert "2025550143" not in caplog.text


def test_whoever_comes_while_too_many_are_in_hand_is_to_come_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver, "MOST_IN_HAND", 2)
    place.desk.free.clear()
    askers = [threading.Thread(target=place.ask, args=("POST", STATUS)) for _ in range(2)]
    for asker in askers:
        asker.start()
    wait_until(lambda: len(place.desk.heard) == 2)
    try:
        answer = place.ask("POST", STATUS)
    finally:
        place.desk.free.set()
        for asker in askers:
            asker.join()

    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert place.ask("POST", STATUS).status == 204


@pytest.mark.parametrize("head", [b"", b"GET /heal", f"POST {STATUS} HTTP/1.1\r\n".encode()])
def test_a_slow_client_is_cut_off(
    place: Place, monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    monkeypatch.setattr(bounds, "REQUEST_SECONDS", 0.3)
    if head.endswith(b"\r\n"):
        head += b"Host: x\r\nContent-Length: 10\r\n\r\nCall"

    with socket.create_connection(("127.0.0.1", place.port), timeout=30) as client:
        client.sendall(head)
        with suppress(ConnectionResetError):
            assert client.recv(1) == b""
    assert place.desk.heard == []


@pytest.mark.parametrize("begun", ["", "POST / HT", "POST / HTTP/1.1\r\nHost: x\r\n", SLOW])
def test_a_flood_takes_no_place_from_who_asks_something(
    place: Place, monkeypatch: pytest.MonkeyPatch, begun: str
) -> None:
    monkeypatch.setattr(bounds, "MOST_CONNECTIONS", 8)

    async def flood() -> int:
        opened = [await asyncio.open_connection("127.0.0.1", place.port) for _ in range(30)]
        for _, writer in opened:
            writer.write(begun.encode())
        answer = await asyncio.to_thread(place.ask, "POST", STATUS)
        connections = place.server.server_state.connections
        await asyncio.to_thread(wait_until, lambda: len(connections) <= 9)
        for _, writer in opened:
            writer.close()
        left = (writer.wait_closed() for _, writer in opened)
        await asyncio.gather(*left, return_exceptions=True)  # most were cut off
        return answer.status

    assert asyncio.run(flood()) == 204
