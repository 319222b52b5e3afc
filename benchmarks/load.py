"""What it takes to submit many rows: time, memory of the process, bytes a row in Redis.

    python benchmarks/load.py [ROWS …]

Nobody is called: the campaigns are submitted to a private Redis without a worker.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis

AREAS = (202, 206, 212, 213, 214, 303, 305, 312, 313, 404, 415, 503, 512, 602, 617, 702, 713, 808)


def write_file(path: Path, rows: int) -> None:
    """Write a file with ids and names, and numbers from all over the country.

    They need not be in use, for nobody is called.
    """
    with path.open("w") as file:
        file.write("id,phone_number,name\n")
        for at in range(rows):
            # Steps of a prime, so that no number comes twice and neighbours are strangers.
            local = 2_000_000 + at * 4_567_891 % 8_000_000
            file.write(f"c-{at:07d},+1{AREAS[at % len(AREAS)]}{local:07d},Person {at}\n")


def submit(path: Path, state_dir: Path) -> tuple[float, float]:
    """Return seconds, and the resident size in MB of the largest process but Redis."""
    environment = os.environ | {
        "CALLSCHED_STATE_DIR": str(state_dir),
        "CALLSCHED_CALLING_HOURS": "always",
    }
    began_at = time.monotonic()
    command = [sys.executable, "-m", "scheduler.cli", "submit", str(path)]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    size = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return time.monotonic() - began_at, size


def main() -> None:
    """Submit files of growing length, each to a Redis of its own."""
    for rows in [int(argument) for argument in sys.argv[1:]] or [10_000, 100_000]:
        with tempfile.TemporaryDirectory() as folder:
            path, state_dir = Path(folder) / "contacts.csv", Path(folder) / "state"
            write_file(path, rows)
            with EmbeddedRedis(state_dir) as redis:
                ledger = Ledger(redis.url)
                before = ledger.redis.info("memory")["used_memory"]
                seconds, size = submit(path, state_dir)
                held = ledger.redis.info("memory")["used_memory"] - before
                ledger.close()
            print(
                f"{rows:>9,} rows  {seconds:6.1f} s  {size:5.0f} MB  {held / rows:5.0f} bytes a row"
            )


if __name__ == "__main__":
    main()
