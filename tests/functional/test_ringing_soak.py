"""A campaign at an API whose lists lag, whose answers get lost, whose calls end in every way."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from scheduler.errors import MaybeDone, ProviderError
from scheduler.ledger import campaigns
from scheduler.ledger.ledger import Control
from scheduler.providers import CallReport, Outcome, Stage, StartOrder
from tests.functional.rig import Open, Rig, number
from tests.toy_provider.ringing import RINGS, RingingToy
from tests.waiting import wait_until

CALLS = 30

#: How far a call has come so many seconds after it was placed, and how it ends.
ENDS = (
    (0.4, Stage.RINGING, 1.5, Outcome.COMPLETED),
    (0.2, Stage.RINGING, 0.8, Outcome.BUSY),
    (0.1, Stage.ANSWERED, 2.5, Outcome.COMPLETED),
    (0.3, Stage.RINGING, 1.0, Outcome.NO_ANSWER),
    (0.1, Stage.QUEUED, 0.3, Outcome.COMPLETED),
)


class LaggingToy(RingingToy):
    """Its calls go their ways by the clock; its lists show them as they were a second ago."""

    lag_seconds = 1.0

    def at(self, name: str, instant: float) -> CallReport | None:
        """Return a call as it stood then; None before it was placed."""
        call = self.calls[name]
        passed = instant - (call.report.created_at or 0.0)
        if passed < 0:
            return None
        if call.report.stage is Stage.OVER:
            ended_at = call.report.ended_at or 0.0
            return (
                call.report
                if ended_at <= instant
                else replace(call.report, stage=Stage.RINGING, outcome=None, ended_at=None)
            )
        first, stage, over, outcome = ENDS[int(name.split()[1]) % len(ENDS)]
        if passed >= over:
            ended_at = (call.report.created_at or 0.0) + over
            return replace(call.report, stage=Stage.OVER, outcome=outcome, ended_at=ended_at)
        return replace(call.report, stage=stage if passed >= first else Stage.QUEUED)

    def look(self, connection_id: str) -> CallReport:
        now = time.time()
        with self._lock:
            report = self.at(connection_id, now)
            assert report is not None
            self.calls[connection_id].report = report
        return super().look(connection_id)

    def _list(self, what: str, wanted: Callable[[CallReport], bool]) -> list[CallReport]:
        with self._lock:
            self.asked.append(what)
            shown = [self.at(name, time.time() - self.lag_seconds) for name in self.calls]
            return [self._read(report) for report in shown if report is not None and wanted(report)]


def lose_some(toy: RingingToy) -> Callable[[StartOrder], ProviderError | None]:
    """Lose the answer of every fifth start; of these every other one placed its call."""
    count = 0

    def answer(order: StartOrder) -> ProviderError | None:
        nonlocal count
        count += 1
        toy.places = count % 10 == 0
        return MaybeDone("cut off") if count % 5 == 0 else None

    return answer


@pytest.mark.timeout(120)
def test_every_call_ends_once_and_no_slot_is_left(opened: Open) -> None:
    toy = LaggingToy()
    toy.answers = lose_some(toy)
    rig: Rig = opened(provider=toy, traits=RINGS, ceiling=8, exclusive=True, has_named_ledger=True)
    rig.load(*map(number, range(1, CALLS + 1)))
    rig.raise_limit(8)
    rig.start()

    def ends() -> Counter[str | None]:
        return Counter(disposition for disposition, _ in rig.endings())

    # Lost and never placed: their slots are held, for nobody can prove that.
    wait_until(lambda: rig.all_ended() and ends()["unknown"] == CALLS - len(toy.calls), 90)

    called = Counter(call.order.phone_number for call in toy.calls.values())
    assert max(called.values()) == 1
    assert ends()["completed"] + ends()["not_reached"] == len(called)
    assert rig.account().slots == rig.account().held == CALLS - len(called)
    assert rig.account().live == 0
    assert toy.stops == []


@pytest.mark.timeout(60)
def test_an_abort_leaves_no_call_behind(opened: Open) -> None:
    toy = LaggingToy()
    rig: Rig = opened(provider=toy, traits=RINGS, ceiling=8)
    rig.load(*map(number, range(1, CALLS + 1)))
    rig.raise_limit(8)
    rig.start()
    wait_until(lambda: len(toy.calls) >= 8)

    campaigns.cancel(rig.ledger, "c", Control("ana@desk"), abort=True)
    while campaigns.end_pending(rig.ledger, "c"):
        pass
    wait_until(rig.all_ended, 30)

    assert all(toy.look(name).stage is Stage.OVER for name in toy.calls)
    assert (rig.account().slots, rig.account().live) == (0, 0)
