"""Run a benchmark several times, with another release in turn, and print medians and spreads.

    python benchmarks/turns.py [--runs 5] [--old REVISION] -- efficiency.py steady --without-peer

Both releases run in turn, so that what else the machine does befalls them alike. The old one is
checked out into a folder of its own and uses this environment's packages. Each line of the
benchmark comes out once for each release, with the median of each number and, in brackets, the
lowest and the highest one.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent

_NUMBER = re.compile(r"(?:(?<![\w.])|(?<=x))\d[\d,]*(?:\.\d+)?")

#: Which line it is, the line without its numbers, and each run's numbers in it.
Figures = dict[tuple[int, str], list[list[str]]]


@contextmanager
def checked_out(revision: str) -> Iterator[Path]:
    """Have a revision's files in a folder for the length of a `with`."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "old"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), revision], check=True)
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def run(tree: Path, benchmark: list[str]) -> str:
    """Return what a release's benchmark prints."""
    script, *words = benchmark
    return subprocess.run(
        [sys.executable, str(tree / "benchmarks" / script), *words],
        env=os.environ | {"PYTHONPATH": str(tree)},
        cwd=tree,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


def note(printed: str, figures: Figures) -> None:
    """Put the numbers of one run beside those of the runs before."""
    for at, line in enumerate(printed.splitlines()):
        if numbers := _NUMBER.findall(line):
            figures[at, " ".join(_NUMBER.sub("#", line).split())].append(numbers)


def report(name: str, figures: Figures) -> None:
    """Print each line with the medians and the spreads of its numbers."""
    for (_, line), runs in figures.items():
        text = line
        for column in zip(*runs, strict=True):
            text = text.replace("#", _spread(column), 1)
        print(f"{name}: {text}", flush=True)


def _spread(column: tuple[str, ...]) -> str:
    numbers = sorted(float(number.replace(",", "")) for number in column)
    digits = max(len(number.partition(".")[2]) for number in column)
    low, middle, high = (
        f"{number:,.{digits}f}" for number in (numbers[0], median(numbers), numbers[-1])
    )
    return middle if low == high else f"{middle} [{low} to {high}]"


def main() -> None:
    """Run both in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--old", metavar="REVISION", help="the release to compare with")
    parser.add_argument("benchmark", nargs="+", help="a script beside this one, and its words")
    given = parser.parse_args()
    figures: dict[str, Figures] = defaultdict(lambda: defaultdict(list))
    if given.old is None:
        for _ in range(given.runs):
            note(run(ROOT, given.benchmark), figures["new"])
    else:
        with checked_out(given.old) as tree:
            for _ in range(given.runs):
                note(run(tree, given.benchmark), figures["old"])
                note(run(ROOT, given.benchmark), figures["new"])
    for name, lines in figures.items():
        report(name, lines)


if __name__ == "__main__":
    main()
