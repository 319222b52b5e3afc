"""How late stops are with two thousand live connections on one machine.

    python benchmarks/deadlines.py [CONNECTIONS] [STARTS A SECOND]

Starts keep a pace, and every call lasts as long as it takes to have so many of them live: from
then on as many stops fall due as starts leave. Sandbox, Redis, both workers and this program
share the machine.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import rate


def main() -> None:
    """Run once and report."""
    live = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    per_second = float(sys.argv[2]) if len(sys.argv) > 2 else 50.0
    seconds = live / per_second
    with tempfile.TemporaryDirectory() as folder:
        journal = rate.run(2 * live, seconds, False, Path(folder), per_second)
    rate.report(journal, seconds)


if __name__ == "__main__":
    main()
