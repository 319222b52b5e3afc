"""What lies in a queue is not trusted: whatever is no message of ours is dropped, and counted."""

from __future__ import annotations

import base64
import json
import pickle
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
from redis import Redis

from scheduler.ledger.redis.embedded import EmbeddedRedis
from tests.functional.campaign import Command, Judge, Site, numbers
from tests.integration.test_durability import free_port
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(170)

QUEUE = "callsched:broker:dial.default"


class Evil:
    """Runs a command when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, ("PWNED", "w"))


def message(task: object, args: object, body: str | None = None, **changes: object) -> str:
    """Return a message as Celery writes it; `headers` and the rest change what is in it."""
    one = str(uuid4())
    text = base64.b64encode(json.dumps([args, {}, {}]).encode()).decode()
    headers = {"lang": "py", "task": task, "id": one, "root_id": one, "parent_id": None}
    properties: dict[str, object] = {
        "correlation_id": one,
        "reply_to": one,
        "delivery_mode": 2,
        "delivery_info": {"exchange": "", "routing_key": "dial.default"},
        "priority": 0,
        "body_encoding": "base64",
        "delivery_tag": one,
    }
    more = changes.pop("headers", {})
    whole = {
        "body": text if body is None else body,
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {**headers, "group": None, **(more if isinstance(more, dict) else {})},
        "properties": properties,
    }
    return json.dumps(whole | changes)


DIAL = "callsched.dial"
RUBBISH: list[str | bytes] = [
    "",
    "{not json",
    "[]",
    "1",
    "null",
    '"text"',
    b"\xff\xfe\x00",
    "[" * 100_000,
    "1" * 5_000,
    '{"__type__": "datetime", "__value__": "x"}',
    '{"__type__": "decimal", "__value__": "x"}',
    json.dumps({"body": 1}),
    json.dumps({"body": "x", "properties": []}),
    json.dumps({"body": "x", "properties": {"delivery_tag": []}}),
    message(DIAL, ["default"], headers=[]),
    message(DIAL, ["default"], properties={"delivery_tag": {}}),
    message(DIAL, ["default"], properties={"delivery_tag": str(uuid4()), "body_encoding": "rot13"}),
    message(DIAL, ["default"], body="no base64"),
    message(DIAL, ["default"], **{"content-type": "text/plain"}),
    message(DIAL, ["default"], **{"content-encoding": "no such encoding"}),
    message(
        DIAL,
        [],
        body=base64.b64encode(pickle.dumps(Evil())).decode(),
        **{"content-type": "application/x-python-serialize", "content-encoding": "binary"},
    ),
    message("os.system", ["id"]),
    message("celery.backend_cleanup", []),
    message("celery.chord", []),
    message(["a", "list"], []),
    message({"a": 1}, []),
    message(DIAL, []),
    message(DIAL, [{"a": 1}]),
    message(DIAL, ["default", "x"]),
    message(DIAL, "default"),
    message(DIAL, {"account": "default"}),
    message(DIAL, ["x" * 1_000_000]),
    message("callsched.launch", ["another"]),
    message(DIAL, ["default"], headers={"expires": "garbage"}),
    message(DIAL, ["default"], headers={"eta": "garbage"}),
    message(DIAL, ["default"], headers={"timelimit": "garbage"}),
    message(DIAL, ["default"], headers={"retries": "x", "timelimit": [1, 1], "id": None}),
]


def start_worker(site: Site, port: int) -> Command:
    env = {"CALLSCHED_METRICS_PORT": str(port)}
    worker = site.start_celery_worker("--loglevel", "INFO", env=env)
    wait_until(lambda: " ready." in worker.err)
    return worker


def dropped(port: int) -> float:
    told = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=30).text
    (line,) = [one for one in told.splitlines() if one.startswith("callsched_worker_dropped_mess")]
    return float(line.rpartition(" ")[2])


def test_no_message_ends_a_worker_and_each_that_is_none_is_dropped_and_counted(
    site: Site, private: EmbeddedRedis, redis: Redis, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    site.env["CALLSCHED_REDIS_URL"] = private.url
    port = free_port()
    worker = start_worker(site, port)

    for rubbish in RUBBISH:
        redis.lpush(QUEUE, rubbish)
    wait_until(lambda: redis.llen(QUEUE) == 0)
    assert site.call("submit", site.contacts(numbers(2)), "--max-duration", "1s", "--id", "c")
    wait_until(lambda: len(sandbox.events("ended")) == 2)

    assert worker.process.poll() is None
    assert " ready." in worker.err
    assert "Unrecoverable" not in worker.err
    assert dropped(port) >= len(RUBBISH) - 6
    assert Judge(sandbox).rung_twice == []
    assert not list(site.home.glob("**/PWNED"))
    # Nothing comes back for ever.
    wait_until(lambda: redis.hlen("callsched:broker:unacked") == 0)
