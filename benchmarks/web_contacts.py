"""How long a page of contacts takes over HTTP where the ledger holds a million of them.

    python benchmarks/web_contacts.py [CAMPAIGNS [CONTACTS [REQUESTS]]]

Loads 10 campaigns of 100,000 contacts, every tenth of which can't be dialled and every 5,000th of
which nobody may call, and starts `python -m scheduler.web`. Then one client asks it 400 times for
each of the following, of any campaign and from any place in it on, a hundred contacts a page, and
prints the median, the 99th percentile and the slowest, in milliseconds.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from requests import Session

from scheduler.ledger import campaigns
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.models import Contact, Policy, Reason, Row
from scheduler.operations.listening import bound
from scheduler.web.cursors import written

TOKEN = "b" * 32
_CHUNK = 2_000


def load(ledger: Ledger, campaign_id: str, first: int, count: int) -> None:
    """Make a campaign; the numbers are of a range that is kept for fiction, and then made up."""
    policy = Policy(max_duration_seconds=60.0)
    campaigns.create(ledger, campaign_id, account="bench", name="bench", policy=policy, digest="d")
    for chunk, begin in enumerate(range(0, count, _CHUNK), start=1):
        rows = [row(first, n) for n in range(begin, min(begin + _CHUNK, count))]
        campaigns.load(ledger, campaign_id, "1", chunk, rows)
    campaigns.seal(ledger, campaign_id, "1")


def row(first: int, n: int) -> Row:
    """Return the n-th contact."""
    contact = Contact(f"c-{n}", f"+1202{first + n:07d}", name=f"Person {n}")
    reason = None
    if n % 5_000 == 4_999:
        reason = Reason.DO_NOT_CALL
    elif n % 10 == 9:
        reason = Reason.INVALID_NUMBER
    return Row(contact, n + 2, has_id=True, reason=reason, error="benchmark" if reason else "")


@contextmanager
def served(redis_url: str, state: Path) -> Iterator[tuple[str, int]]:
    """Run the site as a process of its own; yield its address, and the id of the process."""
    with bound("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    environment = os.environ | {
        "CALLSCHED_REDIS_URL": redis_url,
        "CALLSCHED_STATE_DIR": str(state),
        "CALLSCHED_WEB_PORT": str(port),
        "CALLSCHED_WEB_TOKEN": TOKEN,
        "CALLSCHED_SYMBL_BASE_URL": "http://127.0.0.1:9",
        "CALLSCHED_SYMBL_ACCESS_TOKEN": "none",
    }
    process = subprocess.Popen([sys.executable, "-m", "scheduler.web"], env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        while True:
            try:
                requests.get(f"{url}/healthz", timeout=5)
                break
            except requests.ConnectionError:
                if process.poll() is not None:
                    sys.exit("the site did not start")
                time.sleep(0.1)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait()


def measure(what: str, ask: Callable[[], str], session: Session, count: int) -> None:
    """Ask so often, and print how long that took."""
    took = []
    found = 0
    for _ in range(count):
        path = ask()
        began_at = time.perf_counter()
        answer = session.get(path, timeout=60)
        took.append(1000 * (time.perf_counter() - began_at))
        answer.raise_for_status()
        found += len(answer.json().get("contacts", [1]))
    p99 = statistics.quantiles(took, n=100)[98]
    print(
        f"{what:<44} p50 {statistics.median(took):7.1f}  p99 {p99:7.1f}  max {max(took):7.1f} ms"
        f"  ({found / count:.1f} a page)",
        flush=True,
    )


def main(campaign_count: int = 10, count: int = 100_000, asked: int = 400) -> None:
    """Load, serve, ask."""
    chance = random.Random(17)
    with tempfile.TemporaryDirectory() as folder, EmbeddedRedis(Path(folder) / "redis") as redis:
        ledger = Ledger(redis.url)
        ledger.open()
        began_at = time.perf_counter()
        for number in range(campaign_count):
            load(ledger, f"c{number}", number * count % 9_000_000 + 1_000_000, count)
        took = time.perf_counter() - began_at
        print(f"{campaign_count} campaigns of {count:,} contacts were loaded in {took:.0f} s")
        with served(redis.url, Path(folder)) as (url, _), Session() as session:
            session.headers["Authorization"] = f"Bearer {TOKEN}"

            def of_any(query: str) -> Callable[[], str]:
                def path() -> str:
                    after = written(str(chance.randrange(count - 200)))
                    which = chance.randrange(campaign_count)
                    at = f"{url}/api/v1/campaigns/c{which}/contacts"
                    return f"{at}?limit=100&cursor={after}{query}"

                return path

            def of_one() -> str:
                which, row = chance.randrange(campaign_count), 1 + chance.randrange(count)
                return f"{url}/api/v1/campaigns/c{which}/contacts/%23{row}"

            session.get(of_one(), timeout=60)  # what is read once is read by now
            measure("a page", of_any(""), session, asked)
            measure(
                "filtered: one in ten (skipped)", of_any("&disposition=skipped"), session, asked
            )
            rare = of_any("&disposition=skipped:do_not_call")
            measure("filtered: one in 5,000 (do_not_call)", rare, session, asked // 4)
            measure("filtered: pending", of_any("&state=pending"), session, asked)
            measure("looked for: an id", of_any("&q=c-77777"), session, asked)
            measure("looked for: in no name", of_any("&q=nobody%20at%20all"), session, asked // 4)
            measure("a contact with its rules and attempts", of_one, session, asked)
            measure(
                "the list of campaigns",
                lambda: f"{url}/api/v1/campaigns?limit=100",
                session,
                asked // 4,
            )
        ledger.close()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
