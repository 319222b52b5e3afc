"""Counts the contacts of a checked campaign file: whom it would call, and whom not, and why."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from scheduler.campaign.checked import CheckedCampaign
from scheduler.campaign.duplicates import Duplicates, First
from scheduler.hours.openings import Source, hours_of, whereabouts
from scheduler.models import Contact, Policy, Reason, Row
from scheduler.plan.forecast import Group

#: Contacts whose starts are shown as examples.
FIRST_ROWS = 3
MOST_DUPLICATES = 10  #: that are listed one by one
_PROGRESS_EVERY = 1000  # rows
#: Contacts' own bounds are rounded to minutes, so that there are few groups.
_GRAIN_SECONDS = 60

_Alike: TypeAlias = tuple[tuple[str, ...], float | None, float | None, float, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A row that is not called because an earlier row has its id or its party."""

    number: int
    row: Row
    first: First


@dataclass(slots=True)
class ContactCounts:
    """The contacts of a file, counted."""

    callable_count: int = 0
    skipped: Counter[Reason] = field(default_factory=Counter)
    zones: Counter[tuple[str, ...]] = field(default_factory=Counter)  #: of those to be called
    sources: Counter[Source] = field(default_factory=Counter)  #: where their zones come from
    pressed_count: int = 0  #: contacts to be called with key presses after the answer
    states: Counter[tuple[str, ...]] = field(default_factory=Counter)  #: of those that have any
    groups: list[Group] = field(default_factory=list)  #: the contacts to be called, grouped
    duplicates: list[Duplicate] = field(default_factory=list)  #: the first MOST_DUPLICATES
    first: list[tuple[int, Contact]] = field(default_factory=list)  #: each with its row

    @property
    def worst_case_seconds(self) -> float:
        """The length of all calls together, each at its longest."""
        return sum(group.count * group.max_duration_seconds for group in self.groups)


def survey(
    checked: CheckedCampaign,
    policy: Policy,
    duplicates: Duplicates,
    *,
    allowed: Collection[str] = (),
    on_progress: Callable[[int], None] = lambda _rows: None,
) -> ContactCounts:
    """Read the rows of a checked file; group the contacts by what decides when they are called.

    `duplicates` are those of the same file. `allowed` are the only numbers that may be dialled;
    empty: any. `on_progress` gets the number of rows read so far, every thousand rows.
    """
    seen = ContactCounts()
    groups: dict[_Alike, Group] = {}
    for number, (row, first) in enumerate(duplicates.judged(checked.chunks()), start=1):
        contact = row.contact
        reason = _reason(row, first, allowed)
        if reason is not None:
            seen.skipped[reason] += 1
            if reason is Reason.DUPLICATE and first and len(seen.duplicates) < MOST_DUPLICATES:
                seen.duplicates.append(Duplicate(number, row, first))
        else:
            place = whereabouts(contact, policy)
            seen.sources[place.source] += 1
            _add(groups, contact, number, _alike(contact, policy, place.zones))
            seen.pressed_count += bool(contact.dtmf)
            if contact.states:
                seen.states[contact.states] += 1
            if len(seen.first) < FIRST_ROWS:
                seen.first.append((number, contact))
        if number % _PROGRESS_EVERY == 0:
            on_progress(number)
    seen.groups = list(groups.values())
    for (zones, *_), group in groups.items():
        seen.zones[zones] += group.count
    seen.callable_count = seen.zones.total()
    return seen


def _reason(row: Row, first: First | None, allowed: Collection[str]) -> Reason | None:
    if row.reason is not None or first is not None:
        return row.reason or Reason.DUPLICATE
    return Reason.NOT_ALLOWED if allowed and row.contact.address not in allowed else None


def _add(groups: dict[_Alike, Group], contact: Contact, row: int, alike: _Alike) -> None:
    group = groups.get(alike)
    if group is None:
        _, not_before, not_after, length, _ = alike
        one = replace(contact, not_before=not_before, not_after=not_after)
        group = groups[alike] = Group(one, length, first_row=row)
    group.count += 1
    group.last_row = row


def _alike(contact: Contact, policy: Policy, zones: tuple[str, ...]) -> _Alike:
    """Return the key of a contact's group: all that decides when the contact can be called.

    The contact's own bounds are narrowed to whole minutes.
    """
    begin, end = contact.not_before, contact.not_after
    return (
        zones,
        None if begin is None else math.ceil(begin / _GRAIN_SECONDS) * float(_GRAIN_SECONDS),
        None if end is None else math.floor(end / _GRAIN_SECONDS) * float(_GRAIN_SECONDS),
        contact.max_duration_seconds or policy.max_duration_seconds,
        tuple(rule.name for rule in hours_of(policy, contact)),
    )
