"""What the columns of a contact are called, and one row as it was written under them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scheduler.errors import Problem
from scheduler.masking import shown

UNDERSTOOD = ("phone_number", "id", "name", "dtmf", "timezone", "max_duration")
_NOT_YET = ("sip_uri",)


@dataclass(frozen=True, slots=True)
class RawRow:
    """One contact as the file has it, before anything in it is checked."""

    line: int  #: where it starts, counted from 1
    cells: Mapping[str, str]
    places: Mapping[str, tuple[int, int]] | None = None  #: of cells that stand apart, as in YAML

    def problem(self, path: str, column: str, message: str, code: str) -> Problem:
        """Place a problem at a cell, or at the row when it has no such cell."""
        if self.places is None:
            return Problem(path, message, self.line, column, code)
        line, position = self.places.get(column) or self.places[""]
        return Problem(path, f"{column}: {message}", line, position, code)


def column_name(written: str) -> str:
    """Return a column's one name: of those understood, case and blanks don't matter."""
    name = written.strip()
    return name.lower() if name.lower() in UNDERSTOOD + _NOT_YET else name


def header_faults(names: Iterable[str]) -> list[str]:
    """Return what is wrong with the names of the columns."""
    names = list(names)
    faults = [f"the column {shown(name)} is there twice" for name in _repeated(names)]
    if "" in names:
        faults.append(f"column {names.index('') + 1} has no name")
    faults += [f"expected a printable name, got {shown(n)}" for n in names if not n.isprintable()]
    faults += [
        f"{name} is not supported by this release: remove the column and give phone_number"
        for name in _NOT_YET
        if name in names
    ]
    if "phone_number" not in names and not faults:
        faults.append(no_phone_number(names))
    return faults


def no_phone_number(names: Iterable[str]) -> str:
    """Say that the column is missing, and which one was perhaps meant."""
    spelled = {"_".join(name.lower().split()): name for name in names}
    near = difflib.get_close_matches("phone_number", spelled, n=1, cutoff=0.55)
    hint = f"rename {shown(spelled[near[0]])} to phone_number" if near else f"got {_list(names)}"
    return f"expected a column phone_number; {hint}"


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
