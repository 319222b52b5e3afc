"""What a claim and a tick cost where thousands of campaigns wait and three have calls to make.

    python benchmarks/claims.py [CAMPAIGNS …]

Figures are the time in Redis, where nothing else runs meanwhile, as its slow log has it: each
script from its begin to its end, without the log of each command in it. The numbers of campaigns
are accounts of one ledger and measured in turn, so that what else the machine does befalls all.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from scheduler.ledger import calls, campaigns
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.models import Contact, Policy, Row

ACCOUNT = "main"
CLAIMS = 1500
#: In how many parts they are measured, each number of campaigns in turn.
ROUNDS = 15
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


def filled(ledger: Ledger, count: int) -> str:
    """Make an account with so many campaigns, of which up to three have due calls; return it."""
    account = f"{ACCOUNT}{count}"
    due, waiting = min(3, count), max(0, count - 3)
    for at in range(waiting):
        campaign(ledger, f"w{count}-{at}", 1, ledger.time() + LATER_SECONDS + at, account)
    for at in range(due):
        campaign(ledger, f"d{count}-{at}", 2 * CLAIMS // due, None, account)
    learned = {"learned": 10_000_000, "proven": 10_000_000}
    ledger.redis.hset(f"callsched:account:{account}:meta", mapping=learned)
    for _ in range(2 * count // 50 + 20):
        tick(ledger, account)
    return account


def claim(ledger: Ledger, account: str) -> None:
    """Claim a call of the account."""
    found = calls.claim(ledger, account, calls.Bid(uuid4().hex, ceiling=10_000_000))
    assert isinstance(found, calls.Claim)


def tick(ledger: Ledger, account: str) -> None:
    """Ask what is due on the account."""
    calls.tick(ledger, account, ceiling=10_000_000, most=100, free=10, delays=[1.0])


def main() -> None:
    """Measure each number of campaigns, and say what it costs."""
    counts = [int(each) for each in sys.argv[1:]] or [1, 1000, 10_000]
    with tempfile.TemporaryDirectory() as folder, EmbeddedRedis(Path(folder)) as server:
        ledger = Ledger(server.url)
        ledger.open()
        accounts = {count: filled(ledger, count) for count in counts}
        took: dict[tuple[int, str], list[float]] = defaultdict(list)
        for _ in range(ROUNDS):
            for count, account in accounts.items():
                for work in (claim, tick):
                    once = partial(work, ledger, account)
                    took[count, work.__name__] += measured(ledger, once, CLAIMS // ROUNDS)
        ledger.close()
    medians = {what: statistics.median(each) for what, each in took.items()}
    for count in counts:
        figures = (
            f"{name} {medians[count, name]:.3f} ms"
            f" (p99 {statistics.quantiles(took[count, name], n=100)[98]:.3f})"
            for name in ("claim", "tick")
        )
        print(f"{count:>6,} campaigns: {', '.join(figures)}")
    ratios = (medians[counts[-1], name] / medians[counts[0], name] for name in ("claim", "tick"))
    print("{:,} : {:,}: claim x{:.2f}, tick x{:.2f}".format(counts[-1], counts[0], *ratios))


if __name__ == "__main__":
    main()
