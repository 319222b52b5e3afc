"""Servers that have the right port and the wrong answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

#: Bytes; in a tuple, with the connection closed after them; None: closed at once.
Answer = Callable[[bytes], bytes | tuple[bytes] | None]


@contextmanager
def serving(answer: Answer) -> Iterator[int]:
    """Answer whatever comes, and return the port.

    The answer is to what has come at once, which is a whole request of everybody here.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_accept, args=(server, answer), daemon=True).start()
        yield server.getsockname()[1]
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)


def _accept(server: socket.socket, answer: Answer) -> None:
    with suppress(OSError):
        while True:
            client, _ = server.accept()
            threading.Thread(target=_talk, args=(client, answer), daemon=True).start()


def _talk(client: socket.socket, answer: Answer) -> None:
    with suppress(OSError), client:
        while asked := client.recv(65_536):
            said = answer(asked)
            if isinstance(said, tuple):
                client.sendall(*said)
            if said is None or isinstance(said, tuple):
                return
            client.sendall(said)


def to_each(reply: bytes) -> Callable[[bytes], bytes]:
    """Return what answers each command of Redis, of which several may come at once, the same."""
    return lambda asked: reply * max(1, asked.count(b"\r\n*") + asked.startswith(b"*"))


def page(body: bytes, status: str = "200 OK", kind: str = "application/json") -> bytes:
    """Return an answer of HTTP, after which the connection may be used again."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def closing(
    answer: bytes, first: tuple[bytes, bytes] = (b"\0", b"")
) -> Callable[[bytes], tuple[bytes]]:
    """Return what answers a request of HTTP and closes; one with these words in it, otherwise."""
    words, other = first
    return lambda asked: (other if words in asked else answer,)
