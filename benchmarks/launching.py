"""How late calls end while the worker that sends them launches a large file for a schedule.

    python benchmarks/launching.py [ROWS] [CALLS A SECOND]

One worker, with calls that start and stop at a pace all the while. Then a schedule fires, and the
same worker reads, checks and loads a campaign of so many rows, of which nobody is due yet. The
calls that end before that and those during it are compared. Sandbox, Redis and worker share the
machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import lateness
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
        lines = journal.read_text().splitlines()
    found = lateness.of(map(json.loads, lines), CALL_SECONDS)
    print(f"{rows:,} rows launched in {done_at - asked_at:.0f} s, {pace} calls a second")
    print("before it:")
    found.between(asked_at - QUIET_SECONDS, asked_at).show()
    print("while it loads:")
    found.between(asked_at, done_at).show()


if __name__ == "__main__":
    main()
