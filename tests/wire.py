"""Peers on raw sockets, for what a well-behaved server can't do, and a proxy that can be cut."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Request:
    """What a client asked, as it came over the wire."""

    path: str
    headers: dict[str, str]  #: names in lower case
    content: bytes
    method: str = ""

    @property
    def form(self) -> list[tuple[str, str]]:
        """The fields of a form, in their order."""
        return parse_qsl(self.content.decode(), keep_blank_values=True, strict_parsing=True)

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.path).query, strict_parsing=True))

    @property
    def body(self) -> dict[str, Any]:
        return dict(json.loads(self.content))


@dataclass
class Talk:
    """One connection that a peer accepted."""

    socket: socket.socket
    over: threading.Event  #: set when the peer closes
    received: bytearray = field(default_factory=bytearray)

    def receive(self) -> bytes:
        """The next bytes; none when the other end or the peer has closed."""
        try:
            data = self.socket.recv(65536)
        except OSError:
            return b""
        self.received += data
        return data

    def request(self) -> Request | None:
        """Read one whole request; None when the client has gone."""
        read = bytearray()
        while b"\r\n\r\n" not in read:
            if not (data := self.receive()):
                return None
            read += data
        head, _, content = bytes(read).partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (ln.partition(": ") for ln in lines)}
        while len(content) < int(headers.get("content-length", 0)):
            if not (data := self.receive()):
                return None
            content += data
        method, path, _ = first.split(" ", 2)
        return Request(path, headers, content, method)

    def send(self, data: bytes) -> None:
        with suppress(OSError):
            self.socket.sendall(data)

    def trickle(self, data: bytes, apart_seconds: float) -> None:
        """Send a byte at a time."""
        for position in range(len(data)):
            if self.over.wait(apart_seconds):
                return
            self.send(data[position : position + 1])

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def hang(self) -> None:
        """Say nothing more until the peer closes."""
        self.over.wait()

    def close(self) -> None:
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class Peer:
    """Listens on a loopback port and plays its script on a thread for each connection."""

    def __init__(self, script: Callable[[Talk], None], tls: ssl.SSLContext | None = None) -> None:
        self._script = script
        self._tls = tls
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self.talks: list[Talk] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            talk = Talk(accepted, self._over)
            self.talks.append(talk)
            thread = threading.Thread(target=self._play, args=[talk])
            self._threads.append(thread)
            thread.start()

    def _play(self, talk: Talk) -> None:
        with closing(talk):
            if self._tls is not None:
                try:
                    talk.socket = self._tls.wrap_socket(talk.socket, server_side=True)
                except OSError:
                    return
            self._script(talk)

    @property
    def received(self) -> bytes:
        """Every byte that came over any connection."""
        return b"".join(bytes(talk.received) for talk in self.talks)

    def close(self) -> None:
        self._over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join()
        for talk in self.talks:
            with suppress(OSError):
                talk.socket.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def http(status: int, body: object = b"", **headers: str) -> bytes:
    """An answer as it goes over the wire. What is not bytes is written as JSON."""
    kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"Content-Type": kind, "Content-Length": str(len(content))} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    lines = [f"HTTP/1.1 {status} As-Told", *(f"{name}: {value}" for name, value in named.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + content


TOKEN_PATH = "/oauth2/token:generate"
CONNECT_PATH = "/v1/endpoint:connect"


class Api(Peer):
    """Answers tokens and starts with what it was given, the last of each again and again.

    Without `tokens` it hands out token-1, token-2 and so on, each good for a day.
    """

    def __init__(self, *answers: bytes, tokens: Sequence[bytes] = ()) -> None:
        self._answers = list(answers)
        self._tokens = list(tokens)
        self._asking = threading.Lock()
        self.requests: list[Request] = []
        self.close_after_answer = False
        super().__init__(self._serve)

    def _serve(self, talk: Talk) -> None:
        while (request := talk.request()) is not None:
            with self._asking:
                self.requests.append(request)
                answer = self._answer(request)
            talk.send(answer)
            # Not after a token: what closes then would be met by the next request.
            if self.close_after_answer and request.path != TOKEN_PATH:
                return

    def _answer(self, request: Request) -> bytes:
        given = self._tokens if request.path == TOKEN_PATH else self._answers
        if given:
            return given.pop(0) if len(given) > 1 else given[0]
        return http(
            200, {"accessToken": f"token-{len(self.asked(TOKEN_PATH))}", "expiresIn": 86400}
        )

    def asked(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]


class Proxy:
    """Stands before a server. It can be cut, frozen, and made to lose a reply."""

    def __init__(self, connect: Callable[[], socket.socket]) -> None:
        """`connect` opens a connection to the server."""
        self._connect = connect
        self._flowing = threading.Event()
        self._flowing.set()
        self._is_down = threading.Event()
        self._marker = b""
        self.lost = threading.Event()  #: a reply has been lost
        self._peer = Peer(self._forward)
        self.port = self._peer.port

    @property
    def received(self) -> bytes:
        """Every byte that clients have sent so far."""
        return self._peer.received

    def cut(self) -> None:
        """Close every connection, and each that is opened from now on."""
        self._is_down.set()
        for talk in list(self._peer.talks):
            with suppress(OSError):
                talk.socket.shutdown(socket.SHUT_RDWR)

    def heal(self) -> None:
        self._is_down.clear()
        self._flowing.set()

    def freeze(self) -> None:
        """Pass nothing on, and say nothing, until it is healed."""
        self._flowing.clear()

    def lose_reply_to(self, marker: bytes) -> None:
        """Pass on the next request that has these bytes in it, and cut instead of its reply."""
        self.lost.clear()
        self._marker = marker

    def _forward(self, talk: Talk) -> None:
        if self._is_down.is_set():
            return
        losing = threading.Event()
        with self._connect() as server:
            back = threading.Thread(target=self._back, args=[server, talk, losing])
            back.start()
            while data := talk.receive():
                self._flowing.wait()
                if self._marker and self._marker in data:
                    self._marker = b""
                    losing.set()
                with suppress(OSError):
                    server.sendall(data)
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            back.join()

    def _back(self, server: socket.socket, talk: Talk, losing: threading.Event) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                self._flowing.wait()
                if losing.is_set():
                    self.cut()
                    self.lost.set()
                    return
                talk.send(data)
        with suppress(OSError):
            talk.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._flowing.set()
        self._peer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
