"""Adds entries to the ledger's do-not-call list and removes them, one by one or from files.

An entry takes effect at once, in every campaign. To look up a number, or to read all entries, use
`ledger.do_not_call`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from scheduler.campaign.do_not_call import NumberList
from scheduler.campaign.entries import entry
from scheduler.campaign.file.problems import Problems
from scheduler.campaign.file.source import STDIN, Lines, codec_name, open_file, shown_path
from scheduler.campaign.list_file import Counts, read_entries
from scheduler.errors import refusal
from scheduler.fields.visible import one_line
from scheduler.ledger import do_not_call
from scheduler.ledger.do_not_call import Listing
from scheduler.ledger.ledger import NOBODY, Control, Ledger

_LONGEST_WHY = 200
_PROGRESS_ENTRIES = 1000
#: How many prefixes and SIP addresses a file of bounded length may have; each takes a hundred bytes
#: of memory or more.
_MOST_OTHERS = 500_000
_T = TypeVar("_T")

#: Gets how many entries are done, and of how many; None while nobody knows.
OnProgress = Callable[[int, int | None], None]


def read(numbers: Iterable[str], region: str | None) -> list[str]:
    """Read entries, each once; numbers without a plus sign as those of `region`.

    Raises ValueError if one of them is no entry.
    """
    return list(dict.fromkeys(entry(each, region) for each in numbers))


@dataclass(frozen=True, slots=True)
class Addition:
    """The result of adding entries."""

    added: tuple[str, ...]
    known: tuple[str, ...]  #: those that were on the list already; they keep their date and reason


def add(ledger: Ledger, entries: Sequence[str], why: str, who: str = "") -> Addition:
    """Put entries on the list, each in its own step; repeating this changes nothing.

    `who` is recorded with `why`.
    """
    why = _kept(why, who)
    added = tuple(each for each in entries if do_not_call.bar(ledger, each, why))
    return Addition(added, tuple(each for each in entries if each not in added))


@dataclass(frozen=True, slots=True)
class Removal:
    """The result of removing entries."""

    removed: tuple[str, ...]
    missing: tuple[str, ...]  #: those that were not on the list
    kept_by: dict[str, str]  #: numbers that a prefix still bars -> the prefix


def remove(ledger: Ledger, entries: Sequence[str], control: Control = NOBODY) -> Removal:
    """Take entries off the list, each exactly as it stands there, in one recorded step."""
    found = set(do_not_call.unbar(ledger, entries, control))
    removed = tuple(each for each in entries if each in found)
    kept = {each: by[0] for each in entries if (by := do_not_call.barred(ledger, each))}
    return Removal(removed, tuple(each for each in entries if each not in removed), kept)


def is_prefix(entry: str) -> bool:
    """Return whether an entry stands for all numbers that begin so."""
    return entry.startswith("+") and entry.endswith("*")


_LONGEST_NUMBER = 15


def most_numbers(prefix: str) -> int:
    """Estimate how many numbers begin with a prefix, for numbers with ten national digits."""
    digits = len(prefix) - 2
    country = 1 if prefix.startswith(("+1", "+7")) else 2
    return int(10 ** max(0, min(_LONGEST_NUMBER, country + 10) - digits))


# A page of them ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries of the list, in no order."""

    entries: list[tuple[str, Listing]]
    count: int  #: of all entries
    following: str | None  #: the place of the next page; None if this is the last one


def page(ledger: Ledger, after: str | None, most: int) -> Page:
    """Return some entries. Raises ValueError for an invalid place."""
    cursor, _, last = ("0 " if after is None else after).partition(" ")
    here = int(cursor)
    if not 0 <= here < 1 << 64:
        raise ValueError("no list has such a place")
    following, found = do_not_call.page(ledger, here, most)
    rest = [each for each in found if each[0] > last]
    place = None
    if len(rest) > most:
        rest = rest[:most]
        place = f"{here} {rest[-1][0]}"
    elif following:
        place = f"{following} "
    return Page(rest, do_not_call.count(ledger), place)


# Files --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ListFile:
    """A file of entries as it was read. If it has a problem, none of its entries may be used."""

    name: str
    entries: NumberList  #: each once
    counts: Counts
    problems: Problems


def read_file(
    path: Path,
    region: str | None,
    encoding: str,
    on_progress: OnProgress = lambda done, total: None,
    *,
    name: str = "",
    most_bytes: int | None = None,
) -> ListFile:
    """Read a file of entries, of any length; `-` is standard input, gzip is inflated.

    Messages call it `name`, instead of its path. Lines that can't be read are its problems. Raises
    CampaignError if it can't be read at all, or has more than `most_bytes` once inflated.
    """
    problems, counts = Problems(), Counts()
    shown, name = name or shown_path(path), name or name_of(path)
    with open_file(path) as opened:
        seen = _ignore if most_bytes is None else _Bound(shown, most_bytes)
        lines = Lines(opened, shown, codec_name(encoding, shown), seen)
        found = read_entries(lines, shown, region, problems, counts)
        if most_bytes is not None:
            found = _few_others(found, shown)
        return ListFile(name, NumberList(name, _counted(found, on_progress)), counts, problems)


def name_of(path: Path) -> str:
    """Return the name of a file of entries."""
    return shown_path(path) if path == STDIN else path.name


@dataclass(frozen=True, slots=True)
class Import:
    """The result of importing a file of entries."""

    file: ListFile
    added: int = 0
    known: int = 0  #: entries that were on the list already

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON has it: the counts of lines add up, and so do those of entries."""
        counts = self.file.counts
        is_taken = not counts.unread
        return {
            "lines": counts.lines,
            "listed": counts.listed,
            "header": counts.header,
            "blank": counts.blank,
            "unread": counts.unread,
            "entries": counts.entries,
            "added": self.added,
            "known": self.known,
            "repeated": counts.entries - len(self.file.entries) if is_taken else 0,
            "not_taken": 0 if is_taken else counts.entries,
        }


def import_file(
    ledger: Ledger,
    file: ListFile,
    why: str = "",
    who: str = "",
    on_progress: OnProgress = lambda done, total: None,
) -> Import:
    """Put the entries of a file on the list, or none if it has problems.

    Without `why`, each has the name of the file as its reason. If this broke off, run it again to
    add the rest.
    """
    if file.problems.total:
        return Import(file)
    entries = _counted(file.entries, on_progress, len(file.entries))
    why = _kept(why or f"from {file.name}", who)
    return Import(file, *do_not_call.import_entries(ledger, entries, why))


def listed(
    ledger: Ledger, on_progress: OnProgress = lambda done, total: None
) -> Iterator[tuple[str, Listing]]:
    """Yield every entry as the ledger does, and count them."""
    count = do_not_call.count(ledger)
    return _counted(do_not_call.entries(ledger), on_progress, count)


#: How many entries to sort; with more, each would have to wait for the last one.
MOST_ORDERED = 100_000


def matching(ledger: Ledger, text: str = "") -> Iterator[tuple[str, Listing]]:
    """Yield entries that contain a text, also in their reason; a few of them the newest first.

    Whether a letter is a capital makes no difference.
    """
    wanted = text.casefold()
    found = (
        (each, listing)
        for each, listing in do_not_call.entries(ledger)
        if wanted in each.casefold() or wanted in listing.why.casefold()
    )
    if do_not_call.count(ledger) > MOST_ORDERED:
        yield from found
        return
    # An entry that is added or removed meanwhile may come twice.
    yield from sorted(dict(found).items(), key=lambda one: (-(one[1].since or 0.0), one[0]))


# As JSON has it -----------------------------------------------------------------------------------


def listing_record(each: str, listing: Listing) -> dict[str, Any]:
    """Return an entry as JSON has it."""
    return {"entry": each, "since": listing.since, "why": listing.why}


def verdict_record(number: str, found: tuple[str, Listing] | None) -> dict[str, Any]:
    """Return as JSON has it whether a number is on the list, by the finding of `barred`."""
    by = listing_record(*found) if found else {"entry": None, "since": None, "why": None}
    return {"number": number, "listed": found is not None} | by


def _kept(why: str, who: str = "") -> str:
    """Return why an entry is on the list, and who put it there over the web."""
    by = f" ({one_line(who)})" if who else ""
    return one_line(why)[: _LONGEST_WHY - len(by)] + by


def _counted(
    entries: Iterable[_T], on_progress: OnProgress, total: int | None = None
) -> Iterator[_T]:
    done = 0
    for done, each in enumerate(entries, start=1):
        if done % _PROGRESS_ENTRIES == 0:
            on_progress(done, total)
        yield each
    on_progress(done, total)


class _Bound:
    """Counts the bytes read, and refuses a file as soon as it is too long."""

    def __init__(self, path: str, most_bytes: int) -> None:
        self._path = path
        self._most = self._left = most_bytes

    def __call__(self, read: bytes) -> None:
        self._left -= len(read)
        if self._left < 0:
            most = self._most // 1024**2
            raise refusal(self._path, f"expected at most {most} MiB: import it in parts")


def _few_others(entries: Iterator[str], path: str) -> Iterator[str]:
    """Refuse more prefixes and SIP addresses than fit in memory; numbers take little."""
    others = 0
    for each in entries:
        others += is_prefix(each) or not each.startswith("+")
        if others > _MOST_OTHERS:
            most = f"{_MOST_OTHERS:,} prefixes and SIP addresses"
            raise refusal(path, f"expected at most {most}: import it in parts")
        yield each


def _ignore(_told: object) -> None:
    """Do nothing with the bytes."""
