"""Runs the ledger's scripts, on connections that it keeps.

Around each command redis-py takes a connection from its pool, gives it back, and counts both for
metrics that nobody reads. A worker that does a few calls a second finds none of that code in the
processor's caches, so it costs as much as the command itself.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from functools import partial
from typing import Any

from redis import Redis
from redis.exceptions import ConnectionError, NoScriptError, TimeoutError

from scheduler.ledger.redis.connections import PrimaryPool


class Runner:
    """Runs scripts for a client: with its connections, timeouts and retries. Threads may share it.

    Its methods raise redis-py's errors.
    """

    def __init__(self, client: Redis) -> None:
        """Connections come from the client's pool, and closing that closes them too."""
        self._pool: Any = client.connection_pool
        #: A pool of a primary closes its idle connections when another server becomes the primary.
        self._keeps = not isinstance(self._pool, PrimaryPool)
        self._idle: list[Any] = []  #: the one that was used last at its end
        self._pid = os.getpid()

    def run(self, *command: Any) -> Any:
        """Send a command, and again as often as the client does; return its answer."""
        connection = self._take()
        try:
            return connection.retry.call_with_retry(
                partial(_exchange, connection, command), lambda _: connection.disconnect()
            )
        finally:
            # After anything but a whole answer redis-py has closed it; then it is opened again.
            self._give_back(connection)

    def _take(self) -> Any:
        if self._pid != os.getpid():  # a forked process must not use its parent's
            self._idle, self._pid = [], os.getpid()
        try:
            connection = self._idle.pop()
        except IndexError:
            return self._pool.get_connection()
        try:
            _make_ready(connection)
        except BaseException:
            self._give_back(connection)
            raise
        return connection

    def _give_back(self, connection: Any) -> None:
        if self._keeps and not connection.should_reconnect():
            self._idle.append(connection)
        else:
            self._pool.release(connection)


def _make_ready(connection: Any) -> None:
    """Open a connection, and anew if the server has closed it meanwhile: as redis-py's pool does.

    So a command is not lost just because the server was started again before it.
    """
    connection.connect()
    try:
        is_spoilt = connection.can_read()
    except (ConnectionError, TimeoutError, OSError):
        is_spoilt = True
    if is_spoilt:
        connection.disconnect()
        connection.connect()


def _exchange(connection: Any, command: Sequence[Any]) -> Any:
    connection.send_command(*command)
    return connection.read_response()


class Verb:
    """A script: it is sent by its digest, and with its text if the server does not know it."""

    def __init__(self, runner: Runner, text: str) -> None:
        self._runner = runner
        self.text = text
        self.sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    def __call__(self, keys: Sequence[str], args: Sequence[Any]) -> Any:
        """Run it; return its answer. Raises redis-py's errors."""
        run = self._runner.run
        try:
            return run("EVALSHA", self.sha, len(keys), *keys, *args)
        except NoScriptError:
            return run("EVAL", self.text, len(keys), *keys, *args)
