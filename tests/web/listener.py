"""A client of the event stream that keeps what it was told."""

from __future__ import annotations

import json
import socket
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from tests.web.running import TOKEN, RunningSite


class Listener:
    """One stream over a socket of its own; nothing is read until somebody asks."""

    def __init__(self, site: RunningSite, query: str = "", *, last: str = "") -> None:
        self.last_id = last
        self._socket = socket.create_connection(("127.0.0.1", urlsplit(site.url).port or 0), 10)
        ask = f"GET /api/v1/events{query} HTTP/1.1\r\nHost: {site.host}\r\n"
        ask += f"Authorization: Bearer {TOKEN}\r\n"
        ask += f"Last-Event-ID: {last}\r\n" if last else ""
        self._socket.sendall(f"{ask}\r\n".encode())
        self._lines = self._socket.makefile("rb")

    def opened(self) -> Self:
        """Wait until it is answered."""
        head = self._lines.readline()
        assert b" 200 " in head, head
        while self._lines.readline().strip():
            pass
        while self._lines.readline().strip() != b"retry: 2000":
            pass
        return self

    def next(self) -> tuple[str, Any]:
        """Return the next event: its kind and its data; ("end", None) at the end."""
        kind, data, last = "message", "", ""
        while (line := self._lines.readline()) and line != b"0\r\n":  # the last chunk is empty
            name, _, value = line.decode().strip().partition(":")
            match name:
                case "event":
                    kind = value.strip()
                case "id":
                    last = value.strip()
                case "data":
                    data = value.strip()
                case "" if data or kind != "message":
                    self.last_id = last or self.last_id
                    return kind, json.loads(data) if data else None
        return "end", None

    def messages(self, count: int) -> list[Any]:
        """Return the data of the next so many events, which are all of the usual kind."""
        told = [self.next() for _ in range(count)]
        assert {kind for kind, _ in told} <= {"message"}
        return [data for _, data in told]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lines.close()
        self._socket.close()
