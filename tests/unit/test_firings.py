"""What becomes of firings that have fallen due."""

from __future__ import annotations

import pytest

from scheduler.hours.firings import MOST, Pause, due_firings
from scheduler.models import FiringState, Overlap, Schedule

HOUR = 3600.0
#: Midnight in UTC.
NOON = 20_000 * 86_400.0 + 12 * HOUR

HOURLY = Schedule(cron="0 * * * *", timezone="UTC", catch_up_seconds=2.5 * HOUR)
WAITING, SKIPPED, MISSED = FiringState.WAITING, FiringState.SKIPPED, FiringState.MISSED


def fates(schedule: Schedule, since: float, now: float, pause: Pause | None = None) -> list[str]:
    due, _ = due_firings(schedule, since, now, pause)
    return [f"{(one.at - NOON) / HOUR:+.0f} {one.state}" for one in due]


def test_a_firing_that_is_due_waits_to_be_launched() -> None:
    assert due_firings(HOURLY, NOON, NOON + 1)[0][0].state is WAITING
    assert due_firings(HOURLY, NOON, NOON + 1)[1] == NOON + HOUR


def test_what_is_not_due_yet_is_left_alone() -> None:
    assert due_firings(HOURLY, NOON, NOON - 1) == ([], NOON)


def test_beyond_the_catch_up_window_firings_are_missed_and_within_it_the_latest_is_launched() -> (
    None
):
    assert fates(HOURLY, NOON - 4 * HOUR, NOON) == [
        f"-4 {MISSED}",
        f"-3 {MISSED}",
        f"-2 {SKIPPED}",
        f"-1 {SKIPPED}",
        f"+0 {WAITING}",
    ]


@pytest.mark.parametrize("overlap", [Overlap.BUFFER_ALL, Overlap.ALLOW_ALL])
def test_where_every_firing_runs_all_within_the_window_are_launched(overlap: Overlap) -> None:
    every = Schedule(cron="0 * * * *", timezone="UTC", catch_up_seconds=1.5 * HOUR, overlap=overlap)

    assert fates(every, NOON - 2 * HOUR, NOON) == [f"-2 {MISSED}", f"-1 {WAITING}", f"+0 {WAITING}"]


def test_firings_of_a_pause_are_skipped_with_its_note() -> None:
    pause = Pause(NOON - HOUR, None, "closed")

    due, _ = due_firings(HOURLY, NOON - HOUR, NOON, pause)

    assert [(one.state, one.why) for one in due] == [(SKIPPED, "paused: closed")] * 2


def test_a_pause_that_is_over_skips_what_fell_into_it() -> None:
    pause = Pause(NOON - 2 * HOUR, NOON - 0.5 * HOUR, "")

    assert fates(HOURLY, NOON - 2 * HOUR, NOON, pause) == [
        f"-2 {SKIPPED}",
        f"-1 {SKIPPED}",
        f"+0 {WAITING}",
    ]


def test_of_very_many_the_newest_are_told() -> None:
    minutely = Schedule(cron="* * * * *", timezone="UTC")

    due, following = due_firings(minutely, NOON - 5 * MOST * 60, NOON)

    assert len(due) == MOST
    assert (due[-1].at, following) == (NOON, NOON + 60)


def test_one_time_that_has_passed_has_no_next_one() -> None:
    due, following = due_firings(Schedule(at=NOON), NOON, NOON + 5)

    assert ([one.state for one in due], following) == ([WAITING], None)
