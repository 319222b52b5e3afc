"""What `run` says while it waits: how long is left, and until when it waits."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scheduler.accounts import Account
from scheduler.cli import notices, run_ending, status_view
from scheduler.cli.progress import Progress
from scheduler.cli.run_view import RunView
from scheduler.ledger.views import CampaignView
from scheduler.live import progress as live
from scheduler.live.standing import Standing
from scheduler.models import CampaignState, Contact, Hours, Policy
from scheduler.operations.waits import Wait
from scheduler.reached import Reached
from tests.unit.test_watch import account, campaign

NOW = datetime(2026, 11, 30, 0, 20, tzinfo=ZoneInfo("America/New_York")).timestamp()
HOUR = 3600.0


@pytest.fixture(autouse=True)
def new_york() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "America/New_York")
        patch.setattr(time, "time", lambda: NOW)
        time.tzset()
        yield
    time.tzset()


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that stands still until it is changed."""
    clock = [0.0]
    monkeypatch.setattr("scheduler.cli.progress.time.monotonic", lambda: clock[0])
    return clock


@pytest.fixture(autouse=True)
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr("scheduler.cli.console.say", lines.append)
    return lines


def view(**changes: Any) -> CampaignView:
    known: dict[str, Any] = {"policy": Policy(max_duration_seconds=1.0), "dials": 0, "stops": 0}
    return campaign(**known | {"total": 3, "pending": 3, "held_why": ""} | changes)


@pytest.mark.parametrize(
    ("waits", "left"),
    [
        (None, "about 3 s left"),
        (-5.0, "about 3 s left"),
        (60.0, "about 63 s left"),
        (HOUR, "about 60 min left"),
        (23 * HOUR, "about 23 h left"),
        (90 * 24 * HOUR, "about 90 days left"),
    ],
)
def test_the_time_left_counts_the_wait_for_the_next_call(
    lines: list[str], waits: float | None, left: str
) -> None:
    due_at = None if waits is None else NOW + waits

    Progress(1).show(view(next_due_at=due_at), account(learned=1))

    assert left in lines[0].split("; ")


def test_calls_that_ended_by_themselves_are_not_counted_as_stopped(lines: list[str]) -> None:
    Progress(1).show(view(dials=2, stops=2, pending=1, ended=2), account(learned=1))

    assert lines[0].startswith("2/3 ended; 0 open; 2 dials; 5 of 1 slot")


def test_the_time_left_knows_when_it_closes_in_between() -> None:
    night = Hours(week=(((0, 60),),) * 7)  # it is 0:20, and an hour and a half of work is left
    policy = Policy(max_duration_seconds=1800.0, hours=(night,), timezone="America/New_York")
    waits, known = view(policy=policy, next_due_at=NOW), live.Progress()

    assert known.seconds_left(waits, 1) == 1.5 * HOUR
    somebody = Contact("a", "+12125550143")
    assert known.seconds_left(waits, 1, somebody) == pytest.approx(24.5 * HOUR)


def test_a_wait_is_no_measure_of_the_pace(lines: list[str], clock: list[float]) -> None:
    shown = Progress(1, began_at=0.0)
    for at, pending, dialing, due_in in (
        (0.0, 2, 1, None),
        (10.0, 2, 0, 23 * HOUR),  # one has ended in ten seconds; the others wait
        (10.0 + 22 * HOUR, 2, 0, HOUR),
        (10.0 + 23 * HOUR, 2, 0, 0.0),
    ):
        clock[0] = at
        states = {"pending": pending, "dialing": dialing, "ended": 3 - pending - dialing}
        due_at = None if due_in is None else NOW + due_in
        shown.show(view(**states, next_due_at=due_at), account(learned=1))

    assert "about 23 h left" in lines[1]
    assert "about 60 min left" in lines[2]


@pytest.mark.parametrize(
    ("waits", "said"),
    [
        (None, ""),
        (0.5, ""),
        (32 * HOUR + 2400, "waiting: the next call is due Tue 2026-12-01 09:00:00 EST"),
        (120 * 24 * HOUR, "waiting: the next call is due Tue 2027-03-30 01:20:00 EDT"),
    ],
)
def test_a_wait_is_told_with_its_day_and_zone(waits: float | None, said: str) -> None:
    due_at = None if waits is None else NOW + waits

    assert notices.waits_for(view(next_due_at=due_at)) == said


def test_a_wait_says_why_and_how_a_trial_goes_on() -> None:
    wait = Wait("calling hours are closed (calling_hours: 8:00-21:00)", is_for_hours=True)
    real = view(next_due_at=NOW + HOUR, launch=("run", "/lists/a.csv"))
    trial = replace(real, account="sandbox", launch=("run", "a.csv", "--id", "x", "--sandbox"))

    said = "01:20:00 EST; calling hours are closed (calling_hours: 8:00-21:00)"
    assert notices.waits_for(real, wait).endswith(said)
    there = replace(wait, zones=("America/Denver",))
    assert "01:20:00 EST (Sun 23:20 in America/Denver); call" in notices.waits_for(real, there)
    now = "`callsched run a.csv --sandbox --any-hour` does not wait"
    assert now in notices.waits_for(trial, wait)
    not_before = Wait("not_before allows none earlier")
    assert "--any-hour" not in notices.waits_for(trial, not_before)


def test_a_wait_says_which_rule_holds_calls_back() -> None:
    held = view(next_due_at=NOW + 60, held_at=NOW, held_why="cap us-fl")

    assert notices.waits_for(held).endswith("00:21:00 EST; calls are held back by cap us-fl")


def test_calls_that_are_left_say_when_the_first_is_due() -> None:
    assert notices.left_for_later(view(next_due_at=NOW + 20)) == ""
    assert notices.left_for_later(view(next_due_at=NOW + HOUR)) == (
        " for later, the first due Mon 2026-11-30 01:20:00 EST"
    )


def test_what_is_being_cancelled_is_not_called_paused(capsys: pytest.CaptureFixture[str]) -> None:
    cancelled = view(state=CampaignState.PAUSED, cancelled_by="ana@desk")

    status_view.show(Standing([cancelled, view()], [], [], [], [], ""))

    assert "cancelling" in capsys.readouterr().out


def test_an_end_says_of_how_many_answered_calls_nothing_tells_by_whom() -> None:
    ends = {"completed": 5, "stopped": 2, "unknown:answer_lost": 1}
    ended = replace(view(), dispositions=ends)
    reached = Counter({Reached.REACHED: 3, Reached.UNKNOWN: 5})

    assert run_ending.answered_by_nobody_known(ended, reached) == 4
    assert run_ending.answered_by_nobody_known(view(), Counter()) == 0


@pytest.mark.parametrize(
    ("live", "said"),
    [
        ([], ["no call is live any more; the workers are being ended"]),
        (["c:1:1"], ["1 call is live, and being stopped:", "  c:1:1"]),
    ],
)
def test_a_second_interrupt_lists_what_is_live(
    lines: list[str], live: list[str], said: list[str]
) -> None:
    RunView(Policy(), Account("acme", "toy"), asks=False).still_live(live)

    assert lines == said
