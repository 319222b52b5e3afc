"""The distribution of many values: percentiles, and counts by range."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil, inf


def in_order(values: array[float]) -> array[float]:
    """Return values sorted, as an array: a list takes four times the memory."""
    return array("d", sorted(values))


@dataclass(slots=True)
class Spread:
    """A collection of numbers, of eight bytes each."""

    _values: array[float] = field(default_factory=lambda: array("d"))
    _is_sorted: bool = True

    def add(self, value: float) -> None:
        """Take one more value."""
        self._values.append(value)
        self._is_sorted = False

    def __len__(self) -> int:
        return len(self._values)

    @property
    def total(self) -> float:
        """The sum of all."""
        return sum(self._values)

    @property
    def highest(self) -> float | None:
        """The highest of them; None without any."""
        return self._sorted()[-1] if self._values else None

    def percentile(self, share: float) -> float | None:
        """Return the smallest value that at least this share of all is no higher than.

        0.5 is the median.
        """
        if not self._values:
            return None
        return self._sorted()[max(1, ceil(share * len(self._values))) - 1]

    def within(self, most: float) -> int:
        """Return how many values are at most this."""
        return bisect_right(self._sorted(), most)

    def between(self, edges: Sequence[float]) -> list[int]:
        """Return how many values are in each [edge, next edge); the last has no upper edge."""
        values = self._sorted()
        places = [bisect_left(values, edge) for edge in (*edges, inf)]
        return [after - before for before, after in pairwise(places)]

    def _sorted(self) -> array[float]:
        if not self._is_sorted:
            self._values = in_order(self._values)
            self._is_sorted = True
        return self._values


#: Round steps of time, in seconds.
_STEPS = (
    *(0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1800),
    *(3600, 7200, 14_400, 43_200, 86_400, 604_800, 2_592_000),
)


def round_step(length_seconds: float, most: int) -> float:
    """Return the smallest round step of which at most `most` cover this length."""
    return next((step for step in _STEPS if step * most >= length_seconds), length_seconds / most)
