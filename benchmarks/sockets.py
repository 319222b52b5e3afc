"""What a thousand live connections cost one worker: its processor, its memory, and late ends.

    python benchmarks/sockets.py [CONNECTIONS] [SECONDS]

The far ends speak two hundred sentences a second together, so that the sockets are not idle: each
one every 5 s, of a thousand. Ends come in a burst, for all calls have the same length: their
lateness here is that of the burst.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import lateness
import psutil
import rate
from hangups import get

#: So long no further socket may open before those that are open count as all.
PATIENCE_SECONDS = 20.0


def run(connections: int, seconds: float, folder: Path) -> list[dict[str, Any]]:
    """Call everybody at once with one worker; return what the sandbox saw."""
    file, journal = folder / "contacts.csv", folder / "journal.jsonl"
    file.write_text(rate.contacts(connections))
    words = [sys.executable, "-m", "scheduler.sandbox", "--limit", str(connections)]
    words += ["--journal", str(journal), "--line-every", str(max(5.0, connections / 200))]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as sandbox:
        try:
            assert sandbox.stdout is not None
            url = sandbox.stdout.readline().strip()
            _call(file, url, folder, connections, seconds)
        finally:
            sandbox.terminate()
    return [json.loads(line) for line in journal.read_text().splitlines()]


def _call(file: Path, url: str, folder: Path, connections: int, seconds: float) -> None:
    command = [sys.executable, "-m", "scheduler.cli", "run", str(file), "--yes", "--workers", "1"]
    command += ["--max-duration", f"{seconds:g}s", "--max-concurrency", str(connections)]
    environment = os.environ | {
        "CALLSCHED_STATE_DIR": str(folder / "state"),
        "CALLSCHED_CALLING_HOURS": "always",
        "CALLSCHED_SYMBL_BASE_URL": url,
        "CALLSCHED_SYMBL_APP_ID": "benchmark",
        "CALLSCHED_SYMBL_APP_SECRET": "benchmark",
        "CALLSCHED_WORKER_THREADS": "64",
        "CALLSCHED_LISTENER_SOCKETS": str(connections),
    }
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as campaign:
        watched = (campaign.pid, url, connections, seconds)
        threading.Thread(target=_watch, args=watched, daemon=True).start()
        assert campaign.wait() == 0


def _watch(pid: int, url: str, connections: int, seconds: float) -> None:
    """Look at the worker while everybody is connected, or once no more become so."""
    most, grew_at = 0, time.monotonic()
    while most < connections and time.monotonic() - grew_at < PATIENCE_SECONDS:
        time.sleep(1)
        sockets = get(f"{url}/sandbox/sockets")["open"]
        if sockets > most:
            most, grew_at = sockets, time.monotonic()
    worker = next(
        child
        for child in psutil.Process(pid).children(recursive=True)
        if "worker" in child.cmdline()
    )
    before = worker.cpu_times()
    time.sleep(seconds / 4)
    after = worker.cpu_times()
    used = after.user + after.system - before.user - before.system
    print(f"sockets open         {get(f'{url}/sandbox/sockets')['open']}")
    print(f"worker               {used / (seconds / 4):.0%} of a core while all are connected")
    print(f"memory               {worker.memory_info().rss >> 20} MiB resident")


def report(journal: list[dict[str, Any]], seconds: float) -> None:
    """Print how late the calls ended, and their stops were sent."""
    lateness.of(journal, seconds).show()


def main() -> None:
    """Run once and report."""
    connections = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 60.0
    with tempfile.TemporaryDirectory() as folder:
        report(run(connections, seconds, Path(folder)), seconds)


if __name__ == "__main__":
    main()
