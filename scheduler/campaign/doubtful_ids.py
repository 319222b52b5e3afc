"""Finds ids that identify nobody: numbers that a spreadsheet has shortened, and words for "none".

One id stands for one contact, so different people with such an id would count as duplicates of
the first one, and would never be called.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from scheduler.campaign.columns import RawRow
from scheduler.errors import Problem
from scheduler.masking import shown
from scheduler.models import Row

_SHORTENED = re.compile(r"[0-9]+([.,][0-9]+)?[eE][+]?[0-9]+")
_NOTHING = re.compile(
    r"(null|none|nil|nan|n/?a|#n/?a|undefined|unknown|empty|[-\u2013\u2014]+|\?+|[.]+|0+([.,]0+)?)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Met:
    """Where such an id occurs first."""

    line: int
    party: str


@dataclass(slots=True)
class DoubtfulIds:
    """The ids of a file, or of a chunk of it, that may stand for several people."""

    met: dict[str, _Met] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def note(self, row: Row, raw: RawRow, path: str) -> None:
        """Check the id of a row that is to be called."""
        written = row.contact.contact_id
        if row.has_id and (_SHORTENED.fullmatch(written) or _NOTHING.fullmatch(written)):
            self._meet(written, _Met(row.line, row.contact.party), raw, path)

    def _meet(self, written: str, here: _Met, raw: RawRow, path: str) -> None:
        first = self.met.setdefault(written, here)
        if first.party != here.party:
            message = _message(written, first.line)
            self.problems.append(raw.problem(path, "id", message, "header"))

    def merge(self, later: DoubtfulIds, path: str) -> None:
        """Add the doubtful ids of a later part of the file."""
        self.problems += later.problems
        for written, met in later.met.items():
            first = self.met.setdefault(written, met)
            if first.party != met.party:
                message = _message(written, first.line)
                self.problems.append(Problem(path, message, met.line, "id", "header"))


def _message(written: str, first_line: int) -> str:
    if _SHORTENED.fullmatch(written):
        way = "a spreadsheet has shortened it: format the column as text and enter the ids again"
    else:
        way = "leave the cell empty where there is no id"
    return f"{shown(written)} stands beside another number in line {first_line}, too; {way}"
