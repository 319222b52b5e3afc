"""The pace at which a campaign's calls end, and the campaign's expected end."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from scheduler.hours import reader
from scheduler.ledger.campaigns import Waiting
from scheduler.ledger.views import CampaignView
from scheduler.models import CallState, CampaignState

#: The pace is measured over the last minutes.
WINDOW_SECONDS = 300.0

#: The shortest time over which a pace means anything.
MIN_SECONDS = 5.0

#: A call that is due within this time does not wait.
SOON_SECONDS = 1.0


class Pace:
    """Measures how many calls of a campaign end in a second."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, at: float, ended: int) -> None:
        """Note how many calls have ended by an instant, which is never before the last one."""
        self._seen.append((at, ended))
        while len(self._seen) > 2 and self._seen[1][0] <= at - WINDOW_SECONDS:
            self._seen.popleft()

    def per_second(self) -> float | None:
        """Return how many calls end in a second; None: it is too early to tell."""
        if not self._seen:
            return None
        (began_at, before), (now, ended) = self._seen[0], self._seen[-1]
        passed = now - began_at
        return (ended - before) / passed if passed >= MIN_SECONDS and ended > before else None


@dataclass(frozen=True, slots=True)
class Expected:
    """The expected end of a campaign, or why none can be told."""

    text: str
    seconds: float | None = None  #: estimated seconds until its end; None: unknown
    is_held: bool = False  #: it does not go on until somebody does something


def expected(
    view: CampaignView, waiting: Waiting, per_second: float | None, now: float
) -> Expected:
    """Say when a campaign ends, or why that can't be told."""
    for say in (_over, _held, _waits):
        if text := say(view, waiting, now):
            return text
    if per_second is None:
        return Expected("no pace yet")
    left = view.total - view.calls[CallState.ENDED]
    seconds = left / per_second
    if waiting.last_due_at is not None and waiting.last_due_at - now > seconds:
        seconds = waiting.last_due_at - now
        return Expected(f"after {clock(waiting.last_due_at, now)}", seconds)
    return Expected(f"about {roughly(seconds)}", seconds)


def _over(view: CampaignView, _waiting: Waiting, now: float) -> Expected | None:
    if view.state is CampaignState.LOADING:
        return Expected("loading")
    if view.state is not CampaignState.FINISHED:
        return None
    if view.collecting:
        return Expected(f"reading {view.collecting:,}")
    return Expected(f"at {clock(view.finished_at, now)}" if view.finished_at else "finished")


def _held(view: CampaignView, _waiting: Waiting, _now: float) -> Expected | None:
    if view.cancelled_by:
        return Expected(f"cancelled by {view.cancelled_by}")
    if view.stopped_itself:
        return Expected(f"stopped itself: {view.stopped_itself}", is_held=True)
    if view.paused_by:
        return Expected(f"paused by {view.paused_by}", is_held=True)
    if view.state is CampaignState.PAUSED:
        return Expected("paused", is_held=True)
    return None


def _waits(view: CampaignView, waiting: Waiting, now: float) -> Expected | None:
    due_at = view.next_due_at
    if view.open or waiting.due or due_at is None or due_at <= now + SOON_SECONDS:
        return None
    return Expected(f"waits: {clock(due_at, now)}")


def roughly(seconds: float) -> str:
    """Write a length of time, rounded as an estimate should be."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 100 * 60 else f"{seconds / 3600:.0f} h"


def clock(at: float, now: float, local: Callable[[float], time.struct_time] = reader.clock) -> str:
    """Return an instant as the reader's clock shows it, with the day when that is another one."""
    then, today = local(at), local(now)
    is_today = then[:3] == today[:3]
    return time.strftime("%H:%M:%S" if is_today else "%m-%d %H:%M", then)
