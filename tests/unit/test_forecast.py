"""How many calls are dialled when, as a plan foresees it."""

from __future__ import annotations

from datetime import datetime
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.hours.weeks import read_week
from scheduler.models import Canary, Contact, Hours, Policy, Reason
from scheduler.plan.forecast import Assumed, Forecast, Group, forecast

EAST, WEST = "America/New_York", "America/Los_Angeles"


def at(written: str) -> float:
    """Return an instant that is written with its offset."""
    return datetime.fromisoformat(written).timestamp()


MONDAY_NOON = at("2026-11-23T12:00-05:00")


def hours(text: str) -> tuple[Hours, ...]:
    return (Hours(week=read_week(text)),)


def group(
    count: int,
    *,
    minutes: float = 30,
    zone: str = EAST,
    rows: tuple[int, int] | None = None,
    not_before: float | None = None,
    not_after: float | None = None,
) -> Group:
    contact = Contact(
        "c", sip_uri="sip:a@b.example", timezone=zone, not_before=not_before, not_after=not_after
    )
    first, last = rows or (1, count)
    return Group(contact, minutes * 60, first_row=first, last_row=last, count=count)


def played(
    *groups: Group,
    policy: Policy | None = None,
    now: float = MONDAY_NOON,
    slots: int = 5,
    expect: float | None = None,
    pace: float = 0.0,
) -> Forecast:
    return forecast(groups, policy or Policy(), Assumed(now, slots, expect, pace))


def dials(seen: Forecast) -> dict[float, int]:
    """Return the dials by the hours since Monday noon."""
    return {(hour.at - MONDAY_NOON) / 3600: hour.dials for hour in seen.hours if hour.dials}


# Slots ----------------------------------------------------------------------------------------


def test_a_slot_takes_the_next_call_when_the_one_before_has_ended() -> None:
    seen = played(group(12), slots=5)

    assert dials(seen) == {0: 10, 1: 2}
    assert (seen.begins_at, seen.ends_at) == (MONDAY_NOON, MONDAY_NOON + 90 * 60)
    assert [hour.left for hour in seen.hours] == [2, 0]
    assert [hour.in_use for hour in seen.hours] == [5.0, 1.0]


def test_one_call_takes_its_whole_length_however_many_slots_there_are() -> None:
    seen = played(group(1), slots=50)

    assert seen.ends_at == MONDAY_NOON + 30 * 60


@given(st.integers(1, 400), st.integers(1, 40), st.sampled_from([1, 7, 30, 90]))
def test_calls_of_one_length_go_in_rounds(count: int, slots: int, minutes: int) -> None:
    seen = played(group(count, minutes=minutes), slots=slots)

    assert seen.ends_at == MONDAY_NOON + ceil(count / slots) * minutes * 60
    assert sum(hour.dials for hour in seen.hours) == seen.dials == count
    assert sum(hour.busy_seconds for hour in seen.hours) == pytest.approx(count * minutes * 60)
    assert max(hour.in_use for hour in seen.hours) <= slots + 1e-9


def test_a_likelier_length_is_no_longer_than_a_call_may_be() -> None:
    seen = played(group(2, minutes=1), group(1, minutes=30), slots=1, expect=120.0)

    assert seen.ends_at == MONDAY_NOON + (1 + 1 + 2) * 60


def test_starts_keep_their_pace() -> None:
    seen = played(group(60, minutes=1), slots=100, pace=0.01)

    assert dials(seen) == {0: 36, 1: 24}
    assert seen.ends_at == pytest.approx(MONDAY_NOON + 59 * 100 + 60)


# Hours ----------------------------------------------------------------------------------------


def test_what_is_left_when_the_hours_close_goes_on_when_they_open() -> None:
    seen = played(group(30), policy=Policy(hours=hours("9:00-13:30")), slots=5)

    assert dials(seen) == {0: 10, 1: 5, 21: 10, 22: 5}
    assert seen.ends_at == at("2026-11-24T10:30-05:00")
    assert [hour.left for hour in seen.hours if hour.dials] == [20, 15, 5, 0]


def test_a_call_that_has_begun_before_the_hours_close_lasts_longer() -> None:
    seen = played(group(1, minutes=240), policy=Policy(hours=hours("9:00-12:01")), slots=1)

    assert seen.ends_at == MONDAY_NOON + 4 * 3600


def test_each_zone_is_called_in_its_own_hours() -> None:
    policy = Policy(hours=hours("9:00-17:00"))

    seen = played(
        group(4, rows=(1, 4)),
        group(4, zone=WEST, rows=(5, 8)),
        policy=policy,
        now=at("2026-11-23T08:00-05:00"),
        slots=2,
    )

    assert [(hour.at, hour.dials) for hour in seen.hours] == [
        (at("2026-11-23T09:00-05:00"), 4),
        (at("2026-11-23T09:00-08:00"), 4),
    ]


def test_groups_that_may_be_called_since_the_same_instant_go_as_they_stand_in_the_file() -> None:
    """Half of each are called when the hours of one of them close, not all of the first."""
    policy = Policy(hours=hours("9:00-13:00"))

    seen = played(
        group(100, minutes=1, rows=(1, 199)),
        group(100, minutes=1, zone="America/Chicago", rows=(2, 200)),
        policy=policy,
        slots=1,
    )

    # An hour for both, fifty-fifty within one call; then Chicago has another hour to itself.
    assert dials(seen)[0] == 60
    assert dials(seen)[1] == 60
    assert dials(seen)[21] == 60
    assert sum(dials(seen).values()) == 200


@pytest.mark.parametrize(
    ("day", "opens", "closes"),
    [
        ("2026-03-07", "2026-03-07T01:00-05:00", "2026-03-07T04:00-05:00"),  # 3 hours
        ("2026-03-08", "2026-03-08T01:00-05:00", "2026-03-08T04:00-04:00"),  # 2 hours
        ("2026-11-01", "2026-11-01T01:00-04:00", "2026-11-01T04:00-05:00"),  # 4 hours
    ],
)
def test_on_the_days_on_which_clocks_change_the_hours_are_those_of_the_clock(
    day: str, opens: str, closes: str
) -> None:
    policy = Policy(hours=hours("1:00-4:00"))

    seen = played(group(1000, minutes=1), policy=policy, now=at(f"{day}T00:00-04:00"), slots=1)

    first_day = [hour for hour in seen.hours if hour.at < at(closes)]
    assert seen.begins_at == at(opens)
    assert sum(hour.dials for hour in first_day) == (at(closes) - at(opens)) / 60


# Who is not reached ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (group(3, not_after=MONDAY_NOON), Reason.EXPIRED),
        (group(3, zone="Nowhere/None"), Reason.UNKNOWN_TIMEZONE),
        (
            group(
                3, not_before=at("2026-11-23T18:00-05:00"), not_after=at("2026-11-24T08:00-05:00")
            ),
            Reason.OUTSIDE_HOURS,
        ),
    ],
)
def test_who_has_no_opening_is_never_called(one: Group, reason: Reason) -> None:
    seen = played(one, group(1), policy=Policy(hours=hours("9:00-17:00")))

    assert seen.never == {reason: 3}
    assert seen.dials == 1


def test_what_is_left_when_it_expires_is_never_called() -> None:
    seen = played(group(9, not_after=MONDAY_NOON + 3600), slots=2)

    assert seen.dials == 4
    assert seen.never == {Reason.EXPIRED: 5}


def test_nothing_is_foreseen_for_more_than_366_days() -> None:
    seen = played(group(400, minutes=24 * 60), slots=1)

    assert seen.dials == 366
    assert seen.never == {"beyond_366_days": 34}


# What a campaign stops at ---------------------------------------------------------------------


def test_the_others_follow_when_the_canary_has_ended() -> None:
    seen = played(group(7), policy=Policy(canary=Canary(first=2, success=1.0)), slots=5)

    assert dials(seen) == {0: 7}
    assert seen.ends_at == MONDAY_NOON + 3600


def test_a_budget_is_spent_by_calls_at_their_longest() -> None:
    seen = played(group(7), policy=Policy(budget_seconds=100 * 60.0), slots=5)

    assert seen.dials == 3
    assert seen.never == {"budget": 4}


def test_calls_that_are_shorter_give_back_what_they_have_not_used() -> None:
    budget = Policy(budget_seconds=60 * 60.0)

    seen = played(group(7), policy=budget, slots=5, expect=600.0)

    # Two at a time, 10 minutes each, as long as 30 minutes are left for one: 60, 40.
    assert seen.dials == 4
    assert seen.ends_at == MONDAY_NOON + 3 * 600
    assert seen.never == {"budget": 3}


# The night ------------------------------------------------------------------------------------


def times(seen: Forecast) -> tuple[tuple[str, str], ...]:
    found = (seen.local_times.earliest, seen.local_times.latest)
    return tuple((str(each), each.zone) for each in found if each is not None)


def test_the_earliest_and_the_latest_time_are_those_on_the_clocks_of_who_is_called() -> None:
    seen = played(
        *(group(2, zone=EAST), group(2, zone=WEST)),
        policy=Policy(hours=hours("8:00-21:00")),
        now=at("2026-11-23T20:58:59-05:00"),
        slots=10,
    )

    assert times(seen) == (("17:58", WEST), ("20:58", EAST))


def test_without_hours_the_night_is_shown() -> None:
    seen = played(group(1, zone=EAST), now=at("2026-11-23T03:12-05:00"))

    assert times(seen) == (("03:12", EAST), ("03:12", EAST))


def test_of_the_zones_in_which_one_may_be_the_worst_counts() -> None:
    anywhere = Group(Contact("c", "+18505550123"), 60, first_row=1, last_row=1, count=1)

    seen = played(anywhere, now=at("2026-11-23T21:30-05:00"))

    assert times(seen) == (("20:30", "America/Chicago"), ("21:30", EAST))


def test_clocks_that_are_moved_between_two_dials_are_read_anew() -> None:
    seen = played(group(2, minutes=60), now=at("2026-11-01T01:30-04:00"), slots=1)

    assert times(seen) == (("01:30", EAST), ("01:30", EAST))


def test_nobody_whose_zone_is_unknown_has_a_time() -> None:
    nowhere = Group(Contact("c", sip_uri="sip:a@b.example"), 60, 1, 1, 1)

    assert times(played(nowhere)) == ()
