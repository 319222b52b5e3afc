"""Runs the ledger's scripts, and what each tick reads, on connections that it keeps.

Around each command redis-py takes a connection from its pool, gives it back, and counts both for
metrics that nobody reads. A worker that does a few calls a second finds none of that code in the
processor's caches, so it costs as much as the command itself.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any

from redis import Redis
from redis.exceptions import ConnectionError, NoScriptError, ResponseError, TimeoutError

from scheduler.ledger.redis.connections import PrimaryPool


class Runner:
    """Runs commands for a client: with its connections, timeouts and retries. Threads may share it.

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
        return self._run(_exchange, command)

    def run_all(self, *commands: Sequence[Any]) -> list[Any]:
        """Do the same with several commands in one round trip.

        Returns their answers as Redis gives them: a number may be a text. If some failed, the
        others have run, and the first error is raised.
        """
        found: list[Any] = self._run(_exchange_all, commands)
        return found

    def _run(self, exchange: Callable[[Any, Sequence[Any]], Any], what: Sequence[Any]) -> Any:
        connection = self._take()
        try:
            return connection.retry.call_with_retry(
                partial(exchange, connection, what), lambda _: connection.disconnect()
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


def _exchange_all(connection: Any, commands: Sequence[Sequence[Any]]) -> list[Any]:
    connection.send_packed_command(connection.pack_commands(commands))
    answers = [_answer(connection) for _ in commands]  # all, or the next command would get the rest
    _expect_no_error(answers)
    return answers


def _answer(connection: Any) -> Any:
    try:
        return connection.read_response()
    except ResponseError as error:
        return error


def _expect_no_error(answers: Sequence[Any]) -> None:
    for answer in answers:
        if isinstance(answer, ResponseError):
            raise answer
        if isinstance(answer, list):  # of a transaction
            _expect_no_error(answer)


class Verb:
    """A script: it is sent by its digest, and with its text if the server does not know it."""

    def __init__(self, runner: Runner, write: Callable[[], str]) -> None:
        """`write` returns its text; it is asked at the first use, for most processes run few."""
        self._runner = runner
        self._write = write

    @cached_property
    def text(self) -> str:
        """The script."""
        return self._write()

    @cached_property
    def sha(self) -> str:
        """Its digest."""
        return hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()

    def __call__(self, keys: Sequence[str], args: Sequence[Any]) -> Any:
        """Run it; return its answer. Raises redis-py's errors."""
        run = self._runner.run
        try:
            return run("EVALSHA", self.sha, len(keys), *keys, *args)
        except NoScriptError:
            return run("EVAL", self.text, len(keys), *keys, *args)
