"""How soon calls end when every worker was killed, and deadlines have passed since.

    python benchmarks/killed.py [CONNECTIONS]

A worker dials so many calls and is killed; once all of their deadlines have passed, another one is
started. The first tick comes before it is ready, and is when the first stop arrives. Beside it, in
the same run: how long one process takes whose threads do nothing but post as many stops with
`requests` to a sandbox, without a ledger. That is what a worker can come near to.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import rate
from hangups import post

from scheduler.ledger.redis.embedded import EmbeddedRedis

SECONDS = 20.0


def _get(url: str) -> Any:
    with urllib.request.urlopen(url) as answer:
        return json.loads(answer.read())


def _worker(environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as said:
        words = [sys.executable, "-m", "scheduler.cli", "worker", "--max-concurrency", "100000"]
        return subprocess.Popen(words, env=environment, stdout=said, stderr=said)


def _wait_until_live(url: str, count: int, *, more: bool) -> None:
    while (_get(f"{url}/sandbox/live")["live"] >= count) != more:
        time.sleep(1.0)  # each look costs the sandbox time


def run(calls: int, folder: Path) -> tuple[float, list[float], list[float]]:
    """Return when the second worker was started, when stops arrived, and when calls ended."""
    (folder / "contacts.csv").write_text(rate.contacts(calls))
    campaign = folder / "campaign.yaml"
    campaign.write_text("contacts: contacts.csv\ninsights: []\ncalling_hours: always\n")
    words = [sys.executable, "-m", "scheduler.sandbox", "--limit", "100000"]
    journal = folder / "journal.jsonl"
    sandbox = subprocess.Popen(
        [*words, "--journal", str(journal)], stdout=subprocess.PIPE, text=True
    )
    assert sandbox.stdout is not None
    url = sandbox.stdout.readline().strip()
    with EmbeddedRedis(folder / "state") as redis:
        environment = os.environ | {
            "CALLSCHED_REDIS_URL": redis.url,
            "CALLSCHED_SYMBL_BASE_URL": url,
            "CALLSCHED_SYMBL_APP_ID": "benchmark",
            "CALLSCHED_SYMBL_APP_SECRET": "benchmark",
            "CALLSCHED_LISTENER_SOCKETS": "0",
        }
        submit = [sys.executable, "-m", "scheduler.cli", "submit", str(campaign), "--yes"]
        submit += ["--max-duration", f"{SECONDS:g}s"]
        subprocess.run(submit, env=environment, check=True, stdout=subprocess.DEVNULL)
        worker = _worker(environment, folder / "worker.log")
        _wait_until_live(url, calls, more=True)
        worker.kill()
        worker.wait()
        time.sleep(SECONDS)
        started_at = time.time()
        worker = _worker(environment, folder / "worker.log")
        _wait_until_live(url, 1, more=False)
        worker.terminate()
        worker.wait()
        sandbox.terminate()
        sandbox.wait()
    events = [json.loads(line) for line in journal.read_text().splitlines()]
    stops, ends = (
        sorted(event["at"] for event in events if event["event"] == what)
        for what in ("stop", "ended")
    )
    return started_at, stops, ends


def bare_seconds(calls: int, folder: Path) -> float:
    """Return how long a process takes that posts as many stops, from the first to the last."""
    journal = folder / "bare.jsonl"
    words = [sys.executable, "-m", "scheduler.sandbox", "--limit", "100000"]
    with subprocess.Popen(
        [*words, "--journal", str(journal)], stdout=subprocess.PIPE, text=True
    ) as sandbox:
        assert sandbox.stdout is not None
        url = sandbox.stdout.readline().strip()
        body = {"type": "application", "appId": "benchmark", "appSecret": "benchmark"}
        token = post(f"{url}/oauth2/token:generate", body)["accessToken"]
        arguments = [f"{url}/v1/endpoint:connect", token, str(calls)]
        subprocess.run([sys.executable, "-c", BARE, *arguments], check=True)
        sandbox.terminate()
    events = [json.loads(line) for line in journal.read_text().splitlines()]
    stops = sorted(event["at"] for event in events if event["event"] == "stop")
    return float(stops[-1] - stops[0])


#: Sixteen threads, as a worker has for its stops, with a session each.
BARE = """
import sys, threading
from concurrent.futures import ThreadPoolExecutor
import requests
url, token, calls = sys.argv[1:]
mine = threading.local()
def connect(**body):
    if not hasattr(mine, "session"):
        mine.session = requests.Session()
        mine.session.headers["Authorization"] = "Bearer " + token
    answer = mine.session.post(url, json=body)
    answer.raise_for_status()
    return answer.json()
def start(at):
    endpoint = {"type": "pstn", "phoneNumber": f"+12025550{100 + at % 100}"}
    return connect(operation="start", endpoint=endpoint)["connectionId"]
with ThreadPoolExecutor(16) as threads:
    live = list(threads.map(start, range(int(calls))))
    list(threads.map(lambda one: connect(operation="stop", connectionId=one), live))
"""


def main() -> None:
    """Run once and report."""
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    with tempfile.TemporaryDirectory() as folder:
        started_at, stops, ends = run(calls, Path(folder))
        bare = bare_seconds(calls, Path(folder))
    print(f"{len(stops)} stops; the first {stops[0] - started_at:.2f} s after the start")
    for what, instants in (("sent", stops), ("calls ended", ends)):
        after = [at - stops[0] for at in instants]
        half, last = after[len(after) // 2], after[-1]
        print(f"after the first, {what}: half {half:.2f} s, the last {last:.2f} s")
    print(f"threads that only post them: {bare:.2f} s")


if __name__ == "__main__":
    main()
