"""How late calls end with two thousand live connections on one machine.

    python benchmarks/deadlines.py [CONNECTIONS] [STARTS A SECOND] [WAITING]

Starts keep a pace, and every call lasts as long as it takes to have so many of them live: from
then on as many stops fall due as starts leave. Beside it wait WAITING campaigns of the account,
whose calls are due in a week. Sandbox, Redis, both workers and this program
share the machine.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import rate
from claims import LATER_SECONDS, campaign

from scheduler.ledger import access
from scheduler.settings import read_settings


def load_waiting(count: int, folder: Path) -> None:
    """Put campaigns that wait into the private ledger that the run will use."""
    settings = read_settings({"CALLSCHED_STATE_DIR": str(folder / "state")})
    with access.opened(settings, upgrades=True) as (ledger, _):
        due_at = ledger.time() + LATER_SECONDS
        for at in range(count):
            campaign(ledger, f"w{at}", 1, due_at + at, "default")


def main() -> None:
    """Run once and report."""
    live = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    per_second = float(sys.argv[2]) if len(sys.argv) > 2 else 50.0
    seconds = live / per_second
    with tempfile.TemporaryDirectory() as folder:
        load_waiting(int(sys.argv[3]) if len(sys.argv) > 3 else 0, Path(folder))
        journal = rate.run(2 * live, seconds, False, Path(folder), per_second)
    rate.report(journal, seconds)


if __name__ == "__main__":
    main()
