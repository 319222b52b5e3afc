"""A proxy before Redis that can lose a reply: the command is done, and who sent it never hears."""

from __future__ import annotations

import selectors
import socket
import threading
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit


class LossyProxy:
    """Forwards bytes. `lose_reply` cuts off whoever sends the next script, or another command."""

    def __init__(self, redis_url: str) -> None:
        self._server = urlsplit(redis_url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept)]
        self._armed = threading.Event()
        self._command = b"EVALSHA"
        self.commands_sent = 0
        port = self._listener.getsockname()[1]
        self.url = f"redis://:{self._server.password or ''}@127.0.0.1:{port}/0"

    def lose_reply(self, command: bytes = b"EVALSHA") -> None:
        """Lose the reply to the next such command, and count them from here on."""
        self._command = command
        self.commands_sent = 0
        self._armed.set()

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._serve, args=(client,)))
            self._threads[-1].start()

    def _connect(self) -> socket.socket:
        if self._server.port:
            return socket.create_connection(("127.0.0.1", self._server.port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(unquote(self._server.path))
        return server

    def _serve(self, client: socket.socket) -> None:
        with (
            client,
            self._connect() as server,
            selectors.DefaultSelector() as ready,
        ):
            ready.register(client, selectors.EVENT_READ, server)
            ready.register(server, selectors.EVENT_READ, client)
            losing = False
            while True:
                for key, _ in ready.select():
                    source: socket.socket = key.fileobj  # type: ignore[assignment]
                    data = source.recv(1 << 20)
                    if source is client and self._command in data:
                        self.commands_sent += 1
                        losing = self._armed.is_set()
                    elif source is server and losing:
                        self._armed.clear()
                        return
                    if not data:
                        return
                    key.data.sendall(data)
