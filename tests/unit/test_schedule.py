"""When a schedule fires, on the days on which clocks are changed as well."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.hours.cron import firings_between, next_after, read_cron
from scheduler.hours.walltime import local, zone_of
from scheduler.models import Schedule

NEW_YORK, BERLIN, HAVANA = "America/New_York", "Europe/Berlin", "America/Havana"
DAY = 86_400.0
NOVEMBER = 1_793_000_000.0


def clock(zone: str) -> ZoneInfo:
    found = zone_of(zone)
    assert found is not None
    return found


def instant(written: str, zone: str) -> float:
    return datetime.fromisoformat(written).replace(tzinfo=clock(zone)).timestamp()


def firings(cron: str, zone: str, midnight: str, days: float = 1) -> list[str]:
    """Return what clocks show when it fires, from a midnight on."""
    since = instant(midnight, zone)
    schedule = Schedule(cron=cron, timezone=zone)
    found = firings_between(schedule, since - 1, since + days * DAY)
    return [local(at, clock(zone)).isoformat(timespec="minutes") for at in found]


def test_it_fires_on_the_days_and_at_the_time_of_its_zone() -> None:
    assert firings("0 9 * * mon-fri", NEW_YORK, "2026-11-20", 5) == [
        "2026-11-20T09:00-05:00",
        "2026-11-23T09:00-05:00",
        "2026-11-24T09:00-05:00",
    ]


@pytest.mark.parametrize(
    ("cron", "zone", "day", "shown"),
    [
        ("30 2 * * *", NEW_YORK, "2026-03-08", ["2026-03-08T03:00-04:00"]),
        ("*/15 2 * * *", NEW_YORK, "2026-03-08", ["2026-03-08T03:00-04:00"]),
        (
            "0,30 2,3 * * *",
            NEW_YORK,
            "2026-03-08",
            ["2026-03-08T03:00-04:00", "2026-03-08T03:30-04:00"],
        ),
        (
            "0 0 * * *",
            HAVANA,
            "2026-03-07T12:00",
            ["2026-03-08T01:00-04:00"],
        ),
        ("10 2 * * *", "Australia/Lord_Howe", "2026-10-04", ["2026-10-04T02:30+11:00"]),
    ],
)
def test_a_time_that_the_clock_jumps_over_fires_once_when_it_jumps(
    cron: str, zone: str, day: str, shown: list[str]
) -> None:
    assert firings(cron, zone, day) == shown


@pytest.mark.parametrize(
    ("cron", "zone", "day", "shown"),
    [
        ("30 1 * * *", NEW_YORK, "2026-11-01", ["2026-11-01T01:30-04:00"]),
        (
            "*/30 1 * * *",
            NEW_YORK,
            "2026-11-01",
            ["2026-11-01T01:00-04:00", "2026-11-01T01:30-04:00"],
        ),
        (
            "0 */2 25 10 *",
            BERLIN,
            "2026-10-25",
            [f"2026-10-25T{h:02}:00+0{2 if h < 3 else 1}:00" for h in range(0, 24, 2)],
        ),
        ("45 1 * * *", "Australia/Lord_Howe", "2026-04-05", ["2026-04-05T01:45+11:00"]),
    ],
)
def test_a_time_that_comes_twice_fires_the_first_time(
    cron: str, zone: str, day: str, shown: list[str]
) -> None:
    assert firings(cron, zone, day) == shown


def test_an_hour_that_is_left_open_fires_in_every_hour_that_passes() -> None:
    spring = firings("30 * * * *", NEW_YORK, "2026-03-08")
    autumn = firings("30 * * * *", NEW_YORK, "2026-11-01", 25 / 24)

    assert [at[11:] for at in spring[1:3]] == ["01:30-05:00", "03:30-04:00"]
    assert [at[11:] for at in autumn[1:4]] == ["01:30-04:00", "01:30-05:00", "02:30-05:00"]
    assert (len(spring), len(autumn)) == (24, 25)


def test_in_the_second_hour_of_two_the_first_one_is_over() -> None:
    schedule = Schedule(cron="30 1 * * *", timezone=NEW_YORK)
    second = datetime(2026, 11, 1, 1, 10, tzinfo=clock(NEW_YORK), fold=1).timestamp()

    assert next_after(schedule, second) == instant("2026-11-02T01:30", NEW_YORK)


def test_it_fires_neither_before_its_start_nor_after_its_end() -> None:
    schedule = Schedule(
        cron="0 9 * * *",
        timezone=BERLIN,
        start=instant("2026-12-01T09:00", BERLIN),
        end=instant("2026-12-03T09:00", BERLIN),
    )

    found = list(firings_between(schedule, 0.0, 2e9))

    assert [local(at, clock(BERLIN)).day for at in found] == [1, 2, 3]
    assert next_after(schedule, found[-1]) is None


def test_one_time_fires_once() -> None:
    schedule = Schedule(at=NOVEMBER)

    assert next_after(schedule, NOVEMBER - 1) == NOVEMBER
    assert next_after(schedule, NOVEMBER) is None


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("* * * *", "expected five fields"),
        ("0 9 * * * *", "expected five fields"),
        ("@daily", "expected five fields"),
        ("61 * * * *", "'61' is no minute: values are 0 to 59"),
        ("0 25 * * *", "'25' is no hour: values are 0 to 23"),
        ("0 9 * 13 *", "'13' is no month: values are 1 to 12"),
        ("0 9 * * mo", "'mo' is no day-of-week: values are 0 to 7"),
        ("0 9 * * fri-sun", "'fri-sun' is no day-of-week: a range goes .* or 5-7"),
        ("0 17-9 * * *", "'17-9' is no hour: a range goes from the lower"),
        ("*/90 9 * * *", r"'\*/90' is no minute: a step begins anew with each hour"),
        ("0 8,*/36 * * *", r"'8,\*/36' is no hour: a step begins anew"),
        ("0 9 * * */8", r"'\*/8' is no day-of-week: a step begins anew"),
        ("0 9 31 2 *", "'31' is no day-of-month: none of these months has that day: .* or L"),
        ("0 9 30,31 2 *", "'30,31' is no day-of-month: none of these months"),
        ("0 9 31 4,6 *", "'31' is no day-of-month: none of these months"),
        ("0 9 ? * MON", r"'\?' is no day-of-month: write \* where any will do"),
        ("0 9 * * ?", r"'\?' is no day-of-week: write \*"),
        ("0 9 15W * *", "'15W' is no day-of-month: values are 1 to 31, L for"),
        ("0 9 * * mon#6", "'mon#6' is no day-of-week: values"),
        ("0 9 30 2 mon#5,*/0", "is no day-of-week"),
    ],
)
def test_what_is_no_expression_says_where(written: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_cron(written)


@given(st.text("0123456789*/,-#LWmonfrijan ", max_size=20))
def test_whatever_is_written_is_read_or_refused_with_words(written: str) -> None:
    try:
        cron = read_cron(written)
    except ValueError as error:
        assert "expected" in str(error)
    else:
        assert next_after(Schedule(cron=cron, timezone=BERLIN), NOVEMBER) is not None


@pytest.mark.parametrize(
    ("cron", "since", "shown"),
    [
        # Either of two days that are restricted is enough …
        ("0 9 13 * fri", "2026-11-12", ["11-13", "11-20", "11-27", "12-04", "12-11", "12-13"]),
        ("0 9 1-2 * mon,tue", "2026-12-01", ["12-01", "12-02", "12-07", "12-08"]),
        # … and both must hold where one begins with a star.
        ("0 9 */10 * mon", "2026-11-01", ["12-21", "01-11", "02-01", "03-01"]),
        ("0 7 15 * */2", "2026-11-01", ["11-15", "12-15", "04-15", "05-15"]),
        ("0 9 * * mon", "2026-12-01", ["12-07", "12-14"]),
        ("0 9 15 * *", "2026-12-01", ["12-15", "01-15"]),
        ("0 9 29 2 *", "2026-11-01", ["02-29", "02-29"]),
        ("0 9 L * *", "2027-01-15", ["01-31", "02-28", "03-31"]),
        ("0 9 LW * *", "2027-01-15", ["01-29", "02-26", "03-31"]),
        ("0 9 * * 5L", "2026-12-01", ["12-25", "01-29"]),
        ("0 9 * * mon#2", "2026-12-01", ["12-14", "01-11"]),
        ("0 9 * * 7", "2026-12-01", ["12-06", "12-13"]),
        ("0 9 * * */7", "2026-12-01", ["12-06", "12-13"]),
        ("59 23 31 12 *", "2026-12-31", ["12-31", "12-31"]),
        ("*/45 9 1 12 *", "2026-12-01", ["12-01", "12-01", "12-01"]),
    ],
)
def test_it_fires_on_the_days_that_the_page_says(cron: str, since: str, shown: list[str]) -> None:
    schedule = Schedule(cron=read_cron(cron), timezone=BERLIN)
    found = firings_between(schedule, instant(since, BERLIN), 3e9)

    days = [f"{local(at, clock(BERLIN)):%m-%d}" for at in islice(found, len(shown))]

    assert days == shown


TIMES = st.tuples(st.integers(0, 59), st.integers(0, 23))


@given(TIMES, st.sampled_from([NEW_YORK, BERLIN, HAVANA, "Asia/Kolkata", "Australia/Lord_Howe"]))
def test_a_daily_time_fires_once_on_each_day_of_a_year(time: tuple[int, int], zone: str) -> None:
    minute, hour = time
    schedule = Schedule(cron=f"{minute} {hour} * * *", timezone=zone)
    since = instant("2026-01-01T00:00", zone)

    year = list(islice(firings_between(schedule, since - 1, since + 400 * DAY), 365))

    days = [local(at, clock(zone)).timetuple().tm_yday for at in year]
    assert days == list(range(1, 366))
    assert year == sorted(set(year))


@given(st.floats(NOVEMBER, NOVEMBER + 366 * DAY))
def test_what_comes_next_is_what_comes_first_of_all_that_follow(since: float) -> None:
    schedule = Schedule(cron="*/20 1-3 * * *", timezone=NEW_YORK)

    following = list(firings_between(schedule, since, since + 3 * DAY))

    assert next_after(schedule, since) == following[0]
    assert following[0] > since
    assert next_after(schedule, following[0]) == following[1]
