"""Collects the problems of a file: the first ones in full, all of them counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from scheduler.errors import Alike, CampaignError, Problem
from scheduler.models import Reason

KEPT = 100
_KEPT_OF_A_KIND = 3
#: The parts of a message that quote a cell; without them messages of one kind are equal.
_GIVEN = re.compile(r"[,;]? got .*|…\d+|'[^']*'", re.DOTALL)


class Problems:
    """The first hundred problems, and how many there are of each code."""

    def __init__(self) -> None:
        self.kept: list[Problem] = []
        self.counts: Counter[str] = Counter()
        self._kinds: dict[tuple[str, str], Alike] = {}
        self.refuse_file = False  #: whether one of them refuses the whole file

    @property
    def total(self) -> int:
        """How many there are in all."""
        return self.counts.total()

    @property
    def faults(self) -> int:
        """How many there are, without contacts on a do-not-call list, which are no faults."""
        return self.total - self.counts[Reason.DO_NOT_CALL]

    @property
    def alike(self) -> tuple[Alike, ...]:
        """The first problems of each kind, for the first `KEPT` kinds."""
        return tuple(self._kinds.values())

    def add(self, problem: Problem) -> None:
        """Note a problem that refuses one row."""
        self.counts[problem.code] += 1
        if len(self.kept) < KEPT:
            self.kept.append(problem)
        column = problem.column if isinstance(problem.column, str) else ""
        self._count((column, _GIVEN.sub("", problem.message)), Alike((problem,), problem, 1))

    def _count(self, kind: tuple[str, str], more: Alike) -> None:
        known = self._kinds.get(kind)
        if known is not None:
            room = _KEPT_OF_A_KIND - len(known.first)
            first = known.first + more.first[:room] if room else known.first
            self._kinds[kind] = Alike(first, more.last, known.count + more.count)
        elif len(self._kinds) < KEPT:
            self._kinds[kind] = more

    def refuse(self, problems: Iterable[Problem]) -> None:
        """Note problems that refuse the whole file."""
        self.refuse_file = True
        for problem in problems:
            self.add(problem)

    def merge(self, later: Problems) -> None:
        """Add the problems of a later part of the file."""
        self.counts += later.counts
        self.kept += later.kept[: KEPT - len(self.kept)]
        for kind, more in later._kinds.items():
            self._count(kind, more)
        self.refuse_file = self.refuse_file or later.refuse_file

    def error(self, first: Problem | None = None) -> CampaignError:
        """Return the error with all problems, after one that sums them up, if given."""
        lead = [] if first is None else [first]
        alike = [*(Alike((one,), one, 1) for one in lead), *self.alike]
        return CampaignError([*lead, *self.kept][:KEPT], self.total + len(lead), alike)
