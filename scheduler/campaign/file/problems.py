"""What is wrong with a file so far: the first problems in full, all of them counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from scheduler.errors import CampaignError, Problem
from scheduler.models import Reason

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

    @property
    def faults(self) -> int:
        """How many there are of what is wrong; that somebody is not to be called is not."""
        return self.total - self.counts[Reason.DO_NOT_CALL]

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

    def merge(self, later: Problems) -> None:
        """Add the problems of what follows in the file."""
        self.counts += later.counts
        self.kept += later.kept[: KEPT - len(self.kept)]
        self.refuse_file = self.refuse_file or later.refuse_file

    def error(self, first: Problem | None = None) -> CampaignError:
        """Return the error that tells them all, after what sums them up."""
        lead = [] if first is None else [first]
        return CampaignError([*lead, *self.kept][:KEPT], self.total + len(lead))
