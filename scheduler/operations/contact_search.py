"""Finds the contact that an operator means by a name, a line of the file, or another cell.

Indexes find ids, numbers and addresses; this looks at every contact once.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator

from scheduler.fields.contact_label import label_of
from scheduler.fields.counts import counted
from scheduler.fields.visible import visible
from scheduler.masking import gives_away, shown
from scheduler.models import Contact

#: How many contacts to compare for suggestions, and how many to suggest.
_MOST_COMPARED = 5_000
_MOST_TOLD = 3
_LONGEST_ID = 60
_PLACE = re.compile(r"#(\d{1,9})")
#: `line 3`, or the beginning of a message about a file: `contacts.csv:3:phone_number`.
_LINE = re.compile(r"(?:line\s+|(?:[^:]*\.\w+)?:)(\d{1,9})(?::.*)?", re.IGNORECASE)


def place_of(who: str) -> int | None:
    """Return the row that `#3` names; None for any other text."""
    found = _PLACE.fullmatch(who)
    return int(found[1]) if found else None


def line_of(who: str) -> int | None:
    """Return the line that `line 3`, or a message about a file, names; None for any other text."""
    found = _LINE.fullmatch(who.strip())
    return int(found[1]) if found else None


def named_in_message(contact: Contact, row: int) -> str:
    """Return how messages name a contact: its row, its id or masked number, and its name."""
    record = {
        "contact_id": contact.contact_id,
        "phone_number": contact.phone_number,
        "sip_uri": contact.sip_uri,
        "dtmf": contact.dtmf,
    }
    label = label_of(record, row)
    name = f" ({visible(contact.name)})" if contact.name else ""
    return (label if label.startswith(f"#{row} ") else f"#{row} {label}") + name


class Search:
    """Searches the contacts of a file or a campaign, which the caller passes in their order."""

    def __init__(self, who: str) -> None:
        self._who, self._folded, self._line = who, _folded(who), line_of(who)
        self._hits: dict[int, Contact] = {}
        self._hit_count = 0
        self._looked = 0
        self._names: dict[str, tuple[int, str]] = {}  #: name -> row, and how to show it
        self._at_line: int | None = None  #: the row that contains the line
        self._before_line: int | None = None

    def may_be(self, row: int, record: str) -> bool:
        """Whether a contact's record must be decoded; most of a million need not."""
        word = self._folded.partition(" ")[0]
        is_plain = '"' not in word and "\\" not in word
        is_needed = row <= _MOST_COMPARED or self._line is not None
        self._looked = row
        return is_needed or not is_plain or word in record.casefold()

    def look(self, row: int, line: int, contact: Contact) -> None:
        """Look at one contact."""
        self._looked = row
        if self._line is not None:
            self._look_at_line(row, line)
        cells = (contact.name, *contact.variables.values())
        if any(_folded(cell) == self._folded for cell in cells if cell):
            self._hit_count += 1
            if len(self._hits) < _MOST_TOLD:
                self._hits[row] = contact
        if row <= _MOST_COMPARED:
            for name, said in _names(contact, cells):
                self._names.setdefault(_folded(name), (row, said))

    def _look_at_line(self, row: int, line: int) -> None:
        if line == self._line:
            self._at_line = row
        elif line < (self._line or 0):
            self._before_line = row
        elif self._at_line is None:
            self._at_line = self._before_line

    def found(self) -> int | None:
        """Return the row of the only contact with this name, or the row in this line; else None."""
        if self._hit_count == 1:
            return next(iter(self._hits))
        return None if self._hits else self._at_line

    def miss(self) -> str:
        """Return why no contact was found, and which one was perhaps meant."""
        if self._hits:
            which = ", ".join(named_in_message(contact, row) for row, contact in self._hits.items())
            more = " and others" if self._hit_count > len(self._hits) else ""
            return (
                f"{counted(self._hit_count, 'contact is', 'contacts are')} called"
                f" {shown(self._who)}: {which}{more}"
            )
        near = difflib.get_close_matches(self._folded, self._names, n=_MOST_TOLD, cutoff=0.7)
        meant = [f"{said} (#{row})" for row, said in map(self._names.__getitem__, near)]
        if meant:
            return f"there is no contact {shown(self._who)}: did you mean {' or '.join(meant)}?"
        rows = f"its rows are #1 to #{self._looked:,}" if self._looked else "it has no rows"
        return f"there is no contact {shown(self._who)}: {rows}"


def _names(contact: Contact, cells: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the names of a contact, each with how it may be shown, without numbers."""
    contact_id, number = contact.contact_id, contact.phone_number
    if contact_id != contact.party:
        is_number = bool(number) and gives_away(contact_id, number)
        yield contact_id, shown(contact_id) if is_number else repr(contact_id[:_LONGEST_ID])
    yield from ((cell, shown(cell)) for cell in cells if cell)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
