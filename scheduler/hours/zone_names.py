"""Reads time zone names as people write them, if the zone is certain; else suggests places.

A zone is a place. `EST`, `Etc/GMT+5` and `UTC-5` are offsets that are the same in summer and in
winter, but people use them for places whose offset changes: they are refused. Windows, and programs
that export from it, have their own names for places: CLDR's table, which tzlocal ships, has these.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import available_timezones

from tzlocal.windows_tz import win_tz

from scheduler.hours.walltime import zone_of

#: IANA names that are not places, in small letters, with the place that is perhaps meant.
_NO_PLACE = {
    **dict.fromkeys(("est", "edt", "et", "eastern", "eastern time"), ("America/New_York",)),
    **dict.fromkeys(("cst", "cdt", "ct", "central", "central time"), ("America/Chicago",)),
    **dict.fromkeys(("mst", "mt", "mountain"), ("America/Denver", "America/Phoenix")),
    **dict.fromkeys(("mdt", "mountain time"), ("America/Denver",)),
    **dict.fromkeys(("pst", "pdt", "pt", "pacific", "pacific time"), ("America/Los_Angeles",)),
    **dict.fromkeys(("akst", "akdt", "akt", "alaska", "alaska time"), ("America/Anchorage",)),
    **dict.fromkeys(("hst", "hast", "hawaii", "hawaii time"), ("Pacific/Honolulu",)),
    **dict.fromkeys(("ast", "at", "atlantic time"), ("America/Halifax", "America/Puerto_Rico")),
    "adt": ("America/Halifax",),
    **dict.fromkeys(("nst", "ndt", "nt", "newfoundland time"), ("America/St_Johns",)),
    "arizona": ("America/Phoenix",),
    "us/pacific-new": ("America/Los_Angeles",),
    **dict.fromkeys(("gmt", "gmt0", "greenwich", "etc/gmt"), ("Europe/London", "UTC")),
    **dict.fromkeys(("etc/gmt0", "etc/greenwich"), ("Europe/London", "UTC")),
    "greenwich mean time": ("Europe/London", "UTC"),
    **dict.fromkeys(("z", "zulu", "uct", "universal", "etc/zulu", "etc/uct"), ("UTC",)),
    **dict.fromkeys(("etc/universal", "etc/utc"), ("UTC",)),
    "coordinated universal time": ("UTC",),
    **dict.fromkeys(("bst", "british summer time"), ("Europe/London",)),
    **dict.fromkeys(("cest", "central european time"), ("Europe/Berlin",)),
    **dict.fromkeys(("eest", "eastern european time"), ("Europe/Athens",)),
    **dict.fromkeys(("west", "western european time"), ("Europe/Lisbon",)),
    **dict.fromkeys(("ist", "indian standard time"), ("Asia/Kolkata", "Europe/Dublin")),
    **dict.fromkeys(("msk", "moscow time"), ("Europe/Moscow",)),
    **dict.fromkeys(("jst", "japan standard time"), ("Asia/Tokyo",)),
    "kst": ("Asia/Seoul",),
    "hkt": ("Asia/Hong_Kong",),
    "sgt": ("Asia/Singapore",),
    **dict.fromkeys(("aest", "aet"), ("Australia/Sydney", "Australia/Brisbane")),
    "australian eastern standard time": ("Australia/Sydney", "Australia/Brisbane"),
    "aedt": ("Australia/Sydney",),
    **dict.fromkeys(("acst", "act"), ("Australia/Adelaide", "Australia/Darwin")),
    "acdt": ("Australia/Adelaide",),
    "awst": ("Australia/Perth",),
    **dict.fromkeys(("nzst", "nzdt", "nzt"), ("Pacific/Auckland",)),
    "sast": ("Africa/Johannesburg",),
    "eat": ("Africa/Nairobi",),
    "wat": ("Africa/Lagos",),
    "cat": ("Africa/Maputo",),
    "brt": ("America/Sao_Paulo",),
    "art": ("America/Argentina/Buenos_Aires",),
    **dict.fromkeys(("factory", "localtime", "posixrules"), ()),
}

#: Names that Rails and Windows show for zones of North America.
_SHOWN = {
    "eastern time (us & canada)": "America/New_York",
    "central time (us & canada)": "America/Chicago",
    "mountain time (us & canada)": "America/Denver",
    "pacific time (us & canada)": "America/Los_Angeles",
    "atlantic time (canada)": "America/Halifax",
    "indiana (east)": "America/Indiana/Indianapolis",
}

#: A place for each offset in hours, where most people have it as their standard time.
_BY_OFFSET = {
    -11.0: "Pacific/Pago_Pago",
    -10.0: "Pacific/Honolulu",
    -9.0: "America/Anchorage",
    -8.0: "America/Los_Angeles",
    -7.0: "America/Denver",
    -6.0: "America/Chicago",
    -5.0: "America/New_York",
    -4.0: "America/Halifax",
    -3.5: "America/St_Johns",
    -3.0: "America/Sao_Paulo",
    -2.0: "America/Noronha",
    -1.0: "Atlantic/Azores",
    0.0: "Europe/London",
    1.0: "Europe/Paris",
    2.0: "Europe/Athens",
    3.0: "Europe/Istanbul",
    3.5: "Asia/Tehran",
    4.0: "Asia/Dubai",
    4.5: "Asia/Kabul",
    5.0: "Asia/Karachi",
    5.5: "Asia/Kolkata",
    5.75: "Asia/Kathmandu",
    6.0: "Asia/Dhaka",
    6.5: "Asia/Yangon",
    7.0: "Asia/Bangkok",
    8.0: "Asia/Singapore",
    9.0: "Asia/Tokyo",
    9.5: "Australia/Adelaide",
    10.0: "Australia/Sydney",
    11.0: "Pacific/Noumea",
    12.0: "Pacific/Auckland",
    13.0: "Pacific/Tongatapu",
    14.0: "Pacific/Kiritimati",
}

_OFFSET = re.compile(
    r"\(?(?P<posix>etc/)?(utc|gmt|z)?\s*(?P<sign>[+\u2212-])\s*(?P<hours>\d{1,2}):?(?P<minutes>\d\d)?\)?"
)
# What stands before a name that Windows, Rails or Salesforce shows: (UTC-05:00), (GMT+00:00), (UTC)
_BEFORE = re.compile(r"\((?:utc|gmt)(?P<offset>[+\u2212-]\d{1,2}:\d\d)?\)\s*(?P<name>.+)")
_LAST_IN_BRACKETS = re.compile(r".+\((?P<name>[a-z_+-]+(?:/[a-z_+-]+)+)\)")
_CITIES = re.compile(r"[,/;()]| - ")
_SHORTEST_CITY = 5  # letters; shorter cities resemble too many names


def read(written: str) -> str | None:
    """Return the IANA name of the zone if it is certain; else None."""
    if written in available_zones():
        return None if _is_no_place(written) else written
    name = _plain(written)
    shown = _BEFORE.fullmatch(name)
    if shown is None:
        return _windows(name)
    inner = _LAST_IN_BRACKETS.fullmatch(shown["name"])
    zone = (inner and _iana(inner["name"])) or _windows(shown["name"])
    return zone if zone and _has(zone, shown["offset"]) else None


def meant(written: str) -> tuple[str, ...]:
    """Return places to suggest for a name that can't be read, the likeliest first.

    They are never chosen by similar letters alone: an abbreviation is no misspelt place.
    """
    name = _plain(written)
    if name in _NO_PLACE:
        return _NO_PLACE[name]
    offset = _OFFSET.fullmatch(name)
    if offset:
        return _at(offset)
    shown = _BEFORE.fullmatch(name)
    found = _by_city(shown["name"] if shown else name, shown["offset"] if shown else None)
    return (found,) if found else ()


def _plain(written: str) -> str:
    return " ".join(written.casefold().split())


def _iana(name: str) -> str | None:
    zone = _zones().get(name.replace(" / ", "/").replace(" ", "_"))
    return None if zone is None or _is_no_place(zone) else zone


def _is_no_place(zone: str) -> bool:
    if zone == "UTC":  # cron, and people who run servers, mean it
        return False
    name = zone.lower()
    return name in _NO_PLACE or name.startswith("etc/") or bool(_OFFSET.fullmatch(name))


def _windows(name: str) -> str | None:
    name = name.removesuffix(" daylight time") + " standard time" * name.endswith(" daylight time")
    return _iana((_windows_names().get(name) or _SHOWN.get(name, "")).lower())


@cache
def _windows_names() -> dict[str, str]:
    return {name.casefold(): zone for name, zone in win_tz.items()}


@cache
def available_zones() -> frozenset[str]:
    """Return the IANA names that this machine knows; finding them takes a while."""
    return frozenset(available_timezones())


@cache
def _zones() -> dict[str, str]:
    return {name.lower(): name for name in available_zones()}


def _has(zone: str, offset: str | None) -> bool:
    """Whether a zone has an offset from UTC, in summer or in winter."""
    there = zone_of(zone)
    if offset is None or there is None:
        return there is not None
    year = datetime.now(UTC).year
    found = _OFFSET.fullmatch(offset)
    shown = {datetime(year, month, 1, tzinfo=there).utcoffset() for month in (1, 7)}
    return found is not None and timedelta(hours=_hours(found)) in shown


def _hours(offset: re.Match[str]) -> float:
    size = int(offset["hours"]) + int(offset["minutes"] or 0) / 60
    # Etc/GMT-5 is five hours ahead of UTC: its sign is that of POSIX.
    return size if (offset["sign"] == "+") is (offset["posix"] is None) else -size


def _at(offset: re.Match[str]) -> tuple[str, ...]:
    hours = _hours(offset)
    # Etc/GMT-5 may be meant with either sign.
    both = (hours, -hours) if offset["posix"] else (hours,)
    return tuple(_BY_OFFSET[each] for each in both if each in _BY_OFFSET)


def _by_city(name: str, offset: str | None) -> str | None:
    """Return the zone of a city that a name contains, or of a city with a similar name."""
    if "/" in name:
        places = [zone for zone in _zones() if "/" in zone and not zone.startswith("etc/")]
        near = difflib.get_close_matches(name.replace(" ", "_"), places, n=1, cutoff=0.8)
        if near:
            return _zones()[near[0]]
    for city in _cities_in(name):
        zone = _cities().get(city) or _like(city)
        if zone and _has(zone, offset):
            return zone
    return None


def _cities_in(name: str) -> Iterator[str]:
    for part in _CITIES.split(name):
        if part.strip():
            yield part.strip().replace(" ", "_")


def _like(city: str) -> str | None:
    if len(city) < _SHORTEST_CITY:
        return None
    near = difflib.get_close_matches(city, _cities(), n=1, cutoff=0.85)
    return _cities()[near[0]] if near else None


@cache
def _cities() -> dict[str, str]:
    """Return the zones by the last part of their names."""
    continents = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Pacific/")
    names = sorted(zone for zone in available_zones() if zone.startswith(continents))
    return {zone.rpartition("/")[2].lower(): zone for zone in names}
