"""The do-not-call lists that a campaign file names."""

from __future__ import annotations

import os
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pyroaring import BitMap64

from scheduler.campaign.columns import Fault
from scheduler.campaign.entries import entry_or_none
from scheduler.campaign.file.problems import Problems
from scheduler.campaign.file.source import STDIN, Lines, open_file
from scheduler.campaign.list_file import Counts, read_entries
from scheduler.errors import CampaignError, refusal
from scheduler.fields import document
from scheduler.masking import mask, mask_text
from scheduler.models import Contact, Reason

#: How old a copy of the US registry may be at the call: 16 CFR 310.4(b)(3)(iv), as the FTC's
#: advisory opinion 08-1 quotes it; not verified against the primary text.
OLDEST_DAYS = 31

_CHUNK = 65_536


class NumberList:
    """One list. Ten million numbers of one country take some 20 MB."""

    def __init__(self, name: str, entries: Iterable[str] = ()) -> None:
        self.name = name
        self._numbers = BitMap64()
        self._others: set[str] = set()  # prefixes and SIP addresses
        self._lengths: set[int] = set()  # of prefixes
        remaining = iter(entries)
        while chunk := list(islice(remaining, _CHUNK)):
            self._numbers.update(array("Q", filter(None, map(self._number, chunk))))

    def _number(self, entry: str) -> int:
        """Return a number without its plus sign; for any other entry, keep it and return 0."""
        is_prefix = _is_prefix(entry)
        if entry.startswith("+") and not is_prefix:
            return int(entry)
        if is_prefix:
            self._lengths.add(len(entry) - 1)
        self._others.add(entry)
        return 0

    def __len__(self) -> int:
        return len(self._numbers) + len(self._others)

    @property
    def others(self) -> frozenset[str]:
        """Its prefixes and SIP addresses."""
        return frozenset(self._others)

    def __iter__(self) -> Iterator[str]:
        """Yield every entry once, numbers first."""
        yield from (f"+{number}" for number in self._numbers)
        yield from self._others

    def entry_for(self, address: str) -> str:
        """Return the entry that forbids a number or SIP address: itself, or a prefix; else ""."""
        if not address.startswith("+"):
            return address if address in self._others else ""
        if int(address) in self._numbers:
            return address
        prefixes = (f"{address[:length]}*" for length in self._lengths)
        return next((prefix for prefix in prefixes if prefix in self._others), "")


@dataclass(frozen=True, slots=True)
class DoNotCall:
    """The lists of one campaign."""

    lists: tuple[NumberList, ...] = ()
    warnings: tuple[str, ...] = ()  #: about files that are old or empty

    @property
    def sizes(self) -> tuple[tuple[str, int], ...]:
        """Return how many entries each list has."""
        return tuple((each.name, len(each)) for each in self.lists)

    def fault(self, contact: Contact) -> Fault | None:
        """Return the fault of a contact that is on one of the lists."""
        address = contact.address
        for each in self.lists:
            if found := each.entry_for(address):
                return _fault(contact, each.name, found)
        return None


def _is_prefix(entry: str) -> bool:
    return entry.endswith("*") and entry.startswith("+")


#: The lists of a campaign that names none.
NO_LISTS = DoNotCall()


def _fault(contact: Contact, name: str, entry: str) -> Fault:
    column = "phone_number" if contact.phone_number else "sip_uri"
    whom = mask(contact.phone_number) if contact.phone_number else mask_text(contact.sip_uri)
    by = f" as {entry}" if _is_prefix(entry) else ""
    return Fault(column, f"{whom} is on the do-not-call list {name}{by}", Reason.DO_NOT_CALL)


def read_lists(
    named: Sequence[str],
    path: Path,
    root: document.Node | None,
    *,
    region: str | None,
    encoding: str,
    seen: Callable[[bytes], None],
    problems: Problems,
) -> DoNotCall:
    """Read the lists that the document at `path` names; their paths are relative to its folder.

    The callback `seen` gets every byte. A list that can't be opened is a problem of the document.
    """
    lists, warnings = [], []
    for nth, name in enumerate(named):
        beside = path.parent / name
        try:
            if STDIN in (beside, Path(name)):
                raise refusal(name, "expected the path of a list, which standard input is not")
            if entry_or_none(name, region):
                raise refusal(mask_text(name), "this is an entry, and no path: put it into a file")
            file = open_file(beside)
        except CampaignError as error:
            line, column = document.place_of(root, "do_not_call", nth)
            raise refusal(str(path), f"do_not_call: {error}", line, column) from None
        with file:
            changed_at = os.fstat(file.fileno()).st_mtime
            lines = Lines(file, str(beside), encoding, seen, discreet=True)
            entries = read_entries(lines, str(beside), region, problems, Counts())
            read = NumberList(name, entries)
        lists.append(read)
        warnings += _warnings(read, changed_at)
    return DoNotCall(tuple(lists), tuple(warnings))


def _warnings(read: NumberList, changed_at: float) -> list[str]:
    days = (time.time() - changed_at) / 86_400
    warnings = []
    if days > OLDEST_DAYS:
        warnings.append(
            f"{read.name} is {days:.0f} days old: a do-not-call list should be at most"
            f" {OLDEST_DAYS} days old when a call is made"
        )
    if not len(read):
        warnings.append(f"{read.name} has nobody on it")
    return warnings
