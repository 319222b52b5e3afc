"""`python -m tests.chaos`: one run, or as many as it takes, and the table."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from tests.chaos.plan import drawn
from tests.chaos.run import as_json, run
from tests.chaos.table import many
from tests.chaos.twilio_plan import drawn_for_twilio


def main() -> int:
    """Return 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--provider", choices=("symbl", "twilio"), default="symbl")
    parser.add_argument("--seed", type=int, default=1, help="of the run, or of the first of many")
    parser.add_argument("--faults", type=int, help="do runs until so many faults have struck")
    parser.add_argument("--side-by-side", type=int, default=4)
    parser.add_argument("--minutes", type=float, default=40.0, help="begin no run after these")
    parser.add_argument("--table", type=Path, help="write a table in Markdown")
    parser.add_argument("--folder", type=Path, help="of a single run; kept")
    chosen = parser.parse_args()
    if chosen.faults is not None:
        return many(
            chosen.provider,
            chosen.seed,
            chosen.faults,
            chosen.side_by_side,
            chosen.minutes,
            chosen.table,
        )
    folder = chosen.folder or Path(tempfile.mkdtemp(prefix="chaos-"))
    folder.mkdir(parents=True, exist_ok=True)
    draw = drawn_for_twilio if chosen.provider == "twilio" else drawn
    outcome = run(draw(chosen.seed), folder)
    print(as_json(outcome))
    if outcome.problems:
        print(*outcome.problems, outcome.evidence, f"logs: {folder}", sep="\n", file=sys.stderr)
        return 1
    if chosen.folder is None:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
