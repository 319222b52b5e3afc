"""When a contact may be called, and by which rules.

These are pure functions of policy and contact, with caches. The gate before a dial and `explain`
call the same functions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import lru_cache, reduce
from typing import TypeAlias, TypeVar

from scheduler.hours.number_zones import alike, is_foreign, number_zones
from scheduler.hours.states import zones_elsewhere
from scheduler.hours.walltime import (
    DAY_SECONDS,
    closes_at,
    local,
    opens_at,
    utc_day,
    utc_midnight,
    zone_of,
)
from scheduler.hours.weeks import written
from scheduler.models import EVERY_STATE, Contact, Hours, Policy, Reason

#: Days to search ahead for an opening: a year, leap years included.
HORIZON_SECONDS = 366 * DAY_SECONDS

_N = TypeVar("_N", int, float)
_Pairs: TypeAlias = tuple[tuple[_N, _N], ...]
_Spans: TypeAlias = _Pairs[float]
_ZONES_SHOWN = 3
_BOTH = "as the contact says and as its number says, and both must be open"
_NOBODY_KNOWS = "neither the contact, its number nor the campaign says where it is"


@dataclass(frozen=True, slots=True)
class Opening:
    """The next span of time in which callsched may call a contact, or why there is none."""

    at: float  #: epoch seconds: now if it is open now; inf: never
    until: float  #: exclusive; inf: nothing closes it
    reason: Reason | None = None  #: why it never opens; None: it does


@dataclass(frozen=True, slots=True)
class Ruling:
    """The finding of one rule at an instant."""

    rule: str  #: the key, preset or setting that the rule comes from
    passes: bool
    found: str  #: what the rule found, in words
    until: float | None = None  #: epoch seconds until which it does not pass; None: it never will


class Source(StrEnum):
    """The source of a contact's zones."""

    CONTACT = "contact"  #: the contact itself
    NUMBER = "number"  #: its number, which is in one zone
    SEVERAL = "several"  #: its number or its state, which may be in several zones
    HELD_TWICE = "held_twice"  #: the contact's zone contradicts its number's country: both hold
    CAMPAIGN = "campaign"  #: the campaign's default, for contacts without any other source
    UNKNOWN = "unknown"  #: none


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """The zones in which a contact may be, all of which have to be open."""

    zones: tuple[str, ...]  #: IANA names; none: nobody knows
    source: Source
    basis: str  #: how we know, in words


def zones_of(contact: Contact, policy: Policy) -> tuple[str, ...]:
    """Return the IANA names of the zones in which the contact may be; (): unknown.

    They come from the contact itself, else its number and its state, else the campaign. Several are
    possible for a number: somebody anywhere in North America may answer an 800 number. If no part
    of the number's country has the contact's own zone, that zone and those of the number all hold.
    """
    return whereabouts(contact, policy).zones


def whereabouts(contact: Contact, policy: Policy) -> Whereabouts:
    """Return the zones in which the contact may be, with their source."""
    elsewhere = zones_elsewhere(contact) if contact.states and not contact.timezone else ()
    number = alike(contact.phone_number)
    return _whereabouts(contact.timezone, number, tuple(elsewhere), policy.timezone)


@lru_cache(maxsize=65_536)
def _whereabouts(own: str, number: str, elsewhere: tuple[str, ...], campaigns: str) -> Whereabouts:
    zones = number_zones(number)
    if own and is_foreign(own, number):
        both = tuple(dict.fromkeys((own, *zones)))
        return Whereabouts(both, Source.HELD_TWICE, f"{_BOTH}: no part of its country has {own}")
    if own:
        return Whereabouts((own,), Source.CONTACT, "as the contact says")
    if elsewhere:
        text = "as its number and its state say" if zones else "as its state says"
        return Whereabouts(tuple(dict.fromkeys((*zones, *elsewhere))), Source.SEVERAL, text)
    if zones:
        source = Source.NUMBER if len(zones) == 1 else Source.SEVERAL
        return Whereabouts(zones, source, "as its number says")
    if campaigns:
        return Whereabouts((campaigns,), Source.CAMPAIGN, "as the campaign says")
    return Whereabouts((), Source.UNKNOWN, _NOBODY_KNOWS)


def hours_of(policy: Policy, contact: Contact) -> tuple[Hours, ...]:
    """Return the rules for a contact: those for everybody, and those of its states."""
    return tuple(rule for rule in policy.hours if not rule.states or _is_in(contact, rule.states))


def _is_in(contact: Contact, states: tuple[str, ...]) -> bool:
    # `_rules.lua` asks the same about a cap.
    return EVERY_STATE in contact.states or not set(states).isdisjoint(contact.states)


def opening(policy: Policy, contact: Contact, now: float) -> Opening:
    """Return the first instant from now on at which the contact may be called, and how long."""
    first, last = _bounds(policy, contact)
    if now >= last:
        return Opening(math.inf, math.inf, Reason.EXPIRED)
    start = max(now, first)
    rules = hours_of(policy, contact)
    if not rules:
        span: tuple[float, float] | None = (start, math.inf)
    else:
        zones = zones_of(contact, policy)
        if not _known(zones):
            return Opening(math.inf, math.inf, Reason.UNKNOWN_TIMEZONE)
        span = _calendar(rules, zones).next(start)
    if span is None or span[0] >= last:
        return Opening(math.inf, math.inf, Reason.OUTSIDE_HOURS)
    return Opening(span[0], min(span[1], last))


def verdicts(policy: Policy, contact: Contact, now: float) -> list[Ruling]:
    """Return the finding of each rule about the time that is set."""
    found = [*_bound_verdicts(policy, contact, now)]
    rules = hours_of(policy, contact)
    if contact.states:
        found.append(Ruling("us", True, _states_in_words(contact)))
    if not rules:
        return found
    place = whereabouts(contact, policy)
    zones, known = place.zones, _known(place.zones)
    text = f"{_listed(zones)}: {place.basis}" if zones else place.basis
    found.append(Ruling("timezone", known, text))
    if known:
        found += [_hours_verdict(rule, zones, now) for rule in rules]
    return found


def _states_in_words(contact: Contact) -> str:
    if EVERY_STATE in contact.states:
        return "its state can't be told: it is held to the rules of every state"
    return f"it is held to the rules of {', '.join(contact.states)}"


def _bounds(policy: Policy, contact: Contact) -> tuple[float, float]:
    """Return the later beginning and the earlier end of campaign and contact, in epoch seconds."""
    begins = [at for at in (policy.not_before, contact.not_before) if at is not None]
    ends = [at for at in (policy.not_after, contact.not_after) if at is not None]
    return max(begins, default=-math.inf), min(ends, default=math.inf)


def _known(zones: tuple[str, ...]) -> bool:
    """Whether the machine has the data of all these zones."""
    return bool(zones) and all(map(zone_of, zones))


class _Calendar:
    """The spans in which all rules are open in all zones, computed day by day and cached."""

    _MOST_DAYS = 4000

    def __init__(self, rules: tuple[Hours, ...], zones: tuple[str, ...]) -> None:
        self.rules = rules
        self._zones = zones
        self._days: dict[int, _Spans] = {}

    def next(self, start: float) -> tuple[float, float] | None:
        """Return the first open span that ends after `start`, cut there; None: none in a year."""
        for day in range(utc_day(start), utc_day(start + HORIZON_SECONDS) + 1):
            for begin, end in self._day(day):
                if end > start:
                    at = max(begin, start)
                    return (at, self._end(day, end)) if at <= start + HORIZON_SECONDS else None
        return None

    def _end(self, day: int, end: float) -> float:
        """Return when an opening closes, which may be after several midnights of UTC."""
        for following in range(day + 1, day + HORIZON_SECONDS // DAY_SECONDS):
            spans = self._day(following)
            if end < utc_midnight(following) or not spans or spans[0][0] > end:
                break
            end = spans[0][1]
        return end

    def _day(self, day: int) -> _Spans:
        spans = self._days.get(day)
        if spans is None:
            if len(self._days) >= self._MOST_DAYS:
                self._days.clear()
            spans = self._days[day] = self._found(day)
        return spans

    def _found(self, day: int) -> _Spans:
        """Return the open spans of one UTC day."""
        spans: _Spans = ((utc_midnight(day), utc_midnight(day + 1)),)
        for zone in self._zones:
            if not spans:
                break  # a toll-free number may ring in any of forty zones
            near = [_local_spans(self, zone, day + by) for by in (-1, 0, 1)]
            spans = _common(spans, _joined(span for each in near for span in each))
        return spans


@lru_cache(maxsize=1024)
def _calendar(rules: tuple[Hours, ...], zones: tuple[str, ...]) -> _Calendar:
    return _Calendar(rules, zones)


# The key is the calendar, by identity: to hash its rules takes longer than to read the answer.
@lru_cache(maxsize=8192)
def _local_spans(calendar: _Calendar, zone: str, day: int) -> _Spans:
    """Return when all the rules are open on one local day."""
    there = zone_of(zone)
    if there is None:
        return ()
    windows = _open_minutes(calendar, day)
    return _joined((opens_at(day, a, there), closes_at(day, b, there)) for a, b in windows)


@lru_cache(maxsize=1024)
def _open_minutes(calendar: _Calendar, day: int) -> tuple[tuple[int, int], ...]:
    """Return in which minutes of a date all the rules are open, whatever the zone."""
    shown = date.fromordinal(day)
    return reduce(_common, (_windows(rule, shown) for rule in calendar.rules))


def _windows(rule: Hours, day: date) -> tuple[tuple[int, int], ...]:
    return () if _closed_on(rule, day) else rule.week[day.weekday()]


def _closed_on(rule: Hours, day: date) -> str:
    """Return why a rule is closed on the whole date; "": it is not."""
    if day.isoformat() in rule.blackout_dates:
        return f"{day.isoformat()} is a blackout date"
    for region in rule.holidays:
        name = holidays_of(region, day.year).get(day)
        if name:
            return f"{day.isoformat()} is {name} in {region}"
    return "" if rule.week[day.weekday()] else f"closed on {day:%A}"


@lru_cache(maxsize=256)
def holidays_of(region: str, year: int) -> dict[date, str]:
    """Return the public holidays of a region such as US or US-FL in a year, with their names."""
    import holidays

    country, _, subdivision = region.partition("-")
    return dict(holidays.country_holidays(country, subdiv=subdivision or None, years=year))


def _joined(spans: Iterable[tuple[float, float]]) -> _Spans:
    """Sort spans, merge those that touch, and drop empty ones."""
    joined: list[tuple[float, float]] = []
    for begin, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and begin <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((begin, end))
    return tuple(joined)


def _common(ones: Iterable[tuple[_N, _N]], others: Iterable[tuple[_N, _N]]) -> _Pairs[_N]:
    """Return the intersection of two lists of spans."""
    others = tuple(others)
    pairs = ((max(a, c), min(b, d)) for a, b in ones for c, d in others)
    return tuple(span for span in pairs if span[0] < span[1])


def _bound_verdicts(policy: Policy, contact: Contact, now: float) -> Iterable[Ruling]:
    first, last = _bounds(policy, contact)
    if first > -math.inf:
        began = now >= first
        yield Ruling("not_before", began, f"{_instant(first)} or later", None if began else first)
    if last < math.inf:
        yield Ruling("not_after", now < last, f"before {_instant(last)}")


def _hours_verdict(rule: Hours, zones: tuple[str, ...], now: float) -> Ruling:
    opens = _opens((rule,), zones, now)
    shut = [zone for zone in zones if _opens((rule,), (zone,), now) != now]
    seen = [_seen(rule, zone, now) for zone in (shut or zones)[:_ZONES_SHOWN]]
    text = f"{written(rule.week)}; {_few(seen, len(shut or zones))}"
    return Ruling(rule.name, opens == now, text, None if opens in (None, now) else opens)


def _opens(rules: tuple[Hours, ...], zones: tuple[str, ...], now: float) -> float | None:
    span = _calendar(rules, zones).next(now)
    return span and span[0]


def _seen(rule: Hours, zone: str, now: float) -> str:
    """Return the local time, and why the whole day is closed if it is."""
    there = zone_of(zone)
    shown = local(now, there) if there else datetime.fromtimestamp(now, UTC)
    closed = _closed_on(rule, shown.date())
    return f"it is {shown:%a %Y-%m-%d %H:%M} in {zone}" + (f", {closed}" if closed else "")


def _listed(zones: tuple[str, ...]) -> str:
    return _few(list(zones[:_ZONES_SHOWN]), len(zones))


def _few(first: list[str], count: int) -> str:
    more = count - len(first)
    return ", ".join(first) + (f" and {more} more zones" if more else "")


def _instant(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
