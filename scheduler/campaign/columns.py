"""What the columns of a contact are called, and one row as it was written under them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from scheduler.campaign.call import CAMPAIGNS_ONLY, Call
from scheduler.campaign.explained import nearest
from scheduler.errors import Problem
from scheduler.masking import shown
from scheduler.models import Reason

UNDERSTOOD = ("phone_number", "sip_uri", "id", "name", "dtmf", "timezone", "max_duration")
OPTION = "call."  #: begins the columns that stand for a key under `call`
_ADDRESSES = ("phone_number", "sip_uri")
_KEYS = [key for key in Call.model_fields if key not in CAMPAIGNS_ONLY]
_OPTIONS = [OPTION + key for key in _KEYS]


@dataclass(frozen=True, slots=True)
class RawRow:
    """One contact as the file has it, before anything in it is checked."""

    line: int  #: where it starts, counted from 1
    cells: Mapping[str, str]
    places: Mapping[str, tuple[int, int]] | None = None  #: of cells that stand apart, as in YAML
    own: Mapping[str, object] = field(default_factory=dict)  #: keys under `call`, those it has

    def problem(self, path: str, column: str, message: str, code: str) -> Problem:
        """Place a problem at a cell, or at the row when it has no such cell."""
        if self.places is None:
            return Problem(path, message, self.line, column, code)
        line, position = self.places.get(column) or self.places[""]
        return Problem(path, f"{column}: {message}", line, position, code)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one cell, and why its row is skipped for it."""

    column: str
    message: str
    reason: Reason = Reason.INVALID_ROW


def column_name(written: str) -> str:
    """Return a column's one name: of those understood, case and blanks don't matter."""
    name = written.strip()
    lower = name.lower()
    return lower if lower in UNDERSTOOD or lower.startswith(OPTION) else name


def header_faults(names: Iterable[str]) -> list[str]:
    """Return what is wrong with the names of the columns."""
    names = list(names)
    faults = [f"the column {shown(name)} is there twice" for name in _repeated(names)]
    if "" in names:
        faults.append(f"column {names.index('') + 1} has no name")
    faults += [f"expected a printable name, got {shown(n)}" for n in names if not n.isprintable()]
    faults += [_no_option(n) for n in names if n.startswith(OPTION) and n not in _OPTIONS]
    if not faults and not set(names) & set(_ADDRESSES):
        faults.append(no_address(names))
    return faults


def no_address(names: Iterable[str]) -> str:
    """Say that a column is missing, and which one was perhaps meant."""
    spelled = {"_".join(name.lower().split()): name for name in names}
    for column in _ADDRESSES:
        near = difflib.get_close_matches(column, spelled, n=1, cutoff=0.55)
        if near:
            return f"expected a column {column}; rename {shown(spelled[near[0]])} to {column}"
    return f"expected a column phone_number or sip_uri; got {_list(names)}"


def _no_option(name: str) -> str:
    """Say that a column stands for no key that a contact may have."""
    key = name.removeprefix(OPTION)
    hint = CAMPAIGNS_ONLY.get(key)
    if hint:
        return f"{name} can't be a column: {hint}"
    return f"unknown column {shown(name)}: {nearest(key, _KEYS, OPTION)}"


def _list(names: Iterable[str]) -> str:
    return ", ".join(shown(name) for name in list(names)[:5]) or "none"


def _repeated(names: list[str]) -> list[str]:
    seen: set[str] = set()
    repeated = []
    for name in filter(None, names):
        if name.lower() in seen:
            repeated.append(name)
        seen.add(name.lower())
    return repeated
