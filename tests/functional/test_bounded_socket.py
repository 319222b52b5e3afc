"""One socket to a live connection: what it hears, whether its other end lives, how it closes."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar, cast

import pytest
import trustme
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

from scheduler.ledger.ledger import Ledger
from scheduler.providers import Subscription, bounded_socket
from scheduler.providers.bounded_socket import BoundedSocket
from scheduler.worker.wires import Wires
from tests.functional.test_endless_sockets import CONTINUED, LAST, PING, TEXT, accepted, frame
from tests.functional.test_http import tunnel
from tests.wire import Peer, Talk, http

BINARY, CLOSE, PONG = 0x02, 0x08, 0x0A
CLOSES = bytes([CLOSE | LAST, 0x80 | 2])  # how a client's frame with a code begins
T = TypeVar("T")


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def wires() -> Iterator[Wires]:
    wires = Wires(cast(Ledger, None))  # which only lines need
    yield wires
    wires.close()


def opening(*pieces: bytes, closes: bool = True) -> Callable[[Talk], None]:
    """A script that opens a socket, sends these, and closes it when the other end says so."""

    def script(talk: Talk) -> None:
        request = talk.request()
        assert request is not None
        talk.send(accepted(request.headers["sec-websocket-key"]))
        for piece in pieces:
            talk.send(piece)
        while (data := talk.receive()) and not (closes and CLOSES in data):
            pass

    return script


def with_socket(wires: Wires, url: str, use: Callable[[BoundedSocket], Awaitable[T]]) -> T:
    """Open a socket, and return what comes of its use."""

    async def run() -> T:
        socket = await wires.open(
            Subscription(f"ws{url.removeprefix('http')}/x", {"x-api-key": "k"})
        )
        try:
            return await use(socket)
        finally:
            socket.transport.abort()
            await socket.wait_until_closed()

    return asyncio.run(asyncio.wait_for(run(), 60))


async def heard(socket: BoundedSocket) -> list[str | bytes]:
    """Return all that comes until the socket is closed."""
    messages: list[str | bytes] = []
    with suppress(ConnectionClosed):
        while True:
            messages.append(await socket.recv())
    return messages


def closing(code: int) -> bytes:
    return frame(code.to_bytes(2, "big"), CLOSE | LAST)


def test_messages_come_whole_and_in_order_whatever_comes_between(wires: Wires) -> None:
    parts = [frame("é".encode()[:1], TEXT), frame(b"?", PING | LAST)]
    parts += [frame("é".encode()[1:], CONTINUED), frame(b"!", CONTINUED | LAST)]
    many = [frame(str(count).encode()) for count in range(200)]
    said = b"".join([*parts, frame(b"\xff", BINARY | LAST), *many])
    with Peer(opening(said, closing(1000))) as peer:
        messages = with_socket(wires, peer.url, heard)

    assert messages == ["é!", b"\xff", *map(str, range(200))]
    assert b"x-api-key: k\r\n" in peer.received


def test_no_more_is_taken_from_the_network_than_is_read(wires: Wires) -> None:
    async def use(socket: BoundedSocket) -> None:
        assert await socket.recv() == "0"
        while socket.transport.is_reading():
            await asyncio.sleep(0)
        for count in range(1, 100):
            assert await socket.recv() == str(count)
        assert socket.transport.is_reading()

    with Peer(opening(b"".join(frame(str(count).encode()) for count in range(100)))) as peer:
        with_socket(wires, peer.url, use)


def test_an_end_that_no_longer_answers_is_cut_off(
    wires: Wires, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_socket, "BEAT_SECONDS", 0.1)
    with Peer(opening(frame(b"1"))) as peer:
        assert with_socket(wires, peer.url, heard) == ["1"]


def answering_pings(talk: Talk) -> None:
    """Answer two pings, say so, and close."""
    request = talk.request()
    assert request is not None
    talk.send(accepted(request.headers["sec-websocket-key"]))
    for _ in range(2):
        assert talk.receive()[0] == PING | LAST
        talk.send(frame(b"", PONG | LAST))
    talk.send(frame(b"still here") + closing(1000))
    talk.receive()


def test_an_end_that_answers_is_kept(wires: Wires, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_socket, "BEAT_SECONDS", 0.7)
    with Peer(answering_pings) as peer:
        assert with_socket(wires, peer.url, heard) == ["still here"]


def test_a_socket_says_that_it_closes_and_waits_a_moment_only(
    wires: Wires, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_socket, "CLOSE_SECONDS", 0.1)
    with Peer(opening(closes=False)) as peer:
        with_socket(wires, peer.url, BoundedSocket.wait_until_closed)

    assert CLOSES in peer.received.partition(b"\r\n\r\n")[2]


def test_an_end_that_said_that_it_closes_and_does_not_is_cut_off(
    wires: Wires, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_socket, "BEAT_SECONDS", 0.1)
    with Peer(opening(frame(b"1"), closing(1000), closes=False)) as peer:
        assert with_socket(wires, peer.url, heard) == ["1"]


REFUSALS = [
    ("", http(404, {"message": "No such connection."}), InvalidStatus),
    ("", http(302, Location="http://127.0.0.1:1/"), InvalidStatus),
    ("", b"no HTTP\r\n\r\n", InvalidMessage),
    ("", b"", InvalidMessage),
    ("proxy", http(404, {"message": "No such connection."}), InvalidStatus),
    ("proxy", http(302, Location="http://127.0.0.1:1/"), InvalidStatus),
]


@pytest.mark.parametrize(("through", "answer", "error"), REFUSALS)
def test_a_socket_that_is_not_opened_is_an_error(
    wires: Wires,
    monkeypatch: pytest.MonkeyPatch,
    through: str,
    answer: bytes,
    error: type[Exception],
) -> None:
    def script(talk: Talk) -> None:
        talk.request()
        talk.send(answer)

    with Peer(script) as peer, Peer(tunnel) as proxy:
        if through:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with pytest.raises(error):
            with_socket(wires, peer.url, heard)

    assert len(peer.talks) == 1
    assert len(proxy.talks) == bool(through)


@pytest.mark.parametrize("through", ["direct", "proxy"])
def test_over_tls_the_system_s_certificates_are_read_once(
    wires: Wires, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, through: str
) -> None:
    ca, server_side = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(server_side)
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with (
        Peer(opening(frame(b"1"), closing(1000)), server_side) as peer,
        Peer(tunnel) as proxy,
    ):
        if through == "proxy":
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        ask = partial(with_socket, wires, peer.url, BoundedSocket.recv)
        assert ask() == "1"
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
        assert ask() == "1"


def test_over_tls_whom_the_system_does_not_trust_gets_no_request(wires: Wires) -> None:
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(server_side)
    with Peer(opening(), server_side) as peer, pytest.raises(ssl.SSLCertVerificationError):
        with_socket(wires, peer.url, heard)

    assert peer.received == b""
