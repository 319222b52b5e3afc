from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

import psutil
import pytest
from kombu import Connection
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError
from redis.retry import Retry

from scheduler.errors import ConfigError, LedgerUnreachable
from scheduler.ledger.redis.embedded import EmbeddedRedis
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]

USER = """
import sys
from pathlib import Path
from scheduler.ledger.redis.embedded import EmbeddedRedis
print("ready", flush=True)
sys.stdin.readline()
with EmbeddedRedis(Path(sys.argv[1])):
    print("open", flush=True)
    sys.stdin.readline()
print("closed", flush=True)
"""

COUNTER = """
import sys
from pathlib import Path
from redis import Redis
from scheduler.ledger.redis.embedded import EmbeddedRedis
for _ in range(int(sys.argv[2])):
    with EmbeddedRedis(Path(sys.argv[1])) as private, Redis.from_url(private.url) as client:
        client.incr("count")
"""

FORKER = """
import os, signal, sys
from pathlib import Path
from scheduler.ledger.redis.embedded import EmbeddedRedis
private = EmbeddedRedis(Path(sys.argv[1]))
private.open()
pid = os.fork()
if pid == 0:
    private.close()
    print("child", os.getpid(), flush=True)
    signal.pause()
sys.stdin.readline()
"""


class User:
    """A process that opens and closes the private Redis when it is told to."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def hear(self) -> str:
        return _pipe(self.process.stdout).readline().strip()

    def tell(self) -> None:
        _pipe(self.process.stdin).write("go\n")
        _pipe(self.process.stdin).flush()

    def open(self) -> User:
        self.tell()
        assert self.hear() == "open"
        return self

    def close(self) -> None:
        self.tell()
        assert self.hear() == "closed"
        assert self.process.wait(60) == 0

    def kill(self) -> None:
        """Kill it and whatever shares its process group, as a closed terminal may."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(60)


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


@contextmanager
def python(script: str, *arguments: str) -> Iterator[User]:
    with subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        user = User(process)
        try:
            yield user
        finally:
            user.kill()


@contextmanager
def a_user(state_dir: Path) -> Iterator[User]:
    with python(USER, str(state_dir)) as user:
        assert user.hear() == "ready"
        yield user


def servers(state_dir: Path) -> list[psutil.Process]:
    """Every server that lives in a directory, found without a word from the code under test."""
    found = []
    for process in psutil.process_iter(["name", "status"]):
        with suppress(psutil.Error):
            lives = process.info["status"] != psutil.STATUS_ZOMBIE
            if lives and "-server" in process.info["name"]:
                found += [process] if process.cwd() == str(state_dir) else []
    return found


def the_server(state_dir: Path) -> psutil.Process:
    (server,) = servers(state_dir)
    return server


def kill_server(state_dir: Path) -> None:
    server = the_server(state_dir)
    server.kill()
    wait_until(lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE)


@contextmanager
def client_of(private: EmbeddedRedis) -> Iterator[Redis]:
    with Redis.from_url(
        private.url, socket_timeout=30, socket_connect_timeout=30, retry=Retry(NoBackoff(), 0)
    ) as client:
        yield client


def value(private: EmbeddedRedis, key: str) -> object:
    with client_of(private) as client:
        return client.get(key)


def store(private: EmbeddedRedis, key: str, value: str) -> None:
    with client_of(private) as client:
        client.set(key, value)


@pytest.fixture
def state_dir(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path.resolve() / "state"
    yield folder
    for server in servers(folder):
        server.kill()


@pytest.fixture
def long_state_dir(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path.resolve() / ("long" * 20) / ("path" * 20)
    yield folder
    for server in servers(folder):
        server.kill()


def test_a_user_reads_what_an_earlier_one_wrote(state_dir: Path) -> None:
    with EmbeddedRedis(state_dir) as private:
        store(private, "word", "kept")
    assert servers(state_dir) == []

    with EmbeddedRedis(state_dir) as private:
        assert value(private, "word") == b"kept"


def test_the_last_of_two_processes_shuts_the_server_down(state_dir: Path) -> None:
    with a_user(state_dir) as first, a_user(state_dir) as second:
        first.open()
        second.open()
        server = the_server(state_dir)

        first.close()
        assert the_server(state_dir) == server

        second.close()
        assert servers(state_dir) == []


def test_processes_that_open_at_once_start_one_server(state_dir: Path) -> None:
    with ExitStack() as stack:
        users = [stack.enter_context(a_user(state_dir)) for _ in range(6)]

        for user in users:
            user.tell()

        assert [user.hear() for user in users] == ["open"] * 6
        assert len(servers(state_dir)) == 1
        for user in users:
            user.tell()
        assert [user.hear() for user in users] == ["closed"] * 6
    assert servers(state_dir) == []


def test_coming_and_going_loses_no_write(state_dir: Path) -> None:
    with ExitStack() as stack:
        counters = [
            stack.enter_context(python(COUNTER, str(state_dir), "25")).process for _ in range(4)
        ]
        assert [counter.wait(60) for counter in counters] == [0] * 4
    assert servers(state_dir) == []

    with EmbeddedRedis(state_dir) as private:
        assert value(private, "count") == b"100"


def test_the_server_outlives_a_killed_user_and_the_next_one_shuts_it_down(state_dir: Path) -> None:
    with a_user(state_dir) as user:
        user.open()
        server = the_server(state_dir)
        user.kill()

        with EmbeddedRedis(state_dir) as private:
            assert the_server(state_dir) == server
            store(private, "word", "kept")

        assert servers(state_dir) == []


def test_a_killed_server_is_back_with_its_data(state_dir: Path) -> None:
    with EmbeddedRedis(state_dir) as private:
        store(private, "word", "kept")
        assert not private.ensure()
        kill_server(state_dir)

        assert private.ensure()

        assert value(private, "word") == b"kept"
        assert not private.ensure()


def test_of_many_who_miss_the_server_one_starts_it(state_dir: Path) -> None:
    with ExitStack() as stack:
        privates = [stack.enter_context(EmbeddedRedis(state_dir)) for _ in range(16)]
        kill_server(state_dir)
        started: list[bool] = []
        threads = [
            threading.Thread(target=lambda p=private: started.append(p.ensure()))
            for private in privates
        ]

        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(started) == [False] * 15 + [True]
        assert len(servers(state_dir)) == 1
    assert servers(state_dir) == []


def test_a_frozen_server_gets_no_second_one_beside_it(
    state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.ledger.redis.embedded.START_SECONDS", 0.2)
    with EmbeddedRedis(state_dir) as private:
        server = the_server(state_dir)
        server.suspend()

        with pytest.raises(LedgerUnreachable):
            private.ensure()

        assert the_server(state_dir) == server
        server.resume()
        wait_until(lambda: not private.ensure())


def test_a_process_that_did_not_start_the_server_brings_it_back(state_dir: Path) -> None:
    with a_user(state_dir) as starter:
        starter.open()
        with EmbeddedRedis(state_dir) as private:
            store(private, "word", "kept")
            kill_server(state_dir)

            assert private.starts == 1
            assert private.ensure()

            assert private.starts == 2, "who looks later sees that it had died"
            assert value(private, "word") == b"kept"
            starter.close()
            assert len(servers(state_dir)) == 1


def test_after_everything_was_killed_the_data_are_there(state_dir: Path) -> None:
    with a_user(state_dir) as one, a_user(state_dir) as another:
        one.open()
        another.open()
        with EmbeddedRedis(state_dir) as private:
            store(private, "word", "kept")
            one.kill()
            another.kill()
            kill_server(state_dir)
    assert (state_dir / "redis.sock").exists()  # the dead server's

    with EmbeddedRedis(state_dir) as private:
        assert value(private, "word") == b"kept"


def test_a_record_that_was_torn_costs_only_itself(state_dir: Path) -> None:
    with EmbeddedRedis(state_dir) as private:
        store(private, "word", "kept")
    data = next(path for path in state_dir.rglob("*.aof") if path.stat().st_size)
    with data.open("ab") as file:
        file.write(b"*3\r\n$3\r\nSET\r\n$4\r\nwo")

    with EmbeddedRedis(state_dir) as private:
        assert value(private, "word") == b"kept"


def test_a_server_that_reads_its_data_is_waited_for(state_dir: Path) -> None:
    with EmbeddedRedis(state_dir) as private, client_of(private) as client:
        for _ in range(10):
            client.eval("for _ = 1, 15000 do redis.call('SET', redis.call('INCR', 'n'), 1) end", 0)
        kill_server(state_dir)

        assert private.ensure()

        assert client.dbsize() == 150001


def test_a_path_too_long_for_a_socket_gets_a_port_with_a_password(long_state_dir: Path) -> None:
    with EmbeddedRedis(long_state_dir) as private, client_of(private) as client:
        client.set("word", "kept")
        password = str(client.get_connection_kwargs()["password"])
        port = int(client.get_connection_kwargs()["port"])
        server = the_server(long_state_dir)

        with (
            Redis(port=port, retry=Retry(NoBackoff(), 0)) as stranger,
            pytest.raises(AuthenticationError),
        ):
            stranger.get("word")
        assert not any(password in argument for argument in server.cmdline())
        assert (long_state_dir / "redis.json").stat().st_mode & 0o777 == 0o600
        assert (long_state_dir / "redis.conf").stat().st_mode & 0o777 == 0o600
        assert {row.laddr.ip for row in server.net_connections("tcp")} == {"127.0.0.1"}

        before = private.url
        kill_server(long_state_dir)
        assert private.ensure()
        assert private.url == before
        assert value(private, "word") == b"kept"
    assert servers(long_state_dir) == []


def test_a_port_that_was_taken_meanwhile_is_replaced(long_state_dir: Path) -> None:
    with EmbeddedRedis(long_state_dir) as private, client_of(private) as client:
        port = int(client.get_connection_kwargs()["port"])
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", port))
        squatter.listen()

        with EmbeddedRedis(long_state_dir) as private, client_of(private) as client:
            assert client.ping()
            assert client.get_connection_kwargs()["port"] != port


@pytest.mark.parametrize("name", ["state", 'blanks and "quotes" é', "long" * 30])
def test_the_broker_reaches_the_same_server(tmp_path: Path, name: str) -> None:
    with EmbeddedRedis(tmp_path / name) as private, client_of(private) as client:
        with Connection(private.broker_url) as broker, broker.SimpleQueue("queue") as queue:
            queue.put("message")

        assert client.llen("queue") == 1


def test_a_forked_child_does_not_count_as_a_user(state_dir: Path) -> None:
    with python(FORKER, str(state_dir)) as forker:
        child = psutil.Process(int(forker.hear().removeprefix("child ")))
        try:
            forker.process.kill()
            forker.process.wait(60)
            assert child.is_running()

            with EmbeddedRedis(state_dir):
                pass

            assert servers(state_dir) == []
        finally:
            child.kill()


def test_the_server_inherits_its_own_lock_and_no_secret(
    state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLSCHED_SYMBL_APP_SECRET", "do-not-hand-on")

    with EmbeddedRedis(state_dir):
        server = the_server(state_dir)

        locks = {Path(file.path).name for file in server.open_files() if ".lock" in file.path}
        assert locks == {"redis.server.lock"}
        assert "do-not-hand-on" not in server.environ().values()


def test_nobody_else_may_look_into_the_state_directory(state_dir: Path) -> None:
    with EmbeddedRedis(state_dir):
        assert state_dir.stat().st_mode & 0o777 == 0o700
        assert (state_dir / "redis.sock").stat().st_mode & 0o777 == 0o700


def test_opening_and_closing_twice_does_no_harm(state_dir: Path) -> None:
    private = EmbeddedRedis(state_dir)
    private.open()
    private.open()
    private.close()
    private.close()

    assert servers(state_dir) == []
    with pytest.raises(RuntimeError):
        private.ensure()


def test_without_a_server_on_the_machine_the_error_says_what_to_install(
    state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide_every_server(monkeypatch)

    with pytest.raises(ConfigError) as caught:
        EmbeddedRedis(state_dir).open()

    for word in ("redis-server", "valkey-server", "6.2", "CALLSCHED_REDIS_URL"):
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("Redis server v=6.2.0 sha=0:0 malloc=libc bits=64", True),
        ("Valkey server v=8.1.4 sha=0:0 malloc=libc bits=64", True),
        ("Redis server v=6.0.16 sha=0:0 malloc=libc bits=64", False),
        ("nonsense", False),
    ],
)
def test_a_server_on_the_path_is_taken_when_it_is_new_enough(
    state_dir: Path, monkeypatch: pytest.MonkeyPatch, said: str, found: bool
) -> None:
    hide_every_server(monkeypatch)
    script = state_dir.parent / "valkey-server"
    script.write_text(f"#!/bin/sh\necho '{said}'\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(state_dir.parent))

    with pytest.raises(ConfigError) as caught:
        EmbeddedRedis(state_dir).open()

    # The script can't serve, so that taking it is told by how it fails.
    assert (said in str(caught.value)) == found


def test_an_older_server_does_not_take_over_what_a_newer_one_wrote(
    state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide_every_server(monkeypatch)
    script = state_dir.parent / "redis-server"
    script.write_text("#!/bin/sh\necho 'Redis server v=6.2.14 sha=0:0'\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(state_dir.parent))
    (state_dir / "appendonlydir").mkdir(parents=True)

    with pytest.raises(ConfigError, match=r"7\.0"):
        EmbeddedRedis(state_dir).open()


def test_a_state_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ConfigError, match="CALLSCHED_STATE_DIR") as caught:
        EmbeddedRedis(tmp_path / "file" / "state").open()

    assert str(tmp_path / "file" / "state") in str(caught.value)


def test_a_server_that_does_not_start_is_quoted(state_dir: Path) -> None:
    with EmbeddedRedis(state_dir) as private:
        store(private, "word", "kept")
    for data in state_dir.rglob("*.aof"):
        data.write_bytes(b"this is not what a server writes\r\n" * 20)

    with pytest.raises(ConfigError) as caught:
        EmbeddedRedis(state_dir).open()

    assert "redis.log" in str(caught.value)
    assert "Bad file format" in str(caught.value)
    assert servers(state_dir) == []


def hide_every_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
