"""Decides which due firings of a schedule are launched, skipped or missed."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from scheduler.hours.cron import firings_between, next_after
from scheduler.models import FiringState, Overlap, Schedule

#: If there were more firings, only this many are kept on record.
MOST = 100

#: Firings that are older than this are not even recorded as missed.
OLDEST_SECONDS = 366 * 86_400.0

#: Overlap policies by which every firing within the catch-up window is launched.
_EVERY = (Overlap.BUFFER_ALL, Overlap.ALLOW_ALL)


@dataclass(frozen=True, slots=True)
class Pause:
    """The latest pause of a schedule, and why somebody made it."""

    since: float  #: epoch seconds
    until: float | None  #: None while it lasts
    note: str

    def holds(self, at: float) -> bool:
        """Whether a firing at this instant falls into the pause."""
        return at >= self.since and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class DueFiring:
    """One due firing, and what is done about it."""

    at: float
    state: FiringState
    why: str = ""


def due_firings(
    schedule: Schedule, first_at: float, now: float, pause: Pause | None = None
) -> tuple[list[DueFiring], float | None]:
    """Return what becomes of each firing from `first_at` until now, and when the next one is.

    If the overlap policy lets all of them run, all firings within the catch-up window wait to be
    launched; otherwise only the latest one.
    """
    oldest = max(first_at, now - OLDEST_SECONDS)
    due = deque(firings_between(schedule, oldest - 1.0, now), maxlen=MOST)
    judged = [_judge(schedule, at, now, pause) for at in due if at >= first_at]
    if schedule.overlap not in _EVERY:
        judged = _latest_alone(judged)
    return judged, next_after(schedule, now)


def _judge(schedule: Schedule, at: float, now: float, pause: Pause | None) -> DueFiring:
    if pause is not None and pause.holds(at):
        return DueFiring(at, FiringState.SKIPPED, said_of(pause.note))
    if now - at > schedule.catch_up_seconds:
        return DueFiring(at, FiringState.MISSED, "no worker ran within its catch-up window")
    return DueFiring(at, FiringState.WAITING)


def said_of(note: str) -> str:
    """Return the reason of a firing that a pause has skipped, with the pause's note."""
    return f"paused: {note}" if note else "paused"


def _latest_alone(judged: list[DueFiring]) -> list[DueFiring]:
    waiting = [one.at for one in judged if one.state is FiringState.WAITING]
    return [
        DueFiring(one.at, FiringState.SKIPPED, "a later firing was due as well")
        if one.state is FiringState.WAITING and one.at != waiting[-1]
        else one
        for one in judged
    ]
