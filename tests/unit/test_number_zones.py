"""In which zones a number may be, all of which have to be open."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import available_timezones

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers.tzdata import TIMEZONE_DATA

from scheduler.hours.area_codes import MORE_ZONES, OVERLAYS, area_code_zones
from scheduler.hours.number_zones import is_foreign, number_zones
from scheduler.hours.openings import Source, opening, verdicts, whereabouts, zones_of
from scheduler.hours.weeks import read_week
from scheduler.models import Contact, Hours, Policy

EASTERN, CENTRAL = "America/New_York", "America/Chicago"
MOUNTAIN, PACIFIC = "America/Denver", "America/Los_Angeles"
WEEK = Policy(hours=(Hours(week=read_week("8:00-21:00")),))

#: Area codes that lie in more than one zone, with zones that each must have. The states' own maps
#: of time zones and NANPA's database of area codes agree on these.
SPLIT = {
    **dict.fromkeys(("208", "986"), (MOUNTAIN, PACIFIC)),
    "219": (EASTERN, CENTRAL),
    **dict.fromkeys(("270", "364"), (EASTERN, CENTRAL)),
    **dict.fromkeys(("423", "729"), (EASTERN, CENTRAL)),
    **dict.fromkeys(("541", "458"), (PACIFIC, "America/Boise")),
    **dict.fromkeys(("812", "930"), (EASTERN, CENTRAL)),
    **dict.fromkeys(("850", "448"), (EASTERN, CENTRAL)),
    "308": (CENTRAL, MOUNTAIN),
    "574": (EASTERN, CENTRAL),
    "605": (CENTRAL, MOUNTAIN),
    "606": (EASTERN, CENTRAL),
    "620": (CENTRAL, MOUNTAIN),
    "701": (CENTRAL, MOUNTAIN),
    "785": (CENTRAL, MOUNTAIN),
    "906": (EASTERN, CENTRAL),
    "915": (CENTRAL, MOUNTAIN),
    "928": ("America/Phoenix", MOUNTAIN),
    "931": (EASTERN, CENTRAL),
    "432": (CENTRAL, MOUNTAIN),
    "775": (PACIFIC, MOUNTAIN),
    "807": ("America/Toronto", "America/Winnipeg"),
    **dict.fromkeys(("306", "639", "474"), ("America/Regina", "America/Edmonton")),
    **dict.fromkeys(("709", "879"), ("America/St_Johns", "America/Halifax")),
    **dict.fromkeys(("250", "778", "236", "672"), ("America/Vancouver", "America/Edmonton")),
}


def offsets(zone: str) -> tuple[object, ...]:
    from scheduler.hours.walltime import zone_of

    there = zone_of(zone)
    assert there is not None
    return tuple(datetime(2026, month, 15, 12, tzinfo=there).utcoffset() for month in (1, 7))


def at(written: str) -> float:
    return datetime.fromisoformat(written).timestamp()


@pytest.mark.parametrize("code", SPLIT)
def test_a_split_area_code_has_each_of_its_zones(code: str) -> None:
    known = {offsets(zone) for zone in number_zones(f"+1{code}5550142")}

    assert {offsets(zone) for zone in SPLIT[code]} <= known


def test_of_a_split_code_both_zones_have_to_be_open() -> None:
    kentucky = Contact("c", phone_number="+13645550142")

    for now, opens in [
        ("2027-01-11T07:30-06:00", "2027-01-11T08:00-06:00"),  # 8:30 in the east
        ("2027-01-11T19:30-06:00", "2027-01-11T19:30-06:00"),
        ("2027-01-11T20:30-06:00", "2027-01-12T08:00-06:00"),  # 21:30 in the east
    ]:
        assert opening(WEEK, kentucky, at(now)).at == at(opens)


def test_an_exchange_that_is_known_is_in_its_own_zone() -> None:
    known = next(prefix for prefix in TIMEZONE_DATA if len(prefix) == 7 and prefix[:4] == "1850")

    assert area_code_zones(f"{known}0142") == TIMEZONE_DATA[known]


def test_the_table_of_overlays_is_one_of_codes_that_are_in_the_plan() -> None:
    lines = [line.split() for line in OVERLAYS.strip().splitlines()]

    assert all(len(code) == 3 and code.isdigit() for line in lines for code in line)
    assert all(len(set(line)) == len(line) > 1 for line in lines)
    bases = {line[0] for line in lines}
    assert [base for base in sorted(bases) if not area_code_zones(f"1{base}5550142")] == []


def test_every_zone_of_the_table_is_known() -> None:
    assert {zone for zones in MORE_ZONES.values() for zone in zones} <= available_timezones()


def test_every_area_code_of_the_us_and_canada_has_a_zone() -> None:
    numbers = [f"+1{code}5550142" for code in range(201, 1000)]
    places = [
        number
        for number in numbers
        if phonenumbers.region_code_for_number(phonenumbers.parse(number)) in ("US", "CA")
        and phonenumbers.number_type(phonenumbers.parse(number)) == 2
    ]

    assert len(places) > 350
    assert [number for number in places if not number_zones(number)] == []


@given(st.integers(201, 999), st.integers(200, 999), st.integers(0, 9999))
def test_the_last_four_digits_of_a_north_american_number_say_nothing(
    area: int, exchange: int, last: int
) -> None:
    found = {
        zones_of(Contact("c", phone_number=f"+1{area}{exchange}{each:04}"), Policy())
        for each in (0, last)
    }

    assert len(found) == 1


# A zone of another country ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "number", "foreign"),
    [
        ("Asia/Tokyo", "+12125550142", True),
        ("UTC", "+12125550142", True),
        ("Europe/London", "+12125550142", True),
        (PACIFIC, "+12125550142", False),
        ("US/Pacific", "+12125550142", False),
        ("Pacific/Honolulu", "+12125550142", False),
        ("America/Phoenix", "+12125550142", False),
        ("America/Toronto", "+12125550142", False),  # the same clock
        ("Asia/Tokyo", "+18005550142", True),
        (EASTERN, "+493023125014", True),
        ("Europe/Vienna", "+493023125014", False),
        ("Asia/Tokyo", "", False),
    ],
)
def test_a_zone_is_foreign_that_no_part_of_the_country_has(
    zone: str, number: str, foreign: bool
) -> None:
    assert is_foreign(zone, number) is foreign


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "UTC"])
def test_a_foreign_zone_is_held_together_with_the_numbers(zone: str) -> None:
    contact = Contact("c", phone_number="+12125550142", timezone=zone)

    assert zones_of(contact, WEEK) == (zone, EASTERN)
    found = opening(WEEK, contact, at("2026-11-27T03:30-05:00")).at
    assert found >= at("2026-11-27T08:00-05:00")
    (said,) = [one.found for one in verdicts(WEEK, contact, found) if one.rule == "timezone"]
    assert f"no part of its country has {zone}" in said


@pytest.mark.parametrize(
    ("contact", "campaigns", "source"),
    [
        (Contact("c", phone_number="+12125550142", timezone=PACIFIC), "", Source.CONTACT),
        (Contact("c", phone_number="+12125550142"), "", Source.NUMBER),
        (Contact("c", phone_number="+13645550142"), "", Source.SEVERAL),
        (Contact("c", phone_number="+12125550142", timezone="UTC"), "", Source.HELD_TWICE),
        (Contact("c", sip_uri="sip:a@sip.example.com"), EASTERN, Source.CAMPAIGN),
        (Contact("c", sip_uri="sip:a@sip.example.com"), "", Source.UNKNOWN),
    ],
)
def test_it_is_known_who_says_where_a_contact_is(
    contact: Contact, campaigns: str, source: Source
) -> None:
    assert whereabouts(contact, Policy(timezone=campaigns)).source is source
