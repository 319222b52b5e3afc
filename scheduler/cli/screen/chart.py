"""Slots in use over time, under the limit, drawn with characters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor

from scheduler.ledger.accounts import Load

#: The spans that a chart may have, in seconds, so that it is not rescaled all the time.
_SPANS = (60.0, 120.0, 300.0, 600.0)

_EIGHTHS = " ▁▂▃▄▅▆▇█"
LIMIT_MARK = "╌"

#: From how many lines on a chart says what time it spans.
_WITH_TIME = 5


@dataclass(frozen=True, slots=True)
class Column:
    """An account during the time of one column."""

    slots: int  #: in use, at most
    limit: int  #: as it was at the end


def span(loads: Sequence[Load], now: float) -> float:
    """Return how many seconds to show: all that are known, up to the longest span."""
    return known_span(loads[0].at if loads else now, now)


def known_span(since: float, now: float) -> float:
    """Return how many seconds a chart spans if figures are known since an instant."""
    return next((each for each in _SPANS if now - since <= each), _SPANS[-1])


def columns(loads: Iterable[Load], now: float, seconds: float, width: int) -> list[Column | None]:
    """Divide the last seconds into columns, oldest first; None for a time without figures.

    Each figure holds until the next one.
    """
    found: list[Column | None] = [None] * width
    ordered = sorted(loads, key=lambda load: load.at)
    spans = [(load, later.at) for load, later in pairwise(ordered)]
    spans += [(load, now) for load in ordered[-1:]]
    for load, until in spans:
        first, last = (place(one, now, seconds, width) for one in (load.at, until))
        if last < 0:
            continue
        for at in range(max(0, first), last + 1):
            before = found[at]
            most = max(load.slots, before.slots) if before else load.slots
            found[at] = Column(most, load.learned)
    return found


def place(at: float, now: float, seconds: float, width: int) -> int:
    """Return the column of an instant among those of the last seconds; below 0: earlier."""
    return min(width - 1, floor((at - now + seconds) / seconds * width))


def drawn(shown: Sequence[Column | None], height: int) -> list[str]:
    """Return the lines of the chart, the highest first; its height is the highest figure.

    If slots are free, the limit's mark stands right above those in use.
    """
    full = full_of(shown)
    cells = [_cells(column, full, height) for column in shown]
    return ["".join(cell[line] for cell in cells) for line in reversed(range(height))]


def full_of(shown: Iterable[Column | None]) -> int:
    """Return the most slots that a chart has to show."""
    return max([1, *(max(column.slots, column.limit) for column in shown if column)])


def _cells(column: Column | None, full: int, height: int) -> list[str]:
    """Return the characters of a column, the lowest first; the last one is only for the limit."""
    if column is None:
        return [" "] * height
    rows = height - 1
    eighths = round(column.slots / full * rows * 8)
    if column.slots:
        eighths = max(1, eighths)
    cells = [_EIGHTHS[max(0, min(8, eighths - 8 * line))] for line in range(height)]
    top = min(rows, ceil(column.limit / full * rows))
    if cells[top] == " ":
        cells[top] = LIMIT_MARK
    return cells


def spark(counts: Sequence[int], most: int) -> str:
    """Return counts over time in one line, whose highest character stands for `most`."""
    return "".join(_EIGHTHS[ceil(8 * count / most) if count else 0] for count in counts)


def with_axes(shown: Sequence[Column | None], seconds: float, height: int) -> tuple[list[str], int]:
    """Return the lines of a chart with its scale to the left, and its time below.

    Also return the width of the scale. The time has a line of its own from five lines on.
    """
    full, below = full_of(shown), height >= _WITH_TIME
    lines = drawn(shown, height - below)
    wide = len(str(full))
    # A full column ends on the line below the highest one.
    scale = {len(lines) - 1: "0"} if len(lines) > 2 else {}
    scale[min(1, len(lines) - 1)] = str(full)
    left = [
        f"{scale.get(at, ''):>{wide}} {'┤' if at in scale else '│'}" for at in range(len(lines))
    ]
    found = [before + line for before, line in zip(left, lines, strict=True)]
    if below:
        found.append(" " * wide + " └" + _time_axis(seconds, len(shown)))
    return found, wide + 2


def _time_axis(seconds: float, width: int) -> str:
    """Return a line with its time on it: how long ago it begins, its middle, and now."""
    texts = (f" {_lasting(seconds)} ago ", f" {_lasting(seconds / 2)} ", " now ")
    if sum(map(len, texts)) + 4 > width:
        return "─" * width
    half = (width - len(texts[1])) // 2
    first = texts[0] + "─" * (half - len(texts[0]))
    rest = width - len(first) - len(texts[1]) - len(texts[2])
    return first + texts[1] + "─" * rest + texts[2]


def _lasting(seconds: float) -> str:
    return f"{seconds:g} s" if seconds % 60 else f"{seconds / 60:g} min"
