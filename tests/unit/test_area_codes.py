"""In which zones a number may be where its area code lies in several."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers.timezone import time_zones_for_number
from phonenumbers.tzdata import TIMEZONE_DATA

from scheduler.hours.area_codes import MORE_ZONES, OVERLAYS, area_code_zones
from scheduler.hours.number_zones import number_zones
from scheduler.hours.openings import opening
from scheduler.hours.walltime import zone_of
from scheduler.hours.weeks import read_week
from scheduler.models import Contact, Hours, Policy

#: The codes that NANPA's report of 2025-11-26 has in several zones (E Eastern, C Central, M
#: Mountain, P Pacific, A Atlantic, N Newfoundland), and those of which others know it: Navajo
#: towns in Arizona, towns in British Columbia and Quebec, Lloydminster, Labrador, Phenix City.
_SPLIT = """
EC 219 270 364 423 729 448 850 574 606 807 812 930 906 931 334 483
CM 308 605 620 701 785 915 432 306 639 474
MP 208 986 541 458 775 250 778 236 672 257
EA 418 581 367 273
NA 709 879
CEMP 867
MZ 928
"""
SPLIT = {code: line.split()[0] for line in _SPLIT.split("\n") for code in line.split()[1:]}
#: January's and July's hours from UTC, on the clocks that one of the zones has to have.
CLOCKS = {
    "E": (-5, -4),
    "C": (-6, -5),
    "M": (-7, -6),
    "P": (-8, -7),
    "A": (-4, -3),
    "N": (-3.5, -2.5),
    "Z": (-7, -7),
}
AN_EXCHANGE_OF_NOBODY = "5550142"


def clock(zone: str, year: int = 2025) -> tuple[float, ...]:
    there = zone_of(zone)
    offsets = [datetime(year, month, 1, tzinfo=there).utcoffset() for month in (1, 7)]
    return tuple(offset.total_seconds() / 3600 for offset in offsets if offset is not None)


def codes_of_north_america() -> Iterator[str]:
    for code in range(200, 1000):
        parsed = phonenumbers.parse(f"+1{code}{AN_EXCHANGE_OF_NOBODY}")
        if phonenumbers.is_number_type_geographical(phonenumbers.number_type(parsed), 1):
            yield str(code)


@pytest.mark.parametrize(("code", "clocks"), SPLIT.items())
def test_a_code_that_lies_in_several_zones_has_them_all(code: str, clocks: str) -> None:
    zones = number_zones(f"+1{code}{AN_EXCHANGE_OF_NOBODY}")

    assert {CLOCKS[each] for each in clocks} <= set(map(clock, zones))


@pytest.mark.parametrize(("code", "clocks"), SPLIT.items())
def test_a_split_code_is_called_only_when_every_zone_of_it_is_open(code: str, clocks: str) -> None:
    contact = Contact("c", phone_number=f"+1{code}{AN_EXCHANGE_OF_NOBODY}")
    policy = Policy(hours=(Hours(week=read_week("8:00-21:00")),))
    january = datetime(2025, 1, 15, 5, tzinfo=UTC).timestamp()

    found = opening(policy, contact, january)

    hours = [CLOCKS[each][0] for each in clocks]
    opens = datetime(2025, 1, 15, tzinfo=UTC).timestamp() + (8 - min(hours)) * 3600
    closes = datetime(2025, 1, 15, tzinfo=UTC).timestamp() + (21 - max(hours)) * 3600
    assert (found.at, found.until) == (opens, closes)


def test_every_area_code_that_the_library_can_dial_has_a_zone() -> None:
    codes = list(codes_of_north_america())

    assert len(codes) > 400
    assert [code for code in codes if not number_zones(f"+1{code}{AN_EXCHANGE_OF_NOBODY}")] == []


def test_every_overlaid_code_is_one_that_the_library_has_zones_for() -> None:
    lines = [line.split() for line in OVERLAYS.strip().splitlines()]
    known = {prefix[1:4] for prefix in TIMEZONE_DATA if prefix.startswith("1")}

    assert [line[0] for line in lines if line[0] not in known] == []
    assert [line for line in lines if len(line) < 2 or len(set(line)) < len(line)] == []
    assert lines == sorted(lines)


def test_every_overlay_may_be_wherever_the_codes_are_that_it_overlays() -> None:
    for line in OVERLAYS.strip().splitlines():
        oldest, *others = line.split()
        for code in others:
            assert set(area_code_zones(f"1{oldest}555")) <= set(area_code_zones(f"1{code}555"))


def test_the_codes_that_have_more_zones_are_codes_and_zones() -> None:
    assert all(clock(zone) for zones in MORE_ZONES.values() for zone in zones)
    assert all(f"1{code}" in TIMEZONE_DATA for code in MORE_ZONES)


@pytest.mark.parametrize(
    ("number", "zones"),
    [
        ("+12193220142", ("America/Chicago",)),  # 322 is an exchange of Indiana's corner
        ("+14232300142", ("America/Chicago", "America/New_York")),  # of 423-23 the most are known
        ("+12125550142", ("America/New_York",)),
        ("+17295550142", ("America/Chicago", "America/New_York")),  # newer than the library
        ("+12025550142", ("America/New_York",)),
        ("+628121234567", ("Asia/Jakarta", "Asia/Jayapura", "Asia/Makassar")),
        ("+61755500142", ("Australia/Brisbane", "Australia/Sydney")),
        ("+61731000142", ("Australia/Brisbane",)),
        ("+33123456789", ("Europe/Paris",)),
        ("+34912345678", ("Europe/Madrid",)),
        ("+493023125014", ("Europe/Berlin",)),
    ],
)
def test_a_number_may_be_where_its_digits_allow_and_nowhere_else(
    number: str, zones: tuple[str, ...]
) -> None:
    assert number_zones(number) == zones


@pytest.mark.parametrize("number", ["+79161234567", "+61412345678", "+18005550142"])
def test_a_number_of_no_place_may_be_anywhere_in_its_country(number: str) -> None:
    code = phonenumbers.parse(number).country_code

    assert number_zones(number) == TIMEZONE_DATA[str(code)]


@given(st.sampled_from(range(201, 1000)), st.sampled_from(range(200, 1000)), st.integers(0, 9999))
def test_no_number_of_north_america_has_fewer_zones_than_the_library_says(
    area: int, exchange: int, last: int
) -> None:
    number = f"+1{area}{exchange}{last:04}"

    says = set(time_zones_for_number(phonenumbers.parse(number))) - {"Etc/Unknown"}

    found = set(number_zones(number))
    # Where the library knows nothing of the area code, it says all of North America.
    assert says <= found or says == set(TIMEZONE_DATA["1"])
    assert found or not says
