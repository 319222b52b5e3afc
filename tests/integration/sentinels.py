"""A primary, its replica, and three Sentinels that agree on which is which."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from tests.integration.test_durability import ANY, Machine, Server, free_port
from tests.waiting import wait_until

NAME = "mymaster"

#: A server that is silent for longer is taken for dead.
DOWN_AFTER_MILLISECONDS = 1000


class Guarded:
    """The servers of a pool. `url` names them as an operator does."""

    def __init__(self, home: Path, stack: ExitStack, *words: str, password: str = "") -> None:
        machine = Machine(home, stack)
        self.port, self.replica_port = free_port(), free_port()
        own = ("--repl-diskless-sync-delay", "0", *words)
        follow = ("--replicaof", "127.0.0.1", str(self.port))
        self.primary = machine.server(ANY, "--port", str(self.port), *own)
        self.replica = machine.server(ANY, "--port", str(self.replica_port), *own, *follow)
        wait_until(lambda: _info(self.replica)["master_link_status"] == "up", 30)
        self.ports = [free_port() for _ in range(3)]
        for port in self.ports:
            stack.callback(_ended, self._sentinel(home, port, password))
        for port in self.ports:
            with client(port, password=password or None) as asked:
                wait_until(partial(_knows_all, asked), 60)
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.ports)
        self.url = f"sentinel://{hosts}/0?master={NAME}"

    def _sentinel(self, home: Path, port: int, password: str) -> subprocess.Popen[bytes]:
        config = home / f"sentinel-{port}.conf"
        lines = [
            f"port {port}",
            f"sentinel monitor {NAME} 127.0.0.1 {self.port} 2",
            f"sentinel down-after-milliseconds {NAME} {DOWN_AFTER_MILLISECONDS}",
            f"sentinel failover-timeout {NAME} 10000",
        ]
        if password:
            lines += [f"requirepass {password}", f"sentinel sentinel-pass {password}"]
        config.write_text("\n".join(lines) + "\n")
        with (home / f"sentinel-{port}.log").open("wb") as log:
            return subprocess.Popen(
                [ANY, str(config), "--sentinel"], cwd=home, stdout=log, stderr=log
            )

    def kill_primary(self) -> None:
        """Kill the primary: nothing that it has not sent yet is ever heard of again."""
        self.primary.process.kill()
        self.primary.process.wait()

    def is_promoted(self) -> bool:
        """Whether the replica has taken over."""
        return bool(_info(self.replica)["role"] == "master")


def client(port: int, **options: Any) -> Any:
    """Return a client that fails at once."""
    return Redis(
        port=port, decode_responses=True, socket_timeout=30, retry=Retry(NoBackoff(), 0), **options
    )


def _info(server: Server) -> Any:
    return server.redis.info("replication")


def _ended(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()


def _knows_all(sentinel: Any) -> bool:
    try:
        state = sentinel.sentinel_master(NAME)
    except RedisError:
        return False  # it still starts
    return bool(state["num-other-sentinels"] == 2 and state["num-slaves"] == 1)
