"""What a pool takes of Redis' memory: per 100,000 contacts, per 1,000 live calls, in its queues.

    python benchmarks/memory.py [CONTACTS [LIVE]]

The verbs of the ledger run against a private Redis, as workers run them; nobody is called. Figures
are of `used_memory`, brought to 100,000 contacts and 1,000 live calls. Then the kinds of keys of
the last campaign, by MEMORY USAGE of some of each.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
import zlib
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

from celery import Celery
from kombu import Queue

from scheduler.ledger import calls, campaigns, insights, keys, limits, listeners
from scheduler.ledger.calls import ListenerLease
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.listeners import LiveLine
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.limit import Limit
from scheduler.models import Attempt, Connection, Contact, Disposition, Policy, Row

ACCOUNT = "default"
SECONDS = 300.0  #: how long a call may last
LINES = 60  #: sentences in a call of five minutes
MESSAGES = 1000
SAMPLES = 200  #: keys of a kind that are measured

_IDS = {"called": 1, "account": 1, "campaign": 1, "call": 2, "attempt": 3, "claim": 1}


def people(first: int, count: int) -> Iterator[Row]:
    """Return persons with ids and names; their numbers are made up and never dialled."""
    for n in range(first, first + count):
        person = Contact(f"C-{n:08d}", f"+1202{2_000_000 + n}", name=f"Marguerite Example {n}")
        yield Row(person, n + 2, has_id=True)


def conversation(chance: random.Random) -> dict[str, Any]:
    """Return what is kept of a call of five minutes: sentences of words that hardly repeat."""
    words = ["".join(chance.choices("etaoinshrdlu", k=chance.randint(2, 9))) for _ in range(800)]

    def sentence(length: int) -> str:
        return " ".join(chance.choices(words, k=length))

    lines = [
        {"speaker": f"Speaker {n % 2}", "text": sentence(14), "started_at": 1.8e9 + 5 * n}
        for n in range(LINES)
    ]
    points = {name: [sentence(10) for _ in range(4)] for name in ("topics", "action_items")}
    return {"transcript": lines, "insights": points | {"summary": [sentence(40)]}}


class Pool:
    """A ledger, and what Redis holds."""

    def __init__(self, url: str) -> None:
        self.ledger = Ledger(url)
        # What is measured is memory; a disk that is waited for would only make it take longer.
        self.ledger.redis.config_set("appendonly", "no")
        self.ledger.open()

    def used(self) -> int:
        """Return the bytes that Redis uses, once it is done with what was deleted."""
        while (memory := self.ledger.redis.info("memory"))["lazyfree_pending_objects"]:
            time.sleep(0.01)
        return int(memory["used_memory"])

    def load(self, campaign_id: str, first: int, count: int, *, collects: bool) -> None:
        """Submit a campaign."""
        policy = Policy(
            max_duration_seconds=SECONDS, insights=Policy().insights if collects else ()
        )
        ledger, rows = self.ledger, people(first, count)
        campaigns.create(
            ledger, campaign_id, account=ACCOUNT, name=campaign_id, policy=policy, digest="d"
        )
        for chunk in range(1, count // 1000 + 2):
            campaigns.load(ledger, campaign_id, "load", chunk, islice(rows, 1000))
        campaigns.seal(ledger, campaign_id, "load")
        limits.learn(ledger, ACCOUNT, limits.read(ledger, ACCOUNT), Limit(10_000))
        ledger.redis.hset(keys.account(ACCOUNT, "meta"), "proven", 10_000)

    def connect(self, most: int) -> list[Attempt]:
        """Dial so many calls, as far as there are any."""
        found: list[Attempt] = []
        while len(found) < most:
            token = uuid4().hex
            claim: Any = calls.claim(self.ledger, ACCOUNT, calls.Bid(token, ceiling=10_000))
            if claim is None:
                break
            attempt = claim.attempt
            assert calls.begin(self.ledger, ACCOUNT, attempt, token, max_duration_seconds=SECONDS)
            answer = Connection(str(uuid4()), str(uuid4()), f"wss://api.example/{uuid4()}")
            calls.connect(
                self.ledger,
                ACCOUNT,
                attempt,
                answer,
                answered_ago_seconds=0.0,
                max_duration_seconds=SECONDS,
            )
            found.append(attempt)
        return found

    def end(self, attempts: list[Attempt], said: dict[str, Any] | None) -> None:
        """End calls, and keep what was said in them."""
        for attempt in attempts:
            calls.confirm(self.ledger, ACCOUNT, attempt, Disposition.STOPPED)
            if said is not None:
                insights.keep(self.ledger, ACCOUNT, attempt, said)

    def forget_what_passes(self) -> None:
        """Delete live lines and claims, which go by themselves within the hour."""
        for pattern in ("callsched:*:said", "callsched:claim:*"):
            for key in list(self.ledger.redis.scan_iter(pattern, count=1000)):
                self.ledger.redis.delete(key)


def kind(key: str) -> str:
    """Return what a key is of, without its ids."""
    word, *rest = key.removeprefix(keys.ROOT).split(":")
    return ":".join([word, *rest[_IDS.get(word, 0) :][:1]])


def kinds(pool: Pool) -> Iterator[tuple[str, int, float]]:
    """Yield each kind of key, how many there are, and the bytes of all of them."""
    found: dict[str, list[str]] = defaultdict(list)
    for key in pool.ledger.redis.scan_iter(count=1000):
        found[kind(key)].append(key)
    for name, members in sorted(found.items()):
        some = random.Random(7).sample(members, min(SAMPLES, len(members)))
        sizes = [pool.ledger.redis.memory_usage(key, samples=0) or 0 for key in some]
        yield name, len(members), sum(sizes) / len(sizes) * len(members)


def queued_bytes(pool: Pool, url: str) -> float:
    """Return what a message takes that waits in a queue of the broker."""
    app = Celery(broker=url, set_as_current=False)
    options = {"global_keyprefix": "callsched:broker:"}
    app.conf.update(broker_transport_options=options, task_ignore_result=True)
    app.conf.task_queues = [Queue(f"dial.{ACCOUNT}")]
    app.conf.task_default_queue = f"dial.{ACCOUNT}"
    app.send_task("callsched.dial", (ACCOUNT,))
    before = pool.used()
    for _ in range(MESSAGES):
        app.send_task("callsched.dial", (ACCOUNT,))
    return (pool.used() - before) / MESSAGES


def show(what: str, held: float) -> None:
    """Print a line of the table."""
    print(f"{what:<62} {held / 2**20:8.1f} MB", flush=True)


def main() -> None:
    """Load, dial, and end a campaign, and another one with what was said."""
    given = [int(word) for word in sys.argv[1:]]
    contacts, live = (*given, *(20_000, 1_000)[len(given) :])
    per, per_live = 100_000 / contacts, 1_000 / live
    with tempfile.TemporaryDirectory() as folder, EmbeddedRedis(Path(folder)) as redis:
        pool = Pool(redis.url)
        empty = pool.used()
        show("an empty ledger", empty)

        pool.load("plain", 0, contacts, collects=False)
        loaded = pool.used()
        show("100,000 contacts that wait, with id and name", (loaded - empty) * per)

        attempts = pool.connect(live)
        connected = pool.used()
        show("1,000 live calls", (connected - loaded) * per_live)
        listeners.listen(pool.ledger, ACCOUNT, ListenerLease("listener", 600.0), room=live, held={})
        listeners.note(
            pool.ledger,
            [LiveLine(one, "message", "word " * 14) for one in attempts for _ in range(9)],
        )
        show("  the same, listened to, nine sentences each", (pool.used() - loaded) * per_live)

        pool.end(attempts, None)
        while attempts := pool.connect(live):
            pool.end(attempts, None)
        pool.forget_what_passes()
        ended = pool.used()
        show("100,000 contacts that were called, no insights", (ended - empty) * per)

        chance = random.Random(5)
        said = conversation(chance)
        written = json.dumps(said)
        pool.load("heard", contacts, contacts, collects=True)
        while attempts := pool.connect(live):
            pool.end(attempts, conversation(chance))
        pool.forget_what_passes()
        packed = len(zlib.compress(written.encode(), 9))
        told = f"(five minutes: {len(written)} bytes, {packed} packed)"
        show("100,000 contacts that were called, with insights", (pool.used() - ended) * per)
        print(f"  {told}")
        print(
            f"a message in a queue of the broker: {queued_bytes(pool, redis.broker_url):.0f} bytes"
        )

        print(f"\n{'kind of key':<24} {'keys':>10} {'bytes a key':>12} {'MB':>9}")
        for name, count, held in kinds(pool):
            if held > 20_000:
                print(f"{name:<24} {count:>10,} {held / count:>12,.0f} {held / 2**20:>9.1f}")
        pool.ledger.close()


if __name__ == "__main__":
    main()
