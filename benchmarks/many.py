"""What a look costs where thousands of campaigns wait and three have calls to make.

    python benchmarks/many.py [CAMPAIGNS …]

Figures are seconds of processor time: of the whole process of a command, and of the process of
`callsched web` for one request, both the median of five. A page is asked for once before it is
measured, and then no more often than its picture is taken anew. Of a scrape of `/metrics` it is
what the worker takes, and what Redis does, in milliseconds. Nobody is called.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import requests
from claims import ACCOUNT, LATER_SECONDS, campaign
from web_contacts import TOKEN, served

from scheduler.ledger import calls
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.worker.snapshot import take_snapshot

COMMANDS = (
    ("status",),
    ("status", "--json"),
    ("watch", "--once"),
    ("status", "--all"),
    ("status", "--all", "--json"),
    ("doctor",),
)
PAGES = ("/", "/campaigns", "/attention")
TIMES = 5
#: A picture that the console has taken is shown again for that long.
APART_SECONDS = 1.1


def main() -> None:
    """Measure each number of campaigns, one after the other on the same server."""
    counts = [int(each) for each in sys.argv[1:]] or [1, 1000, 10_000]
    with tempfile.TemporaryDirectory() as folder, EmbeddedRedis(Path(folder)) as server:
        for count in counts:
            ledger = Ledger(server.url)
            fill(ledger, count)
            print(f"{count:,} campaigns", flush=True)
            scrape(ledger)
            ledger.close()
            for words in COMMANDS:
                show(" ".join(words), [command(words, server.url, folder) for _ in range(TIMES)])
            with served(server.url, Path(folder)) as (url, process):
                for path in PAGES:
                    show(path, page(f"{url}{path}", process))


def fill(ledger: Ledger, count: int) -> None:
    """Make so many campaigns; the first three, the oldest, have calls to make."""
    ledger.redis.flushall()
    ledger.open()
    for at in range(count):
        due_at = None if at < 3 else ledger.time() + LATER_SECONDS + at
        campaign(ledger, f"c{at}", 20 if at < 3 else 1, due_at)
    for _ in range(2 * count // 50 + 20):  # as workers do
        calls.tick(ledger, ACCOUNT, ceiling=20, most=100, free=10, delays=[1.0])


def scrape(ledger: Ledger) -> None:
    """Say what a look costs that is taken for each scrape; the first has more to count."""
    while ledger.run(ledger.do.recount, 50):
        pass
    own, redis = time.process_time(), busy(ledger)
    for _ in range(20):
        take_snapshot(ledger, ACCOUNT)
    own, redis = time.process_time() - own, busy(ledger) - redis
    print(f"  a scrape         {own / 20 * 1e3:5.2f} ms, Redis {redis / 20 * 1e3:.2f} ms")


def busy(ledger: Ledger) -> float:
    """Return the processor time of Redis so far."""
    used = ledger.redis.info("cpu")
    return float(used["used_cpu_user"]) + float(used["used_cpu_sys"])


def command(words: tuple[str, ...], redis_url: str, folder: str) -> float:
    """Return the processor time of a command from its begin to its end."""
    own = {"CALLSCHED_SYMBL_APP_ID": "none", "CALLSCHED_SYMBL_APP_SECRET": "none"}
    environment = os.environ | own | {"CALLSCHED_REDIS_URL": redis_url}
    environment["CALLSCHED_STATE_DIR"] = folder
    before = os.times()
    subprocess.run(
        [Path(sys.executable).with_name("callsched"), *words],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=words != ("doctor",),  # which finds fault with credentials that are none
    )
    after = os.times()
    return sum(after[2:4]) - sum(before[2:4])


def page(url: str, process: int) -> list[float]:
    """Return what each request takes of the server's processor time, but for the first."""
    took = []
    web = psutil.Process(process)
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {TOKEN}"
        for _ in range(TIMES + 1):
            before = web.cpu_times()
            answer = session.get(url, timeout=60)
            if answer.status_code != 200 or answer.url != url:
                sys.exit(f"{url} is no page: {answer.status_code} at {answer.url}")
            after = web.cpu_times()
            took.append(after.user + after.system - before.user - before.system)
            time.sleep(APART_SECONDS)
    return took[1:]


def show(what: str, took: list[float]) -> None:
    """Say the median and the spread."""
    print(f"  {what:<16} {statistics.median(took):5.2f} s ({min(took):.2f}-{max(took):.2f})")


if __name__ == "__main__":
    main()
