"""Which zone is meant by a name: read where it is certain, else refused with the place."""

from __future__ import annotations

from zoneinfo import available_timezones

import pytest

from scheduler.hours.named_zones import timezone


@pytest.mark.parametrize(
    ("written", "zone"),
    [
        *((name, name) for name in ("UTC", "EST5EDT", "PST8PDT", "US/Eastern")),
        *((name, name) for name in ("Canada/Eastern", "US/Indiana-Starke", "Asia/Calcutta")),
        *((name, name) for name in ("Europe/Kiev", "Europe/Kyiv", "America/Buenos_Aires")),
        ("Eastern Standard Time", "America/New_York"),
        ("Eastern Daylight Time", "America/New_York"),
        ("Pacific Standard Time", "America/Los_Angeles"),
        ("US Eastern Standard Time", "America/Indianapolis"),
        ("GMT Standard Time", "Europe/London"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("Eastern Time (US & Canada)", "America/New_York"),
        ("(UTC-05:00) Eastern Time (US & Canada)", "America/New_York"),
        ("(GMT-05:00) Eastern Standard Time (America/New_York)", "America/New_York"),
        ("(GMT+00:00) Greenwich Mean Time (Europe/London)", "Europe/London"),
    ],
)
def test_a_name_of_a_place_is_read(written: str, zone: str) -> None:
    assert timezone(written) == zone


@pytest.mark.parametrize(
    ("written", "place"),
    [
        *((name, "America/New_York") for name in ("EST", "EDT", "ET", "est", "Eastern Time")),
        *((name, "America/Chicago") for name in ("CST", "CDT", "CT")),
        *((name, "America/Denver") for name in ("MST", "MDT", "MT")),
        *((name, "America/Los_Angeles") for name in ("PST", "PDT", "PT", "US/Pacific-New")),
        *((name, "Pacific/Honolulu") for name in ("HST", "hst")),
        *((name, "America/New_York") for name in ("UTC-5", "GMT-5", "-05:00", "Etc/GMT+5")),
        *((name, "America/New_York") for name in ("america/new_york", "America/New York")),
        *((name, "America/New_York") for name in ("New York", "America/NewYork", "Etc/GMT-5")),
        *((name, "Asia/Kolkata") for name in ("+05:30", "IST", "UTC+05:30")),
        *((name, "Europe/London") for name in ("GMT", "BST", "Etc/GMT")),
        *((name, "UTC") for name in ("Z", "Zulu", "Etc/Zulu", "Etc/UTC", "UCT")),
        ("Berlin", "Europe/Berlin"),
    ],
)
def test_an_offset_or_an_abbreviation_is_refused_with_the_place(written: str, place: str) -> None:
    with pytest.raises(ValueError, match=rf"\b{place}\b"):
        timezone(written)


@pytest.mark.parametrize("written", ["Factory", "localtime", "posixrules", "Mars", "Mars/Olympus"])
def test_what_is_no_place_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="expected an IANA name such as America/New_York"):
        timezone(written)


@pytest.mark.parametrize("written", ["ET", "CT", "MT", "PT", "EDT", "CDT", "GMT-5", "UTC+3", "XST"])
def test_no_abbreviation_is_taken_for_one_that_looks_like_it(written: str) -> None:
    with pytest.raises(ValueError, match="unknown time zone") as refused:
        timezone(written)

    said = str(refused.value).partition(": ")[2].replace("?", " ")
    assert not any(name in said.split() for name in ("WET", "UCT", "EST", "MST", "GMT-0", "GMT+0"))


def test_every_place_that_has_a_name_is_read_as_itself() -> None:
    places = [name for name in available_timezones() if "/" in name and name[:4] != "Etc/"]

    assert [name for name in places if timezone(name) != name] == []
