"""Who is on the do-not-call list: it holds at once, in every campaign."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from scheduler.ledger import keys
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching

KEY = f"{keys.ROOT}do_not_call"

#: Entries that go to the ledger in one script.
_CHUNK = 1000

_SINCE = re.compile(r"(\d+) ")


@dataclass(frozen=True, slots=True)
class Listing:
    """Since when an entry is on the list, and why."""

    since: float | None  #: epoch seconds; None where an earlier release did not write it down
    why: str


def bar(ledger: Ledger, entry: str, why: str, now: float | None = None) -> bool:
    """Put a number, a prefix such as +1202*, or a SIP address on the list. False when it was there.

    What was written first stays.
    """
    return bool(ledger.run(ledger.do.bar, why, ledger.clock(now), entry))


def unbar(ledger: Ledger, entry: str) -> bool:
    """Take an entry off the list, just as it was written. False when it was not there."""
    with reaching():
        return bool(ledger.redis.hdel(KEY, entry))


def import_entries(
    ledger: Ledger, entries: Iterable[str], why: str, now: float | None = None
) -> tuple[int, int]:
    """Put entries on the list, a thousand in one step; returns how many were added, and known.

    After it broke off, the same again adds the rest.
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
    """Return every prefix that would put a number on the list; a SIP address has none."""
    if not address.startswith("+"):
        return []
    return [f"{address[:length]}*" for length in range(len(address), 1, -1)]


def count(ledger: Ledger) -> int:
    """Return how many entries there are."""
    with reaching():
        return int(ledger.redis.hlen(KEY))


def entries(ledger: Ledger) -> Iterator[tuple[str, Listing]]:
    """Yield every entry, in no order.

    One that comes or goes meanwhile may be left out, and any may come twice.
    """
    cursor = 0
    while True:
        with reaching():
            cursor, page = ledger.redis.hscan(KEY, cursor, count=_CHUNK)
        for entry, record in page.items():
            yield entry, _listing(record)
        if not cursor:
            return


def _listing(record: str) -> Listing:
    written = _SINCE.match(record)
    return Listing(float(written[1]), record[written.end() :]) if written else Listing(None, record)
