"""Slots in use over time, under the limit, drawn with characters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import floor

from scheduler.ledger.accounts import Load

#: What a chart may span, in seconds, so that it is not rescaled all the time.
_SPANS = (60.0, 120.0, 300.0, 600.0)

_EIGHTHS = " ▁▂▃▄▅▆▇█"
LIMIT_MARK = "─"


@dataclass(frozen=True, slots=True)
class Column:
    """An account during the time that one column stands for."""

    slots: int  #: in use, at most
    limit: int  #: as it was at the end


def span(loads: Sequence[Load], now: float) -> float:
    """Return how many seconds are worth showing: all that is known, up to the longest."""
    known = now - loads[0].at if loads else 0.0
    return next((each for each in _SPANS if known <= each), _SPANS[-1])


def columns(loads: Iterable[Load], now: float, seconds: float, width: int) -> list[Column | None]:
    """Divide the last seconds into columns, oldest first; None where nothing is known.

    What was seen last holds until something else is seen.
    """
    found: list[Column | None] = [None] * width
    ordered = sorted(loads, key=lambda load: load.at)
    spans = [(load, later.at) for load, later in pairwise(ordered)]
    spans += [(load, now) for load in ordered[-1:]]
    for load, until in spans:
        first, last = (_place(at, now, seconds, width) for at in (load.at, until))
        if last < 0:
            continue
        for place in range(max(0, first), last + 1):
            before = found[place]
            most = max(load.slots, before.slots) if before else load.slots
            found[place] = Column(most, load.learned)
    return found


def _place(at: float, now: float, seconds: float, width: int) -> int:
    return min(width - 1, floor((at - now + seconds) / seconds * width))


def drawn(shown: Sequence[Column | None], height: int) -> list[str]:
    """Return the lines of the chart, the highest first; full is the most that was seen."""
    full = max([1, *(max(column.slots, column.limit) for column in shown if column)])
    cells = [_cells(column, full, height) for column in shown]
    return ["".join(cell[line] for cell in cells) for line in reversed(range(height))]


def _cells(column: Column | None, full: int, height: int) -> list[str]:
    """Return the characters of a column, the lowest first."""
    if column is None:
        return [" "] * height
    eighths = round(column.slots / full * height * 8)
    if column.slots:
        eighths = max(1, eighths)
    cells = [_EIGHTHS[max(0, min(8, eighths - 8 * line))] for line in range(height)]
    top = min(height - 1, int(column.limit / full * height))
    if cells[top] == " ":
        cells[top] = LIMIT_MARK
    return cells
