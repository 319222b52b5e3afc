"""Many runs side by side, and the table of what struck and what became of it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any


def many(
    provider: str,
    seed: int,
    faults: int,
    side_by_side: int,
    minutes: float,
    table: Path | None,
) -> int:
    """Do runs until so many faults have struck; return 1 when a promise was broken."""
    began_at = time.monotonic()
    with TemporaryDirectory(prefix="chaos-") as folder:
        until = began_at + 60 * minutes
        outcomes = _outcomes(provider, seed, faults, side_by_side, until, Path(folder))
    text = markdown(outcomes, time.monotonic() - began_at, side_by_side)
    if table is not None:
        table.write_text(text)
    print(text)
    return 1 if any(outcome["problems"] for outcome in outcomes) else 0


def _outcomes(
    provider: str, seed: int, faults: int, side_by_side: int, until: float, folder: Path
) -> list[dict[str, Any]]:
    seeds, running = count(seed), list[_Child]()
    outcomes: list[dict[str, Any]] = []
    struck = 0
    while True:
        while len(running) < side_by_side and struck < faults and time.monotonic() < until:
            running.append(_Child(provider, next(seeds), folder))
        if not running:
            return outcomes
        for child in [child for child in running if child.is_over]:
            running.remove(child)
            outcomes.append(child.outcome())
            struck += sum(outcomes[-1]["faults"].values())
            _tell(outcomes[-1], struck)
        time.sleep(0.1)


class _Child:
    """One run in a process of its own."""

    def __init__(self, provider: str, seed: int, folder: Path) -> None:
        self.seed = seed
        self._out, self._err = folder / f"{seed}.out", folder / f"{seed}.err"
        command = [sys.executable, "-m", "tests.chaos", "--provider", provider]
        command += ["--seed", str(seed)]
        with self._out.open("w") as out, self._err.open("w") as err:
            self._process = subprocess.Popen(command, stdout=out, stderr=err)

    @property
    def is_over(self) -> bool:
        return self._process.poll() is not None

    def outcome(self) -> dict[str, Any]:
        """Return what it has said. What it says of a broken promise goes to standard error."""
        said = self._out.read_text()
        if self._process.returncode != 0:
            print(self._err.read_text(), file=sys.stderr)
        if not said:
            said = json.dumps({"seconds": 0, "faults": {}, "figures": {}, "problems": ["it broke"]})
        return {"seed": self.seed, **json.loads(said)}


def _tell(outcome: dict[str, Any], struck: int) -> None:
    here = sum(outcome["faults"].values())
    verdict = "; ".join(outcome["problems"]) or "every promise kept"
    line = f"seed {outcome['seed']}: {here} faults in {outcome['seconds']} s: {verdict}"
    print(f"{line} ({struck} faults so far)", file=sys.stderr, flush=True)


def markdown(outcomes: list[dict[str, Any]], seconds: float, side_by_side: int) -> str:
    """Return the table."""
    faults: Counter[str] = Counter()
    figures: Counter[str] = Counter()
    for outcome in outcomes:
        faults.update(outcome["faults"])
        figures.update(outcome["figures"])
    broken = [outcome["seed"] for outcome in outcomes if outcome["problems"]]
    seeds = [outcome["seed"] for outcome in outcomes]
    rows = [
        ("runs", len(outcomes)),
        ("faults that struck", sum(faults.values())),
        *((name, number) for name, number in figures.items()),
        ("runs in which a promise was broken", len(broken)),
    ]
    lines = [
        "# What struck, and what became of it",
        "",
        f"Seeds {min(seeds)} to {max(seeds)}, {side_by_side} runs side by side,"
        f" {seconds / 60:.0f} minutes. See [chaos.md](chaos.md).",
        "",
        *_rows("of all runs", "", rows),
        "",
        *_rows("fault", "struck", sorted(faults.items())),
    ]
    if broken:
        lines += ["", f"Broken: seeds {', '.join(map(str, broken))}."]
    return "\n".join(lines) + "\n"


def _rows(left: str, right: str, rows: list[tuple[str, int]]) -> list[str]:
    return [f"| {left} | {right} |", "| --- | ---: |", *(f"| {n} | {v} |" for n, v in rows)]
