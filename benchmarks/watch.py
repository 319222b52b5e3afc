"""What one look of `callsched watch` costs: time, commands, and time that Redis is busy with it.

    python benchmarks/watch.py [CAMPAIGNS] [LIVE]

Nobody is called: the calls are made live in a private Redis without a worker.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

from scheduler.ledger import calls, campaigns, keys, limits, workers
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.ledger.workers import WorkerHealth
from scheduler.limit import Limit
from scheduler.live.watcher import Focus, Watcher
from scheduler.models import Connection, Contact, Policy, Row

ACCOUNT = "acme"
LOOKS = 20
DURATION = 3600.0


def load(ledger: Ledger, count: int, live: int) -> None:
    """Make so many campaigns, all with calls that wait, and one of them with live calls."""
    for n in range(count):
        rows = live + 20 if n == 0 else 20
        rooms = (f"sip:room-{n}-{row}@example.invalid" for row in range(rows))
        contacts = [Contact(f"room-{row}", sip_uri=uri) for row, uri in enumerate(rooms)]
        campaigns.create(ledger, f"c-{n}", account=ACCOUNT, name="c", policy=Policy(), digest="d")
        campaigns.load(ledger, f"c-{n}", "1", 1, [Row(contact, 2, True) for contact in contacts])
        campaigns.seal(ledger, f"c-{n}", "1")
    limits.learn(ledger, ACCOUNT, limits.read(ledger, ACCOUNT), Limit(2 * live))
    ledger.redis.hset(keys.account(ACCOUNT, "meta"), "proven", 2 * live)


def connect(ledger: Ledger, live: int) -> None:
    """Bring so many calls to their connections."""
    for _ in range(live):
        claim = calls.claim(ledger, ACCOUNT, calls.Bid(uuid4().hex, ceiling=2 * live, only="c-0"))
        assert claim is not None and not isinstance(claim, float)
        assert calls.begin(ledger, ACCOUNT, claim.attempt, "t", max_duration_seconds=DURATION)
        connection = Connection(f"connection {claim.attempt}", "conversation")
        calls.connect(
            ledger,
            ACCOUNT,
            claim.attempt,
            connection,
            answered_ago_seconds=0.0,
            max_duration_seconds=DURATION,
        )


def spent(ledger: Ledger) -> tuple[int, float]:
    """Return the commands that Redis has run, and the milliseconds that they took."""
    stats: dict[str, Any] = ledger.redis.info("commandstats")
    calls = sum(each["calls"] for each in stats.values())
    return calls, sum(each["usec"] for each in stats.values()) / 1000


def measured(ledger: Ledger, look: Callable[[], object]) -> tuple[float, int, float]:
    """Return milliseconds of a look, its commands, and milliseconds of Redis."""
    commands, busy = spent(ledger)
    began_at = time.perf_counter()
    look()
    passed = time.perf_counter() - began_at
    commands_after, busy_after = spent(ledger)
    return passed * 1000, commands_after - commands - 1, busy_after - busy


def main() -> None:
    """Measure the first look, and those that follow."""
    campaigns, live = (*map(int, sys.argv[1:]), *(200, 2000)[len(sys.argv) - 1 :])
    with tempfile.TemporaryDirectory() as folder, EmbeddedRedis(Path(folder)) as redis:
        ledger = Ledger(redis.url)
        ledger.open()
        load(ledger, campaigns, live)
        connect(ledger, live)
        workers.beat(ledger, ACCOUNT, "here:1", WorkerHealth(time.time(), "1", 26))
        watcher = Watcher(ledger, (), account=None, ceiling_of=lambda _: live)
        looks = [measured(ledger, lambda: watcher.look(Focus(calls=60))) for _ in range(LOOKS + 1)]
        ledger.close()
    print(f"{campaigns} campaigns, {live:,} live calls, 60 of them read in detail")
    print("              ms   commands   ms of Redis")
    middle = [median(column) for column in zip(*looks[1:], strict=True)]
    for name, (passed, commands, busy) in (("first look", looks[0]), ("later ones", middle)):
        print(f"{name}  {passed:6.0f}   {commands:8,.0f}   {busy:11.1f}")


if __name__ == "__main__":
    main()
