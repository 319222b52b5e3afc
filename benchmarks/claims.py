"""What a claim and a tick cost where thousands of campaigns wait and three have calls to make.

    python benchmarks/claims.py [CAMPAIGNS …]

Figures are the time in Redis, where nothing else runs meanwhile, as its slow log has it: each
script from its begin to its end, without the log of each command in it. The numbers of campaigns
are measured in one run, one ledger after the other on the same server.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

from scheduler.ledger import calls, campaigns
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.models import Contact, Policy, Row

ACCOUNT = "main"
CLAIMS = 1500
#: Any script takes longer, and hardly any command within one: to log these too takes as long as to
#: run them.
SCRIPT_MICROSECONDS = 20
#: Those that wait do so until then.
LATER_SECONDS = 7 * 86400.0


def campaign(
    ledger: Ledger, name: str, count: int, due_at: float | None, account: str = ACCOUNT
) -> None:
    """Make a campaign of so many calls; None: they are due now."""
    policy = Policy(max_duration_seconds=60.0)
    campaigns.create(ledger, name, account=account, name=name, policy=policy, digest="d")
    for first in range(0, count, 500):
        number = first // 500 + 1
        rows = [
            Row(Contact(f"{name}-{at}", "+12025550123", dtmf=f"{at}"), at + 2, due_at=due_at)
            for at in range(first, min(count, first + 500))
        ]
        campaigns.load(ledger, name, "1", number, rows)
    campaigns.seal(ledger, name, "1")


def measured(ledger: Ledger, work: Callable[[], Any], times: int) -> list[float]:
    """Return the milliseconds in Redis of each script that `work` runs."""
    redis = ledger.redis
    redis.config_set("slowlog-log-slower-than", SCRIPT_MICROSECONDS)
    redis.config_set("slowlog-max-len", 10 * times)
    redis.slowlog_reset()
    for _ in range(times):
        work()
    redis.config_set("slowlog-log-slower-than", -1)
    found = redis.slowlog_get(10 * times)
    took = [each["duration"] / 1000 for each in found if b"EVAL" in each["command"][:8]]
    assert len(took) == times, "each script is in the log"
    return took


def main() -> None:
    """Measure each number of campaigns, and say what it costs."""
    counts = [int(each) for each in sys.argv[1:]] or [1, 1000, 10_000]
    shown: dict[int, tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as folder, EmbeddedRedis(Path(folder)) as server:
        for count in counts:
            ledger = Ledger(server.url)
            ledger.redis.flushall()
            ledger.open()
            due, waiting = min(3, count), max(0, count - 3)
            for at in range(waiting):
                campaign(ledger, f"w{at}", 1, ledger.time() + LATER_SECONDS + at)
            for at in range(due):
                campaign(ledger, f"d{at}", 2 * CLAIMS // due, None)
            ledger.redis.hset(f"callsched:account:{ACCOUNT}:meta", mapping={"learned": 10_000_000})
            ledger.redis.hset(f"callsched:account:{ACCOUNT}:meta", mapping={"proven": 10_000_000})

            def claim(ledger: Ledger = ledger) -> None:
                found = calls.claim(ledger, ACCOUNT, calls.Bid(uuid4().hex, ceiling=10_000_000))
                assert isinstance(found, calls.Claim)

            def tick(ledger: Ledger = ledger) -> None:
                calls.tick(ledger, ACCOUNT, ceiling=10_000_000, most=100, free=10, delays=[1.0])

            for _ in range(2 * count // 50 + 20):
                tick()
            claimed, ticked = (measured(ledger, work, CLAIMS) for work in (claim, tick))
            shown[count] = statistics.median(claimed), statistics.median(ticked)
            worst = [statistics.quantiles(each, n=100)[98] for each in (claimed, ticked)]
            print(
                f"{count:>6,} campaigns: claim {shown[count][0]:.3f} ms (p99 {worst[0]:.3f}),"
                f" tick {shown[count][1]:.3f} ms (p99 {worst[1]:.3f})",
                flush=True,
            )
            ledger.close()
    first, last = shown[counts[0]], shown[counts[-1]]
    ratios = [after / before for before, after in zip(first, last, strict=True)]
    print(f"{counts[-1]:,} : {counts[0]:,}: claim x{ratios[0]:.2f}, tick x{ratios[1]:.2f}")


if __name__ == "__main__":
    main()
