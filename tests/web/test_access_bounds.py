"""What one client can take of the site's connections, and what it never takes from callbacks."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, suppress

import pytest
import requests
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from uvicorn import Config, Server

from scheduler.operations.listening import bound
from scheduler.web import bounds
from scheduler.web.bounds import BoundedProtocol
from scheduler.web.problems import Failure
from scheduler.web.rates import BURST, PER_SECOND, Rates
from tests.waiting import wait_until


class Place:
    """A server of three routes: one that is quick, and two that take their time."""

    def __init__(self) -> None:
        self.received = 0
        self.is_slow_to_read = False
        self.ended: list[str] = []
        routes = [
            Route("/quick", self._quick, methods=["GET", "POST"]),
            Route("/upload", self._upload, methods=["POST"]),
            Route("/download", self._download),
            Route("/events", self._events),
        ]
        self._listening = bound("127.0.0.1", 0)
        self.port = self._listening.getsockname()[1]
        app = Starlette(routes=routes)
        self.server = Server(
            Config(
                app,
                loop="asyncio",
                http=BoundedProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
            )
        )
        self._thread = threading.Thread(target=self.server.run, args=([self._listening],))
        self._thread.start()
        wait_until(lambda: self.server.started)

    async def _quick(self, request: Request) -> Response:
        await request.body()
        return Response("ok")

    async def _upload(self, request: Request) -> Response:
        request.state.connection.be_patient()
        try:
            async for piece in request.stream():
                self.received += len(piece)
                if self.is_slow_to_read:
                    await asyncio.sleep(0.4)
        except ClientDisconnect:
            self.ended.append("upload")
            raise
        return Response("ok")

    async def _download(self, request: Request) -> Response:
        try:
            request.state.connection.be_patient()
        except Failure as failure:
            return Response(status_code=failure.details.status, headers=failure.headers)

        async def pieces() -> AsyncIterator[bytes]:
            try:
                for _ in range(1000):
                    yield b"x" * 65_536
            finally:
                self.ended.append("download")

        return StreamingResponse(pieces())

    async def _events(self, request: Request) -> Response:
        is_over = asyncio.Event()

        async def pulses() -> AsyncIterator[bytes]:
            request.state.connection.be_endless(is_over.set)
            while not await request.is_disconnected() and not is_over.is_set():
                yield b": pulse\n\n"
                with suppress(TimeoutError):
                    await asyncio.wait_for(is_over.wait(), 0.2)
            self.ended.append("events")

        return StreamingResponse(pulses(), media_type="text/event-stream")

    def ask(self, method: str, path: str, **options: object) -> requests.Response:
        url = f"http://127.0.0.1:{self.port}{path}"
        return requests.request(method, url, timeout=30, **options)  # type: ignore[arg-type]

    def connect(self, head: bytes) -> socket.socket:
        """Open a connection, and send so much of a request."""
        client = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        client.sendall(head)
        return client

    def close(self) -> None:
        self.server.should_exit = self.server.force_exit = True
        self._thread.join()
        self._listening.close()


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setattr(bounds, "SILENT_SECONDS", 0.3)
    monkeypatch.setattr(bounds, "REQUEST_SECONDS", 0.3)
    place = Place()
    yield place
    place.close()


def is_cut_off(client: socket.socket) -> bool:
    """Read to the end; tell whether nothing came."""
    with client, suppress(ConnectionResetError):
        return client.recv(1) == b""
    return True


UPLOAD = b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"


def test_an_upload_that_falls_silent_is_cut_off(place: Place) -> None:
    assert is_cut_off(place.connect(UPLOAD + b"some of it"))
    wait_until(lambda: place.ended == ["upload"])
    assert place.received == len(b"some of it")


def test_an_upload_that_hardly_gets_on_is_cut_off(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "MINUTE_SECONDS", 0.5)
    client = place.connect(UPLOAD)
    with suppress(OSError):  # the pieces that come after it was cut off
        while not place.ended:
            client.sendall(b"x")
            threading.Event().wait(0.05)
    client.close()
    assert place.ended == ["upload"]


def test_an_upload_may_take_longer_than_any_other_request_also_where_we_are_slow(
    place: Place,
) -> None:
    place.is_slow_to_read = True
    answer = place.ask("POST", "/upload", data=b"x" * 300_000)
    assert (answer.status_code, place.received) == (200, 300_000)


def test_who_does_not_read_a_download_is_cut_off(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "UNREAD_SECONDS", 0.4)
    with place.connect(b"GET /download HTTP/1.1\r\nHost: x\r\n\r\n"):
        wait_until(lambda: place.ended == ["download"])
    monkeypatch.setattr(bounds, "UNREAD_SECONDS", 60)
    assert len(place.ask("GET", "/download").content) == 65_536_000


def test_streams_take_no_place_from_others_and_end_when_the_server_leaves(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "MOST_CONNECTIONS", 4)
    monkeypatch.setattr(bounds, "MOST_PATIENT", 0)
    with ExitStack() as open_ones:
        streams = []
        for _ in range(20):
            stream = place.connect(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
            streams.append(open_ones.enter_context(stream))
            assert stream.recv(100).startswith(b"HTTP/1.1 200")
        assert place.ask("POST", "/quick", data=b"a callback").status_code == 200
        refused = place.ask("GET", "/download")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")
        # Those that were there go on, long after any other request would have been cut off.
        assert all(stream.recv(100) for stream in streams)
        place.server.should_exit = True
        wait_until(lambda: place.ended == ["events"] * 20)
    wait_until(lambda: not BoundedProtocol._patient)
    assert not BoundedProtocol._endless


def test_who_left_before_patience_was_asked_for_keeps_no_place(place: Place) -> None:
    with place.connect(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n"):
        wait_until(lambda: len(BoundedProtocol._patient) == 1)
        (connection,) = BoundedProtocol._patient
    wait_until(lambda: not BoundedProtocol._patient)
    connection.be_patient()
    connection.be_endless(lambda: None)
    wait_until(lambda: not BoundedProtocol._patient)


def test_a_visitor_has_a_burst_and_then_so_many_requests_a_second() -> None:
    rates = Rates()
    assert {rates.wait_of("a", 0.0) for _ in range(int(BURST))} == {0.0}
    assert rates.wait_of("a", 0.0) == pytest.approx(1 / PER_SECOND)
    assert rates.wait_of("b", 0.0) == 0.0
    taken = [rates.wait_of("a", 1.0) for _ in range(int(PER_SECOND) + 1)]
    assert [bool(wait) for wait in taken] == [False] * int(PER_SECOND) + [True]
