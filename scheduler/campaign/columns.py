"""The columns of a file, our keys for them, and one row as it is written."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from scheduler.errors import Problem
from scheduler.fields.key_problems import nearest
from scheduler.masking import shown
from scheduler.models import Reason
from scheduler.providers.call_keys import CAMPAIGNS_ONLY

UNDERSTOOD = (
    *("phone_number", "sip_uri", "id", "name", "dtmf", "timezone", "max_duration"),
    *("not_before", "not_after", "extension", "country_code"),
)
OPTION = "call."  #: the prefix of columns that stand for a key under `call`
MOST_COLUMNS = 16_384  #: as many as a sheet of Excel has


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of a file, or the keys of one contact.

    A column is what the file writes, a key is our name for it; a column that we don't understand is
    its own key.
    """

    names: tuple[str, ...] = ()  #: the keys, in the order of the file; "" for ignored columns
    columns: Mapping[str, str] = field(default_factory=dict)  #: key -> column, where they differ
    keys: Mapping[str, str] = field(default_factory=dict)  #: column -> key, where they differ
    faults: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()  #: columns of which the first valid number is called
    code: str = ""  #: an unused column that looks like the numbers' country code
    country: str = ""  #: an unused column that names the contact's country
    repeated: frozenset[str] = frozenset()  #: names that the file has twice

    @property
    def all_names(self) -> frozenset[str]:
        """Every name by which a template may name a column: its key, and as it is written."""
        chosen = ("phone_number",) if self.choices else ()
        return frozenset((*filter(None, self.names), *self.keys, *chosen))

    @property
    def taken(self) -> dict[str, str]:
        """What each column is taken for: column -> key; for a variable the column itself."""
        pairs = ((self.columns.get(name, name), name) for name in filter(None, self.names))
        return {column: "phone_number" if column in self.choices else key for column, key in pairs}


_OUR_NAMES = Header()


@dataclass(frozen=True, slots=True)
class RawRow:
    """One contact as it is written, before any check."""

    line: int  #: where it starts, counted from 1
    cells: Mapping[str, str]
    places: Mapping[str, tuple[int, int]] | None = None  #: key -> line and column, in YAML
    own: Mapping[str, object] = field(default_factory=dict)  #: the contact's own keys under `call`
    header: Header = _OUR_NAMES
    unread: Mapping[str, str] = field(default_factory=dict)  #: cells without a value -> why

    def problem(self, path: str, column: str, message: str, code: str) -> Problem:
        """Return a problem with the place of its cell, or of the row if that has no such cell."""
        name = self.header.columns.get(column, column)
        if self.places is None:
            return Problem(path, message, self.line, name, code)
        line, position = self.places.get(column) or self.places[""]
        return Problem(path, f"{name}: {message}", line, position, code)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of one cell, and the reason for which its row is skipped."""

    column: str
    message: str
    reason: Reason = Reason.INVALID_ROW
    refuses_file: bool = False  #: whether it puts every row in doubt


def too_many(count: int) -> str:
    """Return the message about too many columns; "" if there are not."""
    return f"expected at most {MOST_COLUMNS:,} columns, got {count:,}" * (count > MOST_COLUMNS)


def no_option(name: str, keys: Collection[str]) -> str:
    """Return the message about a column that stands for no key that a contact may have."""
    key = name.removeprefix(OPTION)
    hint = CAMPAIGNS_ONLY.get(key)
    if hint:
        return f"{name} can't be a column: {hint}"
    return f"unknown column {shown(name)}: {nearest(key, keys, OPTION)}"
