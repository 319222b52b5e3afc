"""What results, a report and a plan of a very large campaign take: seconds, and memory.

    python benchmarks/million.py [ROWS …]

The campaign is written to a private Redis as if all of its calls had been made: no worker runs and
nobody is called. For each command it prints the seconds and the largest resident size of its
process, or of the largest where there are several.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil
from load import write_file

from scheduler.ledger import campaigns, keys
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.models import Contact, Policy, Row

ACCOUNT, CAMPAIGN = "main", "million"
CHUNK = 2_000
CALL_SECONDS, CALLS_A_SECOND = 45.0, 20.0
#: How calls ended; the first of them were answered.
ENDS = ("stopped", "hung_up", "hung_up", "not_reached:no_answer", "not_reached:busy")
ANSWERED = 3


def fill(ledger: Ledger, count: int) -> None:
    """Make a campaign of so many calls, all of which are over."""
    policy = Policy(max_duration_seconds=60.0)
    campaigns.create(
        ledger,
        CAMPAIGN,
        account=ACCOUNT,
        name="m",
        policy=policy,
        digest="d",
        columns=("city",),
    )
    for chunk, first in enumerate(range(0, count, CHUNK), start=1):
        numbers = range(first, min(first + CHUNK, count))
        rows = [
            Row(
                Contact(
                    *(f"c-{n:07d}", f"+1202{n:07d}"),
                    name=f"Person {n}",
                    variables={"city": f"City {n % 1000}"},
                ),
                n + 2,
                has_id=True,
            )
            for n in numbers
        ]
        campaigns.load(ledger, CAMPAIGN, "1", chunk, rows)
        end(ledger, [n + 1 for n in numbers])
    finish(ledger, count)


def end(ledger: Ledger, rows: list[int]) -> None:
    """Write down how the calls of these rows went: one attempt each, some with a second one."""
    begun_at = 1_790_000_000.0
    with ledger.redis.pipeline(transaction=False) as pipe:
        for row in rows:
            number = 2 if row % 10 == 0 else 1
            for each in range(1, number + 1):
                at = begun_at + row / CALLS_A_SECOND + 900.0 * (each - 1)
                key = keys.attempt(f"{CAMPAIGN}:{row}:{each}")
                pipe.hset(key, mapping=attempt(row, at, is_last=each == number))
            disposition, _, reason = ENDS[row % len(ENDS)].partition(":")
            call = {"state": "ended", "attempt": number, "attempts": number}
            call |= {"disposition": disposition, "reason": reason, "ended_at": begun_at + row}
            pipe.hset(keys.call(CAMPAIGN, row), mapping=call)
        pipe.execute()


def attempt(row: int, at: float, *, is_last: bool) -> dict[str, str | float]:
    """Return what is kept of an attempt."""
    known: dict[str, str | float] = {"begun_at": at, "over_at": at + CALL_SECONDS}
    known |= {"connection_id": f"connection-{row}", "max_duration": 60.0}
    if is_last and row % len(ENDS) < ANSWERED:
        known |= {"started_at": at + 1, "answered_at": at + 5, "deadline": at + 65}
        known |= {
            "stop_late": row % 97 / 1000,
            "end_late": row % 97 / 900,
            "duration": CALL_SECONDS - row % 31,
        }
    return known


def finish(ledger: Ledger, count: int) -> None:
    """Say that all calls are over."""
    ends = Counter(ENDS[row % len(ENDS)] for row in range(1, count + 1))
    redis = ledger.redis
    redis.delete(keys.campaign(CAMPAIGN, "due"), keys.campaign(CAMPAIGN, "counts"))
    redis.hset(keys.campaign(CAMPAIGN, "counts"), "ended", count)
    redis.hset(keys.campaign(CAMPAIGN, "dispositions"), mapping=dict(ends))
    over = {"state": "finished", "finished_at": ledger.time(), "dials": count, "stops": count}
    redis.hset(keys.campaign(CAMPAIGN, "meta"), mapping=over)


def measure(words: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Run a command; return its seconds, and the largest size of one of its processes in MB."""
    began_at, largest = time.monotonic(), 0
    command = [sys.executable, "-m", "scheduler.cli", *words]
    with tempfile.TemporaryFile() as said:
        running = psutil.Popen(command, env=environment, stdout=said, stderr=said)
        while running.poll() is None:
            largest = max(largest, size_of(running))
            time.sleep(0.02)
        if running.returncode:
            said.seek(0)
            sys.exit(f"{words}: {said.read()[-2000:].decode()}")
    return time.monotonic() - began_at, largest / 1e6


def size_of(process: psutil.Process) -> int:
    """Return the resident size of the largest of a process and its children."""
    try:
        return max(each.memory_info().rss for each in (process, *process.children()))
    except psutil.NoSuchProcess:  # it ended meanwhile
        return 0


def main() -> None:
    """Measure each number of rows, each on a Redis of its own."""
    for rows in [int(argument) for argument in sys.argv[1:]] or [100_000, 1_000_000]:
        with tempfile.TemporaryDirectory() as folder, EmbeddedRedis(Path(folder) / "r") as redis:
            ledger = Ledger(redis.url)
            ledger.open()
            began_at = time.monotonic()
            fill(ledger, rows)
            ledger.close()
            print(f"{rows:,} rows, written in {time.monotonic() - began_at:.0f} s", flush=True)
            file = Path(folder) / "contacts.csv"
            write_file(file, rows)
            environment = os.environ | {
                "CALLSCHED_REDIS_URL": redis.url,
                "CALLSCHED_STATE_DIR": folder,
                "CALLSCHED_CALLING_HOURS": "always",
                "CALLSCHED_SYMBL_ACCESS_TOKEN": "none",
            }
            for words in (
                ["results", CAMPAIGN, "-o", f"{folder}/results.csv"],
                ["results", CAMPAIGN, "-o", f"{folder}/results.jsonl"],
                ["report", CAMPAIGN, "-o", f"{folder}/report.html"],
                ["report", CAMPAIGN, "--json"],
                ["plan", str(file), "--json"],
            ):
                seconds, size = measure(words, environment)
                shown = " ".join(Path(word).name for word in words)
                print(f"  {shown:<36} {seconds:7.1f} s  {size:5.0f} MB", flush=True)


if __name__ == "__main__":
    main()
