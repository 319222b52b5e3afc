"""What the columns of a contact are called, and one row as it was written under them."""

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
OPTION = "call."  #: begins the columns that stand for a key under `call`
MOST_COLUMNS = 16_384  #: as many as a sheet of Excel has


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of a file, or the keys of one contact, by our names."""

    names: tuple[str, ...] = ()  #: in the order of the file; "" for those that are read over
    called: Mapping[str, str] = field(default_factory=dict)  #: ours -> theirs, where they differ
    meant: Mapping[str, str] = field(default_factory=dict)  #: theirs -> ours, where they differ
    faults: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()  #: theirs, of which the first valid number is called
    code: str = ""  #: one that looks like the numbers' country code, and that nothing uses
    country: str = ""  #: one that names the contact's country, and that nothing uses
    repeated: frozenset[str] = frozenset()  #: names that are there twice

    @property
    def all_names(self) -> frozenset[str]:
        """Every name by which a text may name a column: ours, and as it is written."""
        chosen = ("phone_number",) if self.choices else ()
        return frozenset((*filter(None, self.names), *self.meant, *chosen))

    @property
    def taken(self) -> dict[str, str]:
        """What each column is taken for: theirs -> ours, or theirs again for one of their own."""
        pairs = ((self.called.get(name, name), name) for name in filter(None, self.names))
        return {
            theirs: "phone_number" if theirs in self.choices else ours for theirs, ours in pairs
        }


_OUR_NAMES = Header()


@dataclass(frozen=True, slots=True)
class RawRow:
    """One contact as the file has it, before anything in it is checked."""

    line: int  #: where it starts, counted from 1
    cells: Mapping[str, str]
    places: Mapping[str, tuple[int, int]] | None = None  #: of cells that stand apart, as in YAML
    own: Mapping[str, object] = field(default_factory=dict)  #: keys under `call`, those it has
    header: Header = _OUR_NAMES
    unread: Mapping[str, str] = field(default_factory=dict)  #: cells without a value, and why

    def problem(self, path: str, column: str, message: str, code: str) -> Problem:
        """Place a problem at a cell, or at the row when it has no such cell."""
        name = self.header.called.get(column, column)
        if self.places is None:
            return Problem(path, message, self.line, name, code)
        line, position = self.places.get(column) or self.places[""]
        return Problem(path, f"{name}: {message}", line, position, code)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one cell, and why its row is skipped for it."""

    column: str
    message: str
    reason: Reason = Reason.INVALID_ROW
    refuses_file: bool = False  #: it says something about every row


def too_many(count: int) -> str:
    """Return what to say of more columns than any file may have; "" where they are fewer."""
    return f"expected at most {MOST_COLUMNS:,} columns, got {count:,}" * (count > MOST_COLUMNS)


def no_option(name: str, keys: Collection[str]) -> str:
    """Say that a column stands for none of the keys that a contact may have."""
    key = name.removeprefix(OPTION)
    hint = CAMPAIGNS_ONLY.get(key)
    if hint:
        return f"{name} can't be a column: {hint}"
    return f"unknown column {shown(name)}: {nearest(key, keys, OPTION)}"
