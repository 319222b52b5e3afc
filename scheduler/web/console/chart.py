"""Slots in use against the learned limit over time, as the points of a drawing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scheduler.fields.counts import counted
from scheduler.ledger.accounts import Load
from scheduler.live.watcher import LOAD_SECONDS

WIDTH, HEIGHT = 600, 120
_TOP, _BOTTOM = 8, 104


@dataclass(frozen=True, slots=True)
class Chart:
    """Slots in use and the learned limit over the last minutes: two lines, and a sentence."""

    slots: str  #: the line's points, as SVG has them
    area: str  #: the corners of the area below it
    learned: str
    most: int  #: the value at the top of the drawing
    words: str
    samples: tuple[Load, ...]  #: one a minute, for a table


def chart(loads: Sequence[Load], now: float) -> Chart | None:
    """Draw the account's slots in use; None without samples."""
    if not loads:
        return None
    most = max(1, *(max(load.slots, load.learned) for load in loads))
    slots = _steps(loads, now, most, lambda load: load.slots)
    highest = max(load.slots for load in loads)
    words = (
        f"In the last {LOAD_SECONDS / 60:.0f} min at most"
        f" {counted(highest, 'slot was', 'slots were')} in use;"
        f" {loads[-1].slots} are now, of {loads[-1].learned} that the account is known to have."
    )
    return Chart(
        slots=_written(slots),
        area=_written([(slots[0][0], _BOTTOM), *slots, (slots[-1][0], _BOTTOM)]),
        learned=_written(_steps(loads, now, most, lambda load: load.learned)),
        most=most,
        words=words,
        samples=_sampled(loads, now),
    )


def _steps(
    loads: Sequence[Load], now: float, most: int, value: Callable[[Load], int]
) -> list[tuple[float, float]]:
    points: list[tuple[float, float]] = []
    for load in loads:
        x = min(1.0, max(0.0, 1 - (now - load.at) / LOAD_SECONDS)) * WIDTH
        y = _BOTTOM - (_BOTTOM - _TOP) * value(load) / most
        if points:
            points.append((x, points[-1][1]))
        points.append((x, y))
    return [*points, (WIDTH, points[-1][1])]


def _written(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _sampled(loads: Sequence[Load], now: float) -> tuple[Load, ...]:
    """Return the sample that was in force at each of the last ten minutes, the newest first."""
    minutes = [now - LOAD_SECONDS * part / 10 for part in range(10)]
    held = [max((each for each in loads if each.at <= at), default=None, key=_at) for at in minutes]
    return tuple(dict.fromkeys(load for load in held if load is not None))


def _at(load: Load) -> float:
    return load.at
