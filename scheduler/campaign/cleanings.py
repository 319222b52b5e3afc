"""Numbers that are dialled differently from how they are written, for a person to check."""

from __future__ import annotations

from dataclasses import dataclass, field

import phonenumbers

from scheduler.fields.doubts import without_zero_fraction
from scheduler.masking import mask

#: How many to keep as examples.
KEPT = 10


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A number as it is written and as it is dialled, both masked."""

    line: int
    written: str
    number: str


@dataclass(slots=True)
class Cleanings:
    """The first such numbers, and how many there are."""

    count: int = 0
    kept: list[Cleaned] = field(default_factory=list)

    def add(self, line: int, written: str, number: str) -> None:
        """Note one more."""
        self.count += 1
        if len(self.kept) < KEPT:
            shown = mask(without_zero_fraction(written))
            self.kept.append(Cleaned(line, shown, _country_and(number)))

    def merge(self, later: Cleanings) -> None:
        """Add the cleanings of a later part of the file."""
        self.count += later.count
        self.kept += later.kept[: KEPT - len(self.kept)]


def _country_and(number: str) -> str:
    return f"+{phonenumbers.parse(number).country_code}{mask(number)}"
