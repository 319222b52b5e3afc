"""How a socket to a live connection is opened: directly or by a proxy, over TLS, or not at all."""

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
from scheduler.providers import Subscription
from scheduler.providers.bounded_socket import Gauged
from scheduler.worker.wires import Wires
from tests.functional.test_endless_sockets import LAST, accepted, frame
from tests.functional.test_http import tunnel
from tests.wire import Peer, Talk, http

CLOSE = 0x08
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


def opening(*pieces: bytes) -> Callable[[Talk], None]:
    """A script that opens a socket, sends these, and closes it when the other end says so."""

    def script(talk: Talk) -> None:
        request = talk.request()
        assert request is not None
        talk.send(accepted(request.headers["sec-websocket-key"]))
        for piece in pieces:
            talk.send(piece)
        while (data := talk.receive()) and CLOSES not in data:
            pass

    return script


def with_socket(wires: Wires, url: str, use: Callable[[Gauged], Awaitable[T]]) -> T:
    """Open a socket, and return what comes of its use."""

    async def run() -> T:
        socket = await wires.open(
            Subscription(f"ws{url.removeprefix('http')}/x", {"x-api-key": "k"})
        )
        try:
            return await use(socket)
        finally:
            socket.transport.abort()
            await socket.wait_closed()

    return asyncio.run(asyncio.wait_for(run(), 60))


async def closed(socket: Gauged) -> None:
    """Wait until the other end closes it."""
    with suppress(ConnectionClosed):
        while True:
            await socket.recv()


def closing(code: int) -> bytes:
    return frame(code.to_bytes(2, "big"), CLOSE | LAST)


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
            with_socket(wires, peer.url, closed)

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
        ask = partial(with_socket, wires, peer.url, Gauged.recv)
        assert ask() == "1"
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
        assert ask() == "1"


def test_over_tls_whom_the_system_does_not_trust_gets_no_request(wires: Wires) -> None:
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(server_side)
    with Peer(opening(), server_side) as peer, pytest.raises(ssl.SSLCertVerificationError):
        with_socket(wires, peer.url, closed)

    assert peer.received == b""
