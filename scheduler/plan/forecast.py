"""When would the calls of a campaign be dialled, and when would the last one have ended?

Every dial is played through once: a slot that is free takes the next call whose hours are open, in
the order in which they would fall due. It takes memory for groups of contacts, not for contacts.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from heapq import heappop, heappush, heapreplace
from itertools import count

from scheduler.hours.local_times import Clocks, LocalTimes
from scheduler.hours.openings import HORIZON_SECONDS, opening, zones_of
from scheduler.models import Contact, Policy

HOUR_SECONDS = 3600
#: Why a call is not reached, apart from the reasons of `openings`.
BEYOND_HORIZON, OVER_BUDGET = "beyond_366_days", "budget"
_PROGRESS_EVERY = 10_000  # dials


@dataclass(slots=True)
class Group:
    """Contacts that may be called at the same times and for the same length."""

    contact: Contact  #: one of them: all have its zones and bounds
    max_duration_seconds: float
    first_row: int
    last_row: int = 0
    count: int = 0


@dataclass(frozen=True, slots=True)
class Assumed:
    """The assumptions of a forecast."""

    now: float  #: epoch seconds at which it begins
    slots: int  #: that are free for this campaign alone
    expected_seconds: float | None = None  #: the likely length of a call; None: its longest
    starts_per_second: float = 0.0  #: at most; 0 for any

    def length(self, group: Group) -> float:
        """Return the assumed length of a group's calls, in seconds."""
        return min(group.max_duration_seconds, self.expected_seconds or math.inf)


@dataclass(slots=True)
class Hour:
    """One hour of the forecast."""

    at: float  #: epoch seconds, a full hour of UTC
    dials: int = 0
    busy_seconds: float = 0.0  #: seconds in which slots are in use, summed over all slots
    left: int = 0  #: calls still to be dialled after this hour

    @property
    def in_use(self) -> float:
        """The mean number of slots in use."""
        return self.busy_seconds / HOUR_SECONDS


@dataclass(slots=True)
class Forecast:
    """What would happen if every call were dialled once and lasted as long as assumed."""

    dials: int = 0
    begins_at: float | None = None  #: when the first call is dialled; None: none is
    ends_at: float | None = None  #: when the last call ends
    never: Counter[str] = field(default_factory=Counter)  #: contacts never dialled, by reason
    hours: list[Hour] = field(default_factory=list)  #: those in which a slot is in use
    local_times: LocalTimes = field(default_factory=LocalTimes)  #: at the dials


def forecast(
    groups: Iterable[Group],
    policy: Policy,
    assumed: Assumed,
    on_progress: Callable[[int], None] = lambda _dials: None,
) -> Forecast:
    """Simulate the dials of a campaign; `on_progress` gets the number of dials now and then."""
    play = _Play(policy, assumed)
    for group in groups:
        clocks = Clocks(zones_of(group.contact, policy))
        play.wait(_Waiting(group, group.count, clocks), assumed.now)
    while play.dial_next():
        if play.seen.dials % _PROGRESS_EVERY == 0:
            on_progress(play.seen.dials)
    return play.result()


@dataclass(slots=True)
class _Waiting:
    """The calls of a group that are not dialled yet, and the group's opening."""

    group: Group
    left: int
    clocks: Clocks
    closes_at: float = 0.0

    @property
    def place(self) -> float:
        """The row of its next call, taking its calls as spread evenly over its rows."""
        done, group = self.group.count - self.left, self.group
        return group.first_row + done * (group.last_row - group.first_row) / max(1, group.count - 1)


class _Play:
    """The state of slots and groups in the simulation."""

    def __init__(self, policy: Policy, assumed: Assumed) -> None:
        self.seen = Forecast()
        self._policy = policy
        self._assumed = assumed
        self._horizon = assumed.now + HORIZON_SECONDS
        # In the ledger's order of due calls: since when they may be called, then their row.
        self._queue: list[tuple[float, float, int, _Waiting]] = []
        self._numbers = count()
        self._slots = [assumed.now] * assumed.slots  # when each slot is free again
        self._not_before = assumed.now  # the next dial of any group: pace, canary, budget
        self._spent_seconds = 0.0  # of the budget; live calls count with their longest length
        self._owed: list[tuple[float, float]] = []  # (when a live call ends, seconds it gives back)
        self._hours: dict[int, Hour] = {}

    def wait(self, waiting: _Waiting, at: float) -> None:
        """Queue a group at its next opening; without one, count its contacts as never dialled."""
        found = opening(self._policy, waiting.group.contact, at)
        if found.reason is not None:
            self.seen.never[found.reason] += waiting.left
        else:
            waiting.closes_at = found.until
            # A unique number breaks ties: groups themselves can't be compared.
            heappush(self._queue, (found.at, waiting.place, next(self._numbers), waiting))

    def dial_next(self) -> bool:
        """Dial the next call, or queue a group that has closed again; False at the end."""
        if not self._queue:
            return False
        opens_at, _, number, waiting = self._queue[0]
        at = max(opens_at, self._slots[0], self._not_before)
        if at >= self._horizon:
            return self._end(BEYOND_HORIZON)
        if at >= waiting.closes_at:
            heappop(self._queue)
            self.wait(waiting, at)
        elif self._policy.budget_seconds is not None and not self._may_spend(waiting.group, at):
            return self._wait_for_budget()
        else:
            self._dial(waiting.group, at)
            self.seen.local_times.look(waiting.clocks, at)
            waiting.left -= 1
            if waiting.left:
                heapreplace(self._queue, (opens_at, waiting.place, number, waiting))
            else:
                heappop(self._queue)
        return True

    def _dial(self, group: Group, at: float) -> None:
        length = self._assumed.length(group)
        end = at + length
        heapreplace(self._slots, end)
        seen = self.seen
        seen.dials += 1
        seen.begins_at = at if seen.begins_at is None else seen.begins_at
        seen.ends_at = max(end, seen.ends_at or end)
        self._count(at, end)
        if self._assumed.starts_per_second:
            self._not_before = at + 1 / self._assumed.starts_per_second
        if self._policy.budget_seconds is not None:
            self._spent_seconds += group.max_duration_seconds
            heappush(self._owed, (end, group.max_duration_seconds - length))
        if self._policy.canary is not None and seen.dials == self._policy.canary.first:
            self._not_before = max(self._not_before, seen.ends_at)

    def _count(self, at: float, end: float) -> None:
        number = int(at // HOUR_SECONDS)
        self._hour(number).dials += 1
        while at < end:
            until = min(end, (number + 1) * HOUR_SECONDS)
            self._hour(number).busy_seconds += until - at
            at, number = until, number + 1

    def _hour(self, number: int) -> Hour:
        hour = self._hours.get(number)
        if hour is None:
            hour = self._hours[number] = Hour(float(number * HOUR_SECONDS))
        return hour

    def _may_spend(self, group: Group, at: float) -> bool:
        while self._owed and self._owed[0][0] <= at:
            self._spent_seconds -= heappop(self._owed)[1]
        budget = self._policy.budget_seconds
        return budget is None or self._spent_seconds + group.max_duration_seconds <= budget

    def _wait_for_budget(self) -> bool:
        """Wait until a live call gives back budget that it did not use; False if none is live."""
        if not self._owed:
            return self._end(OVER_BUDGET)
        self._not_before = max(self._not_before, self._owed[0][0])
        return True

    def _end(self, why: str) -> bool:
        self.seen.never[why] += sum(waiting.left for *_, waiting in self._queue)
        return False

    def result(self) -> Forecast:
        """Return the forecast, with the calls left after each hour filled in."""
        left = self.seen.dials
        for _, hour in sorted(self._hours.items()):
            left -= hour.dials
            hour.left = left
            self.seen.hours.append(hour)
        return self.seen
