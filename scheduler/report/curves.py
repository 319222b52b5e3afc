"""What changed over time: slots in use, the limit, refusals. Short enough to be drawn."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from scheduler.ledger.accounts import Load
from scheduler.report.header import Span
from scheduler.report.spread import in_order, round_step

#: More steps than a plot has room for.
MOST_STEPS = 600
#: Bars of a plot over time.
MOST_BARS = 40


class Step(NamedTuple):
    """A value from an instant on."""

    at: float  #: epoch seconds
    value: float


@dataclass(slots=True)
class Slots:
    """How many attempts were open at once; sixteen bytes for each."""

    _began: array[float] = field(default_factory=lambda: array("d"))
    _ended: array[float] = field(default_factory=lambda: array("d"))
    open: int = 0  #: attempts without an end

    def add(self, span: Span) -> None:
        """Take one attempt."""
        began_at, ended_at = span
        if ended_at is None:
            self.open += 1
        elif ended_at <= began_at:
            return  # given back at once
        else:
            self._ended.append(ended_at)
        self._began.append(began_at)

    def __len__(self) -> int:
        return len(self._began)

    @property
    def since(self) -> float:
        """When the first one was taken."""
        return min(self._began)

    def until(self, now: float) -> float:
        """Return when the last one was given back; now, while one is open."""
        return now if self.open or not self._ended else max(self._ended)

    def steps(self) -> Iterator[Step]:
        """Yield how many were in use from each instant on at which that changed."""
        self._began, self._ended = in_order(self._began), in_order(self._ended)
        ended = iter(self._ended)
        end, count = next(ended, inf), 0
        for began_at in self._began:
            # A slot that is given back and taken at one instant was never two.
            while end <= began_at:
                count -= 1
                yield Step(end, count)
                end = next(ended, inf)
            count += 1
            yield Step(began_at, count)
        while end < inf:
            count -= 1
            yield Step(end, count)
            end = next(ended, inf)

    @property
    def peak(self) -> Step | None:
        """The most that were in use at once, and when that was first so."""
        return max(self.steps(), key=lambda step: step.value, default=None)


def thinned(steps: Iterable[Step], since: float, until: float) -> list[Step]:
    """Return a curve of about MOST_STEPS steps: the highest value in each length of time.

    It begins where the first value is known, and ends at `until`.
    """
    width = max(until - since, 1e-3) / MOST_STEPS
    highest: list[float | None] = [None] * MOST_STEPS
    left_at: list[float | None] = [None] * MOST_STEPS
    held: float | None = None
    for at, value in steps:
        if at > until:
            break
        place = max(0, min(MOST_STEPS - 1, int((at - since) / width)))
        before = highest[place] if highest[place] is not None else held
        # What held when the campaign began was over by then.
        highest[place] = value if before is None or at <= since else max(before, value)
        held = left_at[place] = value
    return list(_drawn(zip(highest, left_at, strict=True), since, width, until))


def _drawn(
    places: Iterable[tuple[float | None, float | None]], since: float, width: float, until: float
) -> Iterator[Step]:
    drawn: float | None = None
    held: float | None = None
    for place, (highest, left_at) in enumerate(places):
        value = held if highest is None else highest
        if value is not None and value != drawn:
            yield Step(since + place * width, value)
            drawn = value
        held = held if left_at is None else left_at
    if held is not None:
        yield Step(until, held)


@dataclass(frozen=True, slots=True)
class Bars:
    """How many there were in each of some lengths of time."""

    since: float
    step_seconds: float
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.counts)


def refusals(loads: Sequence[Load], since: float, until: float) -> Bars:
    """Return how many starts of an account the API refused, in time.

    What was refused before the first sample is not known, and not counted.
    """
    step = round_step(max(until - since, 1e-3), MOST_BARS)
    counts = [0] * (int((until - since) / step) + 1)
    before = loads[0].refused if loads else 0
    for load in loads:
        place = max(0, min(len(counts) - 1, int((load.at - since) / step)))
        counts[place] += max(0, load.refused - before)
        before = load.refused
    return Bars(since, step, tuple(counts))
