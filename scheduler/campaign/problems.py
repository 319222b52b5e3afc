"""What is wrong with a file so far: the first problems in full, all of them counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from scheduler.errors import CampaignError, Problem

KEPT = 100


class Problems:
    """The first hundred problems, and how many there are of each code."""

    def __init__(self) -> None:
        self.kept: list[Problem] = []
        self.counts: Counter[str] = Counter()
        self.refuse_file = False  #: one of them is more than a refused row

    @property
    def total(self) -> int:
        """How many there are in all."""
        return self.counts.total()

    def add(self, problem: Problem) -> None:
        """Note a problem that costs one row."""
        self.counts[problem.code] += 1
        if len(self.kept) < KEPT:
            self.kept.append(problem)

    def refuse(self, problems: Iterable[Problem]) -> None:
        """Note problems that cost the whole file."""
        self.refuse_file = True
        for problem in problems:
            self.add(problem)

    def error(self, first: Problem | None = None) -> CampaignError:
        """Return the error that tells them all, after what sums them up."""
        lead = [] if first is None else [first]
        return CampaignError([*lead, *self.kept][:KEPT], self.total + len(lead))


def refusal(
    path: str,
    message: str,
    line: int | None = None,
    column: str | int | None = None,
    code: str = "unreadable",
) -> CampaignError:
    """Return the error for one problem that ends the reading of a file."""
    return CampaignError([Problem(path, message, line, column, code)])
