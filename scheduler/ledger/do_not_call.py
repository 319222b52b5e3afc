"""The do-not-call list: an entry holds at once, in every campaign."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from scheduler.ledger import keys
from scheduler.ledger.ledger import NOBODY, Control, Ledger
from scheduler.ledger.redis.client import reaching
from scheduler.masking import mask, mask_text

KEY = f"{keys.ROOT}do_not_call"

#: How many entries one script puts on the list.
_CHUNK = 1000

#: If somebody takes entries off the list, how many of them the record names.
_SHOWN = 20
#: A prefix with fewer digits can't be somebody's number, so it may be shown.
_DIGITS_OF_A_NUMBER = 7

_SINCE = re.compile(r"(\d+) ")


@dataclass(frozen=True, slots=True)
class Listing:
    """Since when an entry is on the list, and why."""

    since: float | None  #: epoch seconds; None where an earlier release did not write it down
    why: str


def bar(ledger: Ledger, entry: str, why: str, now: float | None = None) -> bool:
    """Put a number, a prefix such as +1202*, or a SIP address on the list. False if it was there.

    Then its first date and reason stay.
    """
    return bool(ledger.run(ledger.do.bar, why, ledger.clock(now), entry))


def unbar(
    ledger: Ledger, entries: Sequence[str], control: Control = NOBODY, now: float | None = None
) -> list[str]:
    """Take entries off the list, exactly as they stand there; return those that were on it.

    The same step records who did so and why, and the last digits of the entries.
    """
    some = [shown(each) for each in entries[:_SHOWN]]
    args = (ledger.clock(now), *control.written, " ".join(some), *entries)
    return [str(each) for each in ledger.run(ledger.do.unbar, *args)]


def shown(entry: str) -> str:
    """Mask an entry; a prefix that is too short to be a number stays as it is."""
    if entry.startswith("+") and entry.endswith("*"):
        return entry if len(entry) - 2 < _DIGITS_OF_A_NUMBER else f"{mask(entry)}*"
    return mask(entry) if entry.startswith("+") else mask_text(entry)


@dataclass(frozen=True, slots=True)
class Removed:
    """The record of an operator who took entries off the list."""

    at: float
    who: str
    note: str  #: why
    count: int
    shown: str  #: the first of the entries, masked

    def may_be(self, address: str) -> bool:
        """Whether a shown entry may have been this number or SIP address, or its prefix."""
        entries = self.shown.split()
        prefixes = (each.removesuffix("*") for each in entries if each.startswith("+"))
        return shown(address) in entries or address.startswith(tuple(prefixes))

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "at": self.at,
            "who": self.who,
            "why": self.note or None,
            "count": self.count,
            "entries": self.shown.split(),
        }


def removals(ledger: Ledger, most: int = 100) -> list[Removed]:
    """Return who took entries off the list, the last first."""
    with reaching():
        found = ledger.redis.xrevrange(f"{KEY}:removals", count=most)
    return [
        Removed(float(each["at"]), each["who"], each["note"], int(each["count"]), each["shown"])
        for _, each in found
        if {"at", "who", "note", "count", "shown"} <= each.keys()  # else it is none of ours
    ]


def import_entries(
    ledger: Ledger, entries: Iterable[str], why: str, now: float | None = None
) -> tuple[int, int]:
    """Put entries on the list, a thousand in a step; return how many were new, and how many known.

    If it breaks off, calling it again adds the rest.
    """
    added = read = 0
    remaining = iter(entries)
    while chunk := list(islice(remaining, _CHUNK)):
        added += int(ledger.run(ledger.do.bar, why, ledger.clock(now), *chunk))
        read += len(chunk)
    return added, read - added


def barred(ledger: Ledger, address: str) -> tuple[str, Listing] | None:
    """Return the entry by which a number or SIP address is on the list: itself, or a prefix."""
    candidates = [address, *prefixes_of(address)]
    with reaching():
        found = ledger.redis.hmget(KEY, candidates)
    for entry, record in zip(candidates, found, strict=True):
        if record is not None:
            return entry, _listing(record)
    return None


def prefixes_of(address: str) -> list[str]:
    """Return every prefix entry that would match a number; a SIP address has none."""
    if not address.startswith("+"):
        return []
    return [f"{address[:length]}*" for length in range(len(address), 1, -1)]


def count(ledger: Ledger) -> int:
    """Return how many entries there are."""
    with reaching():
        return int(ledger.redis.hlen(KEY))


def entries(ledger: Ledger) -> Iterator[tuple[str, Listing]]:
    """Yield every entry, in no order.

    An entry that is added or removed meanwhile may be missing, and any entry may come twice.
    """
    cursor = 0
    while True:
        with reaching():
            cursor, page = ledger.redis.hscan(KEY, cursor, count=_CHUNK)
        for entry, record in page.items():
            yield entry, _listing(record)
        if not cursor:
            return


def page(ledger: Ledger, cursor: int, most: int) -> tuple[int, list[tuple[str, Listing]]]:
    """Return the cursor of the next page, and about `most` entries; 0 is the start, and the end.

    A short list comes in one page, which may be longer. An entry that is added or removed meanwhile
    may be missing, and any entry may come twice.
    """
    with reaching():
        following, found = ledger.redis.hscan(KEY, cursor, count=most)
    return int(following), [(each, _listing(found[each])) for each in sorted(found)]


def _listing(record: str) -> Listing:
    written = _SINCE.match(record)
    return Listing(float(written[1]), record[written.end() :]) if written else Listing(None, record)
