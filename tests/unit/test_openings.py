"""When a contact may be called, also on the days on which clocks change."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers.tzdata import TIMEZONE_DATA

from scheduler.hours.openings import opening, verdicts, zones_of
from scheduler.hours.walltime import zone_of
from scheduler.hours.weeks import read_week
from scheduler.models import Contact, Hours, Policy, Reason
from tests.examples import examples

NEW_YORK = "+12125550123"
TOLL_FREE = "+18005550123"
#: Its area has two zones, of which the library names the first twice.
IDAHO = "+12085550123"
IDAHOS_ZONES = ("America/Boise", "America/Denver", "America/Los_Angeles")
ROOM = "sip:room@sip.example.com"


def rule(
    text: str = "always", blackout_dates: tuple[str, ...] = (), holidays: tuple[str, ...] = ()
) -> Hours:
    return Hours("calling_hours", read_week(text), blackout_dates, holidays)


def policy(
    text: str = "always", blackout_dates: tuple[str, ...] = (), holidays: tuple[str, ...] = ()
) -> Policy:
    return Policy(hours=(rule(text, blackout_dates, holidays),))


def there(zone: str) -> Contact:
    return Contact("c", sip_uri=ROOM, timezone=zone)


def at(written: str) -> float:
    """Return an instant that is written with its offset."""
    return datetime.fromisoformat(written).timestamp()


# Where a contact is -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("contact", "default", "zones"),
    [
        (Contact("c", phone_number=NEW_YORK), "", ("America/New_York",)),
        (Contact("c", phone_number=NEW_YORK, timezone="America/Denver"), "", ("America/Denver",)),
        (
            Contact("c", phone_number=NEW_YORK, timezone="Asia/Tokyo"),
            "",
            ("Asia/Tokyo", "America/New_York"),
        ),
        (Contact("c", phone_number=NEW_YORK), "Asia/Tokyo", ("America/New_York",)),
        (Contact("c", phone_number=IDAHO), "", IDAHOS_ZONES),
        (Contact("c", sip_uri=ROOM), "Asia/Tokyo", ("Asia/Tokyo",)),
        (Contact("c", sip_uri=ROOM), "", ()),
        (Contact("c", phone_number="+870773111632"), "", ()),
    ],
)
def test_a_zone_is_the_contacts_else_its_numbers_else_the_campaigns(
    contact: Contact, default: str, zones: tuple[str, ...]
) -> None:
    assert zones_of(contact, Policy(timezone=default)) == zones


def test_a_number_without_an_area_may_be_anywhere() -> None:
    zones = zones_of(Contact("c", phone_number=TOLL_FREE), Policy())

    assert len(zones) > 30
    assert {"Pacific/Guam", "America/St_Johns"} <= set(zones)


def test_every_zone_that_a_number_may_have_is_known_here() -> None:
    named = {zone for zones in TIMEZONE_DATA.values() for zone in zones} - {"Etc/Unknown"}

    assert named <= available_timezones()


# Without hours ------------------------------------------------------------------------------------


def test_without_hours_anybody_may_be_called_at_any_time() -> None:
    assert opening(Policy(), Contact("c", sip_uri=ROOM), 5.0) == (
        opening(Policy(), Contact("c", phone_number=NEW_YORK), 5.0)
    )
    found = opening(Policy(), Contact("c", sip_uri=ROOM), 5.0)
    assert (found.at, found.until, found.reason) == (5.0, math.inf, None)


@pytest.mark.parametrize(
    ("campaign", "contact", "opens", "closes"),
    [
        ((100.0, None), (None, None), 100.0, math.inf),
        ((100.0, 300.0), (200.0, 400.0), 200.0, 300.0),
        ((200.0, 400.0), (100.0, 300.0), 200.0, 300.0),
        ((None, None), (200.0, 250.0), 200.0, 250.0),
        ((10.0, None), (20.0, None), 50.0, math.inf),
    ],
)
def test_the_later_beginning_and_the_earlier_end_hold(
    campaign: tuple[float | None, float | None],
    contact: tuple[float | None, float | None],
    opens: float,
    closes: float,
) -> None:
    rules = Policy(not_before=campaign[0], not_after=campaign[1])

    found = opening(rules, Contact("c", not_before=contact[0], not_after=contact[1]), 50.0)

    assert (found.at, found.until, found.reason) == (opens, closes, None)


@pytest.mark.parametrize(
    ("rules", "contact", "reason"),
    [
        (Policy(not_after=50.0), Contact("c"), Reason.EXPIRED),
        (Policy(), Contact("c", not_after=49.0), Reason.EXPIRED),
        (Policy(not_before=300.0), Contact("c", not_after=200.0), Reason.OUTSIDE_HOURS),
        (policy("9:00-17:00"), Contact("c", sip_uri=ROOM), Reason.UNKNOWN_TIMEZONE),
        (policy("9:00-17:00"), there("Mars/Olympus"), Reason.UNKNOWN_TIMEZONE),
        (Policy(hours=(Hours(),)), there("Asia/Tokyo"), Reason.OUTSIDE_HOURS),
        (
            Policy(hours=(rule("9:00-12:00"), rule("12:00-17:00"))),
            there("Asia/Tokyo"),
            Reason.OUTSIDE_HOURS,
        ),
        (policy("9:00-17:00"), Contact("c", timezone="UTC", not_after=3600.0), "outside_hours"),
    ],
)
def test_a_reason_says_why_there_is_no_opening(
    rules: Policy, contact: Contact, reason: str
) -> None:
    found = opening(rules, contact, 50.0)

    assert (found.at, found.until, found.reason) == (math.inf, math.inf, reason)


def test_an_opening_within_366_days_is_found_and_none_beyond() -> None:
    closed = tuple((date(2026, 1, 1) + timedelta(days=by)).isoformat() for by in range(366))
    now, then = at("2026-01-01T00:00Z"), at("2027-01-02T00:00Z")

    assert opening(policy(blackout_dates=closed), there("UTC"), now).at == then
    assert opening(policy(blackout_dates=closed), there("UTC"), now - 1).reason is None
    one_more = (*closed, "2027-01-02", "2027-01-03")
    assert opening(policy(blackout_dates=one_more), there("UTC"), now).reason is (
        Reason.OUTSIDE_HOURS
    )


# Windows ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "zone", "now", "opens", "closes"),
    [
        # Open now, at the very opening, at the close, between two windows, over a weekend.
        ("9:00-17:00", "Europe/Berlin", "2026-11-23T10:00+01:00", None, "2026-11-23T17:00+01:00"),
        ("9:00-17:00", "Europe/Berlin", "2026-11-23T09:00+01:00", None, "2026-11-23T17:00+01:00"),
        (
            *("9:00-17:00", "Europe/Berlin", "2026-11-23T17:00+01:00"),
            *("2026-11-24T09:00+01:00", "2026-11-24T17:00+01:00"),
        ),
        (
            *("mon-fri 9:00-12:00, 13:00-17:00", "Asia/Tokyo", "2026-11-23T12:30+09:00"),
            *("2026-11-23T13:00+09:00", "2026-11-23T17:00+09:00"),
        ),
        (
            *("mon-fri 9:00-12:00, 13:00-17:00", "Asia/Tokyo", "2026-11-27T17:00+09:00"),
            *("2026-11-30T09:00+09:00", "2026-11-30T12:00+09:00"),
        ),
        # Over midnight, there and in UTC.
        ("22:00-2:00", "UTC", "2026-11-23T23:00Z", None, "2026-11-24T02:00Z"),
        ("sat 22:00-2:00", "UTC", "2026-11-29T01:00Z", None, "2026-11-29T02:00Z"),
        (
            *("9:00-21:00", "America/Los_Angeles", "2026-11-23T15:00-08:00"),
            *(None, "2026-11-23T21:00-08:00"),
        ),
    ],
)
def test_a_window_opens_and_closes_in_the_time_of_the_contact(
    text: str, zone: str, now: str, opens: str | None, closes: str
) -> None:
    found = opening(policy(text), there(zone), at(now))

    assert (found.at, found.until) == (at(opens or now), at(closes))


def test_a_blackout_date_is_a_date_where_the_contact_is() -> None:
    rules = policy("9:00-17:00", blackout_dates=("2026-11-24",))
    now = at("2026-11-23T23:30Z")

    assert opening(rules, there("Asia/Tokyo"), now).at == at("2026-11-25T09:00+09:00")
    assert opening(rules, there("America/New_York"), at("2026-11-23T13:00-05:00")).at == at(
        "2026-11-23T13:00-05:00"
    )


@pytest.mark.parametrize(
    ("region", "now", "opens"),
    [
        ("US", "2026-11-26T09:00-05:00", "2026-11-27T08:00-05:00"),  # Thanksgiving
        ("US", "2026-07-03T09:00-04:00", "2026-07-05T08:00-04:00"),  # the 4th, seen on the 3rd
        ("US", "2026-11-27T09:00-05:00", "2026-11-27T09:00-05:00"),
        ("US-FL", "2026-11-27T09:00-05:00", "2026-11-28T08:00-05:00"),  # the day after, there
        ("DE-BY", "2027-01-06T09:00-05:00", "2027-01-07T08:00-05:00"),  # Epiphany
        ("DE", "2027-01-06T09:00-05:00", "2027-01-06T09:00-05:00"),
    ],
)
def test_public_holidays_of_a_country_or_a_part_of_it_are_closed(
    region: str, now: str, opens: str
) -> None:
    rules = policy("8:00-20:00", holidays=(region,))

    assert opening(rules, there("America/New_York"), at(now)).at == at(opens)


def test_every_zone_that_is_possible_has_to_be_open() -> None:
    now = at("2026-11-23T00:00-07:00")  # in Boise; an hour less in Los Angeles

    found = opening(policy("8:00-21:00"), Contact("c", phone_number=IDAHO), now)

    assert (found.at, found.until) == (at("2026-11-23T08:00-08:00"), at("2026-11-23T21:00-07:00"))


def test_a_number_that_may_be_anywhere_is_called_when_it_is_day_everywhere() -> None:
    now = at("2026-11-23T12:00Z")

    found = opening(policy("8:00-21:00"), Contact("c", phone_number=TOLL_FREE), now)

    # From 8:00 in Guam to 21:00 on Newfoundland.
    assert (found.at, found.until) == (at("2026-11-23T22:00Z"), at("2026-11-24T00:30Z"))


def test_all_rules_have_to_be_open() -> None:
    rules = Policy(hours=(rule("8:00-21:00"), rule("mon-fri 10:00-20:00"), rule("11:00-22:00")))

    found = opening(rules, there("UTC"), at("2026-11-21T12:00Z"))

    assert (found.at, found.until) == (at("2026-11-23T11:00Z"), at("2026-11-23T20:00Z"))


# Days on which clocks change ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "text", "now", "opens", "closes"),
    [
        # Forward: 23 hours, and what is left out of the day.
        *[
            ("America/New_York", text, "2027-03-14T00:00-05:00", opens, closes)
            for text, opens, closes in [
                ("1:00-5:00", "2027-03-14T01:00-05:00", "2027-03-14T05:00-04:00"),
                ("2:30-5:00", "2027-03-14T03:00-04:00", "2027-03-14T05:00-04:00"),
                ("1:00-2:30", "2027-03-14T01:00-05:00", "2027-03-14T03:00-04:00"),
                ("2:00-2:45", "2027-03-15T02:00-04:00", "2027-03-15T02:45-04:00"),
                ("8:00-21:00", "2027-03-14T08:00-04:00", "2027-03-14T21:00-04:00"),
            ]
        ],
        (
            *("Europe/London", "8:00-21:00", "2027-03-28T00:30+00:00"),
            *("2027-03-28T08:00+01:00", "2027-03-28T21:00+01:00"),
        ),
        (
            *("Australia/Lord_Howe", "2:15-4:00", "2026-10-04T00:00+10:30"),
            *("2026-10-04T02:30+11:00", "2026-10-04T04:00+11:00"),
        ),
        # Santiago's day begins at 1:00.
        (
            *("America/Santiago", "0:00-6:00", "2026-09-05T20:00-04:00"),
            *("2026-09-06T01:00-03:00", "2026-09-06T06:00-03:00"),
        ),
        # Back: 25 hours, and what is there twice.
        *[
            ("America/New_York", text, "2026-11-01T00:30-04:00", opens, closes)
            for text, opens, closes in [
                ("1:30-5:00", "2026-11-01T01:30-05:00", "2026-11-01T05:00-05:00"),
                ("1:00-5:00", "2026-11-01T01:00-04:00", "2026-11-01T05:00-05:00"),
                ("0:45-1:30", "2026-11-01T00:45-04:00", "2026-11-01T01:30-04:00"),
                ("1:15-1:45", "2026-11-02T01:15-05:00", "2026-11-02T01:45-05:00"),
                ("0:00-2:00", "2026-11-01T00:30-04:00", "2026-11-01T02:00-05:00"),
                ("8:00-21:00", "2026-11-01T08:00-05:00", "2026-11-01T21:00-05:00"),
            ]
        ],
        (
            *("Europe/London", "1:30-3:00", "2026-10-25T00:00+01:00"),
            *("2026-10-25T01:30+00:00", "2026-10-25T03:00+00:00"),
        ),
        (
            *("Australia/Lord_Howe", "1:45-4:00", "2027-04-04T00:00+11:00"),
            *("2027-04-04T01:45+10:30", "2027-04-04T04:00+10:30"),
        ),
        # Santiago's Saturday has 23:00 twice, Havana's Sunday 0:00.
        (
            *("America/Santiago", "sat 22:00-24:00", "2027-04-03T12:00-03:00"),
            *("2027-04-03T22:00-03:00", "2027-04-04T00:00-04:00"),
        ),
        (
            *("America/Santiago", "sat 23:30-24:00", "2027-04-03T12:00-03:00"),
            *("2027-04-03T23:30-04:00", "2027-04-04T00:00-04:00"),
        ),
        (
            *("America/Havana", "sun 0:00-6:00", "2025-11-01T12:00-04:00"),
            *("2025-11-02T00:00-04:00", "2025-11-02T06:00-05:00"),
        ),
        # A whole day that never was.
        (
            *("Pacific/Apia", "9:00-17:00", "2011-12-29T17:00-10:00"),
            *("2011-12-31T09:00+14:00", "2011-12-31T17:00+14:00"),
        ),
    ],
)
def test_hours_are_what_the_clock_on_the_wall_shows(
    zone: str, text: str, now: str, opens: str, closes: str
) -> None:
    found = opening(policy(text), there(zone), at(now))

    assert (found.at, found.until) == (at(opens), at(closes))


@pytest.mark.parametrize(("day", "hours"), [("2027-03-14", 23), ("2026-11-01", 25)])
def test_a_day_that_is_open_as_a_whole_is_as_long_as_it_is(day: str, hours: int) -> None:
    after = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    before = (date.fromisoformat(day) - timedelta(days=1)).isoformat()
    now = datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=ZoneInfo("America/New_York"))

    rules = policy(blackout_dates=(before, after))
    found = opening(rules, there("America/New_York"), now.timestamp())

    assert found.at == now.timestamp()
    assert found.until - found.at == hours * 3600


# Any policy, any zone, any instant ----------------------------------------------------------------

MINUTES_LOOKED_AT = 60 * 60
_CHANGES = [
    ("America/New_York", "2026-11-01T06:00Z"),
    ("America/New_York", "2027-03-14T07:00Z"),
    ("Europe/London", "2026-10-25T01:00Z"),
    ("Europe/London", "2027-03-28T01:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T15:30Z"),
    ("Australia/Lord_Howe", "2027-04-03T15:00Z"),
    ("America/Santiago", "2026-09-06T04:00Z"),
    ("America/Santiago", "2027-04-04T03:00Z"),
    ("America/Havana", "2025-11-02T05:00Z"),
    ("America/St_Johns", "2026-11-01T04:30Z"),
    ("Antarctica/Troll", "2026-10-25T01:00Z"),
    ("Africa/Casablanca", "2027-02-07T02:00Z"),
    ("Asia/Kathmandu", "2026-11-01T00:00Z"),
    ("Pacific/Kiritimati", "2026-12-31T12:00Z"),
    ("", "2026-11-01T08:00Z"),  # two zones, by the number
]
_window = st.tuples(st.integers(0, 95), st.integers(1, 96)).map(
    lambda quarters: (min(quarters) * 15, max(quarters) * 15)
)
_night = st.tuples(st.integers(0, 16), st.integers(1, 16)).map(
    lambda quarters: (min(quarters) * 15, min(quarters) * 15 + max(quarters) * 15)
)


def _apart(windows: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return windows in order that do not touch."""
    kept: list[tuple[int, int]] = []
    for window in sorted(windows):
        if window[0] < window[1] and (not kept or window[0] > kept[-1][1]):
            kept.append(window)
    return tuple(kept)


_day = st.lists(_window | _night, max_size=3).map(_apart)
_week = st.tuples(*[_day] * 7) | st.just(read_week("8:00-21:00")) | st.just(read_week("always"))


@st.composite
def _cases(draw: st.DrawFn) -> tuple[Policy, Contact, tuple[str, ...], float]:
    zone, near = draw(st.sampled_from(_CHANGES))
    # Edges of windows are at quarters of an hour.
    quarters = st.integers(-36 * 4, 12 * 4).map(lambda quarter: quarter * 900)
    now = at(near) + draw(quarters | st.integers(-36 * 3600, 12 * 3600))
    dates = [datetime.fromtimestamp(now + by * 86_400, UTC).date() for by in range(-1, 4)]
    closed = draw(st.lists(st.sampled_from([day.isoformat() for day in dates]), max_size=2))
    rules = [Hours(week=draw(_week), blackout_dates=tuple(closed))]
    if draw(st.booleans()):
        rules.append(Hours(week=draw(_week)))
    contact = there(zone) if zone else Contact("c", phone_number=IDAHO)
    zones = (zone,) if zone else IDAHOS_ZONES
    return Policy(hours=tuple(rules)), contact, zones, now


def _open_minutes(hours: tuple[Hours, ...], zone: str, first: int) -> list[bool]:
    """Look at the clock on the wall in every minute, and at nothing else.

    A window holds a minute that the clock shows in it, unless it was at its close already in an
    earlier minute, or is before its opening again in a later one.
    """
    there_is = zone_of(zone)
    shown = [
        datetime.fromtimestamp(minute * 60, there_is).replace(tzinfo=None)
        for minute in range(first - 300, first + MINUTES_LOOKED_AT + 300)
    ]
    so_far = list(accumulate(shown, max))
    from_here = list(accumulate(reversed(shown), min))[::-1]
    looked_at = zip(shown, so_far, from_here, strict=True)
    return [all(_holds(rule, *seen) for rule in hours) for seen in list(looked_at)[300:-300]]


def _holds(rule: Hours, shown: datetime, latest: datetime, earliest: datetime) -> bool:
    day = shown.replace(hour=0, minute=0, second=0)
    if shown.date().isoformat() in rule.blackout_dates:
        return False
    return any(
        day + timedelta(minutes=opens) <= min(shown, earliest)
        and max(shown, latest) < day + timedelta(minutes=closes)
        for opens, closes in rule.week[shown.weekday()]
    )


@examples(100)
@given(_cases())
def test_an_opening_is_the_first_minute_in_which_every_clock_shows_open_hours(
    case: tuple[Policy, Contact, tuple[str, ...], float],
) -> None:
    rules, contact, zones, now = case
    first = int(now // 60)
    each = [_open_minutes(rules.hours, zone, first) for zone in zones]
    is_open = [all(seen) for seen in zip(*each, strict=True)]

    found = opening(rules, contact, now)

    if True not in is_open:
        assert found.at >= (first + MINUTES_LOOKED_AT) * 60
        return
    opens = is_open.index(True)
    assert found.reason is None
    assert found.at == max(now, (first + opens) * 60)
    if False in is_open[opens:]:
        assert found.until == (first + is_open.index(False, opens)) * 60
    else:
        assert found.until >= (first + MINUTES_LOOKED_AT) * 60


@settings(deadline=None)
@given(_cases())
def test_what_is_explained_is_what_is_decided(
    case: tuple[Policy, Contact, tuple[str, ...], float],
) -> None:
    rules, contact, _zones, now = case

    found, said = opening(rules, contact, now), verdicts(rules, contact, now)

    assert all(verdict.passes for verdict in said) == (found.at == now)
    assert all(verdict.until is None or now < verdict.until <= found.at for verdict in said)


# What is said -------------------------------------------------------------------------------------


def test_every_rule_that_is_set_says_what_it_looked_at() -> None:
    now = at("2026-11-26T14:30Z")
    rules = Policy(
        hours=(
            Hours("calling_hours", read_week("mon-fri 8:00-21:00"), holidays=("US",)),
            Hours("us-ky", read_week("10:00-21:00")),
        ),
        not_before=at("2026-11-20T00:00Z"),
        not_after=at("2026-12-20T00:00Z"),
    )

    said = verdicts(rules, Contact("c", phone_number=NEW_YORK), now)

    assert [(each.rule, each.passes, each.until) for each in said] == [
        ("not_before", True, None),
        ("not_after", True, None),
        ("timezone", True, None),
        ("calling_hours", False, at("2026-11-27T08:00-05:00")),
        ("us-ky", False, at("2026-11-26T10:00-05:00")),
    ]
    assert [each.found for each in said] == [
        "2026-11-20T00:00:00Z or later",
        "before 2026-12-20T00:00:00Z",
        "America/New_York: as its number says",
        "mon-fri 8:00-21:00; sat-sun closed; it is Thu 2026-11-26 09:30 in America/New_York,"
        " 2026-11-26 is Thanksgiving Day in US",
        "10:00-21:00; it is Thu 2026-11-26 09:30 in America/New_York",
    ]


def test_zones_that_are_many_are_counted() -> None:
    said = verdicts(policy("8:00-21:00"), Contact("c", phone_number=TOLL_FREE), 0.0)

    assert said[0].found.endswith(" and 39 more zones: as its number says")


def test_a_zone_that_nobody_knows_is_said() -> None:
    (said,) = verdicts(policy("8:00-21:00"), Contact("c", sip_uri=ROOM), 0.0)

    assert (said.rule, said.passes, said.until) == ("timezone", False, None)
    assert said.found == "neither the contact, its number nor the campaign says where it is"
