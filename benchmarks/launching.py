"""How late stops are while the worker that sends them launches a large file for a schedule.

    python benchmarks/launching.py [ROWS] [CALLS A SECOND]

One worker, with calls that start and stop at a pace all the while. Then a schedule fires, and the
same worker reads, checks and loads a campaign of so many rows, of which nobody is due yet. The
stops before that and those during it are compared. Sandbox, Redis and worker share the machine.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import load

CALL_SECONDS = 4
QUIET_SECONDS = 12.0


@contextmanager
def process(*words: str, env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command of callsched for as long as the block lasts."""
    with log.open("wb") as file:
        command = [sys.executable, "-m", "scheduler.cli", *words]
        running = subprocess.Popen(command, env=env, stdout=file, stderr=file)
    try:
        yield running
    finally:
        running.terminate()
        running.wait(30)


def call(*words: str, env: dict[str, str]) -> dict[str, object]:
    """Run a command to its end; return the JSON object that it prints."""
    command = [sys.executable, "-m", "scheduler.cli", *words]
    said = subprocess.run(command, env=env, capture_output=True).stdout
    return dict(json.loads(said.splitlines()[-1])) if said.strip().startswith(b"{") else {}


def lateness(journal: Path) -> list[tuple[float, float]]:
    """Return when each first stop came, and by how much it missed its deadline, in seconds."""
    answered: dict[str, float] = {}
    late: dict[str, tuple[float, float]] = {}
    for line in journal.read_text().splitlines():
        event = json.loads(line)
        name = event.get("connection_id")
        if event["event"] == "answered":
            answered[name] = event["at"]
        elif event["event"] == "stop" and name in answered and name not in late:
            late[name] = (event["at"], event["at"] - answered[name] - CALL_SECONDS)
    return list(late.values())


def told(name: str, found: list[float]) -> None:
    """Print what was late."""
    found.sort()
    p50, p99 = statistics.median(found), found[int(len(found) * 0.99)]
    share = sum(each <= 0.1 for each in found) / len(found)
    print(
        f"{name:<16} {len(found):>6} stops; late by {p50 * 1000:.0f} ms in the middle,"
        f" {p99 * 1000:.0f} ms at p99, {found[-1] * 1000:.0f} ms at most; {share:.1%} within 100 ms"
    )


def main() -> None:
    """Measure once and report."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    pace = int(sys.argv[2]) if len(sys.argv) > 2 else 30
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), rows, pace)


def measure(home: Path, rows: int, pace: int) -> None:
    """Run both phases in a folder."""
    (home / "steady.csv").write_text(
        "phone_number\n" + "".join(f"+1202{2_000_000 + n}\n" for n in range(300 * pace))
    )
    load.write_file(home / "large.csv", rows)
    large = "name: large\ncontacts: large.csv\nnot_before: 2099-01-01T00:00Z\n"
    (home / "large.yaml").write_text(large)
    port, journal = "8791", home / "journal.jsonl"
    env = os.environ | {
        "CALLSCHED_STATE_DIR": str(home / "state"),
        "CALLSCHED_CALLING_HOURS": "always",
        "CALLSCHED_SYMBL_BASE_URL": f"http://127.0.0.1:{port}",
        "CALLSCHED_SYMBL_APP_ID": "a",
        "CALLSCHED_SYMBL_APP_SECRET": "b",
        "CALLSCHED_MAX_CONCURRENCY": str(pace * CALL_SECONDS * 2),
        "CALLSCHED_MAX_STARTS_PER_SECOND": str(pace),
    }
    sandbox = ("sandbox", "--port", port, "--journal", str(journal), "--limit", "1000")
    with (
        process(*sandbox, env=env, log=home / "sandbox.log"),
        process("worker", env=env, log=home / "worker.log"),
    ):
        time.sleep(3)
        steady = ("submit", str(home / "steady.csv"), "--max-duration", f"{CALL_SECONDS}s")
        call(*steady, "--yes", env=env)
        time.sleep(QUIET_SECONDS + 2 * CALL_SECONDS)
        at = ("--at", "2099-01-01T00:00", "--timezone", "UTC", "--id", "large")
        call("schedule", "add", str(home / "large.yaml"), *at, env=env)
        asked_at = time.time()
        firing = subprocess.run(
            [sys.executable, "-m", "scheduler.cli", "schedule", "run-now", "large"],
            env=env,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split()[0]
        while call("status", firing, "--json", env=env).get("state") in (None, "loading"):
            time.sleep(1)
        done_at = time.time()
        found = lateness(journal)
    print(f"{rows:,} rows launched in {done_at - asked_at:.0f} s, {pace} calls a second")
    told("before it", [late for at, late in found if asked_at - QUIET_SECONDS < at < asked_at])
    told("while it loads", [late for at, late in found if asked_at <= at <= done_at])


if __name__ == "__main__":
    main()
