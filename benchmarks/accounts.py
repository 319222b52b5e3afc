"""What one account costs another in the same worker: one that is silent, and fifty that are idle.

    python benchmarks/accounts.py [silent [ROUNDS]]
    python benchmarks/accounts.py idle [ACCOUNTS]

`silent`: two accounts at two sandboxes, both as in `efficiency.py`, and one worker of 16 threads.
South calls 400 contacts while north is idle, then 400 while north calls as well. In the middle of
that north's sandbox is frozen for 20 s: it takes connections, and answers nothing.

`idle`: one worker with so many accounts that have nothing to do, and one with a single account.
Idle accounts cost the same whatever API they are at, so all are at one sandbox.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import lateness
import psutil
from campaign import numbers
from efficiency import CEILING, SECONDS, Event, Outcome, ideal_seconds, read_journal, sandbox
from hangups import get, post
from lateness import Lateness
from launching import call, process
from redis import Redis

from scheduler.ledger import calls
from scheduler.ledger.calls import Look
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis

THREADS = 16
WARM, CONTACTS, OTHERS = 80, 400, 320
SILENT_AFTER_SECONDS, SILENT_SECONDS = 15.0, 20.0
IDLE_SECONDS = 30.0

#: Files are read and tokens asked for when a worker starts; that is no part of being idle.
SETTLE_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Pool:
    """One worker, and where it keeps what it knows."""

    home: Path
    env: Mapping[str, str]
    redis_url: str
    worker: subprocess.Popen[bytes]

    def submit(self, account: str, campaign_id: str, phone_numbers: list[str]) -> None:
        """Have a campaign called on an account."""
        path = self.home / f"{campaign_id}.yaml"
        (self.home / f"{campaign_id}.csv").write_text("\n".join(["phone_number", *phone_numbers]))
        path.write_text(
            f"account: {account}\ncontacts: {campaign_id}.csv\ninsights: []\n"
            f"max_duration: {SECONDS:g}s\n"
        )
        words = [sys.executable, "-m", "scheduler.cli", "submit", str(path), "--id", campaign_id]
        subprocess.run(words, env=self.env, check=True, capture_output=True)

    def wait_for(self, campaign_id: str) -> None:
        """Return when a campaign is finished."""
        while call("status", campaign_id, "--json", env=dict(self.env))["state"] != "finished":
            time.sleep(2)


@contextmanager
def pool(urls: Mapping[str, str]) -> Iterator[Pool]:
    """Run a worker that serves these accounts, each at the API of its URL."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        home = Path(folder)
        lines = [
            f"{name}: {{provider: symbl, base_url: '{url}', app_id: benchmark,"
            f" app_secret: benchmark, max_concurrency: {CEILING}}}\n"
            for name, url in urls.items()
        ]
        (home / "accounts.yaml").write_text("".join(lines))
        (home / "accounts.yaml").chmod(0o600)
        redis = stack.enter_context(EmbeddedRedis(home / "redis"))
        env = os.environ | {
            "CALLSCHED_ACCOUNTS": str(home / "accounts.yaml"),
            "CALLSCHED_CALLING_HOURS": "always",
            "CALLSCHED_REDIS_URL": redis.url,
            "CALLSCHED_STATE_DIR": str(home / "state"),
            "CALLSCHED_WORKER_THREADS": str(THREADS),
        }
        log = home / "worker.log"
        worker = stack.enter_context(process("worker", env=env, log=log))
        while "ready." not in log.read_text():
            assert worker.poll() is None, log.read_text()
            time.sleep(0.1)
        yield Pool(home, env, redis.url, worker)


# One that is silent -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """How a campaign went, as the sandbox saw it."""

    efficiency: float
    refusals: float  #: per start
    late: Lateness  #: of each call that reached its deadline

    @classmethod
    def of(cls, journal: list[Event], phone_numbers: list[str]) -> Found:
        """Pick a campaign out of the journal by whom it called."""
        ours = set(phone_numbers)
        accepted = {
            e["connection_id"]: e["at"]
            for e in journal
            if e["event"] == "accepted" and e["phone_number"] in ours
        }
        events = [e for e in journal if e.get("connection_id") in accepted]
        ended = [e for e in events if e["event"] == "ended"]
        took = max(e["at"] for e in ended) - min(accepted.values())
        refused = sum(
            e["event"] == "refused" and e.get("phone_number") in ours for e in journal
        ) / len(accepted)
        ideal = ideal_seconds(Outcome(events, [(0.0, 0)], 0.0))
        return cls(ideal / took, refused, lateness.of(events, SECONDS))

    def told(self, name: str) -> None:
        """Print it."""
        print(
            f"{name:22} efficiency {self.efficiency:.3f}   refusals per start {self.refusals:.4f}",
            flush=True,
        )
        self.late.show()


def silent() -> float:
    """Measure one account alone and beside one that falls silent; return the ratio."""
    every = numbers(WARM + 2 * CONTACTS + OTHERS)
    warm, rest = every[:WARM], every[WARM:]
    alone, beside, others = rest[:CONTACTS], rest[CONTACTS : 2 * CONTACTS], rest[2 * CONTACTS :]
    with (
        sandbox() as (north, api),
        sandbox() as (south, _),
        pool({"north": north, "south": south}) as workers,
    ):
        # The limit is learned by then, which is no part of what is compared.
        workers.submit("south", "warm", warm)
        workers.wait_for("warm")
        _draw_alike(south)
        workers.submit("south", "alone", alone)
        workers.wait_for("alone")
        workers.submit("north", "others", others)
        _draw_alike(south)
        workers.submit("south", "beside", beside)
        time.sleep(SILENT_AFTER_SECONDS)
        live = get(f"{north}/sandbox/live")["live"]
        api.send_signal(signal.SIGSTOP)
        silent_at = time.time()
        time.sleep(SILENT_SECONDS)
        api.send_signal(signal.SIGCONT)
        workers.wait_for("beside")
        journal = read_journal(south)
    found = Found.of(journal, alone), Found.of(journal, beside)
    found[0].told("alone")
    found[1].told("beside a silent one")
    print("while it is silent:")
    found[1].late.between(silent_at, silent_at + SILENT_SECONDS).show()
    ratio = found[1].efficiency / found[0].efficiency
    print(f"ratio {ratio:.3f}; the other one had {live} live calls when it fell silent", flush=True)
    return ratio


def _draw_alike(url: str) -> None:
    """Have the next calls last as long as others did: how well their ends fit is luck."""
    post(f"{url}/sandbox/knobs", {"seed": 7})


# Many that are idle -------------------------------------------------------------------------------


def idle(accounts: int, url: str) -> tuple[float, float]:
    """Return the shares of a core that a worker with so many accounts uses, and its Redis."""
    names = [f"account-{number}" for number in range(accounts)]
    with pool(dict.fromkeys(names, url)) as workers:
        time.sleep(SETTLE_SECONDS)
        with Redis.from_url(workers.redis_url) as redis:
            server = psutil.Process(redis.info("server")["process_id"])
        both = psutil.Process(workers.worker.pid), server
        before = [_cpu_seconds(one) for one in both]
        time.sleep(IDLE_SECONDS)
        after = [_cpu_seconds(one) for one in both]
        resident = both[0].memory_info().rss >> 20
        threads = both[0].num_threads()
        milliseconds = _tick_seconds(workers.redis_url, names) * 1000
    ours, its = ((b - a) / IDLE_SECONDS for a, b in zip(before, after, strict=True))
    print(
        f"{accounts:>3} idle accounts: worker {ours:.2%} of a core, Redis {its:.2%};"
        f" {threads} threads, {resident} MiB resident;"
        f" what a tick asks of the ledger takes {milliseconds:.1f} ms",
        flush=True,
    )
    return ours, its


def _tick_seconds(redis_url: str, names: list[str]) -> float:
    """Return how long the ledger takes in the middle for what a tick asks of it."""
    ledger = Ledger(redis_url)
    looks = [Look(name, 12, (2.0,), CEILING, "") for name in names]
    took = []
    for _ in range(100):
        began_at = time.perf_counter()
        calls.ticks(ledger, looks, most=100)
        took.append(time.perf_counter() - began_at)
    ledger.close()
    return statistics.median(took)


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _idle(accounts: int) -> None:
    with sandbox() as (url, _):
        one, many = idle(1, url), idle(accounts, url)
    if accounts > 1:
        worker, redis = ((b - a) / (accounts - 1) for a, b in zip(one, many, strict=True))
        print(f"one more idle account: worker {worker:.3%} of a core, Redis {redis:.3%}")


def main() -> None:
    """Measure what is named."""
    what, *given = sys.argv[1:] or ["silent"]
    if what == "idle":
        _idle(int(given[0]) if given else 50)
        return
    ratios = [silent() for _ in range(int(given[0]) if given else 1)]
    if len(ratios) > 1:
        print(f"ratio in the middle {sorted(ratios)[len(ratios) // 2]:.3f}")


if __name__ == "__main__":
    main()
