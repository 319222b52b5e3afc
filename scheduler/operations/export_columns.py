"""The columns of results as a table: ours, those of the contacts' file, and what was pressed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: What a record of ours has under these names, in the order of a table.
COLUMNS = (
    "campaign_id",
    "contact_id",
    "phone_number",
    "phone_column",
    "sip_uri",
    "name",
    "dtmf",
    "line",
    "state",
    "disposition",
    "reason",
    "attempts",
    "connection_id",
    "conversation_id",
    "caller_id",
    "started_at",
    "answered_at",
    "answered_by",
    "heard",
    "intents",
    "asked_not_to_be_called",
    "deadline",
    "ended_at",
    "late_seconds",
    "duration_seconds",
    "price",
    "error",
)
_INSTANTS = frozenset({"started_at", "answered_at", "deadline", "ended_at"})
_NUMBERS = _INSTANTS | {"line", "attempts", "duration_seconds"}

#: What a cell has of a value that is neither a text nor a number.
_AS_CELLS: dict[str, Callable[[Any], Any]] = {
    "intents": lambda names: " ".join(map(str, names or ())) or None,
    "asked_not_to_be_called": lambda asked: "yes" if asked is True else None,
}

_ANSWER = "answer_"
#: Before the name of a column of the file that is called as one of ours is.
_THEIRS = "file_"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: what its head says, and where in a record its cells are."""

    title: str
    part: str = ""  #: the mapping of the record that it is in; "": the record itself
    key: str = ""  #: under which it is there; "": the title

    @property
    def is_instant(self) -> bool:
        """Whether its cells are instants, in epoch seconds."""
        return not self.part and self.title in _INSTANTS

    @property
    def is_number(self) -> bool:
        """Whether its cells are numbers. All others are texts, however they look."""
        return not self.part and self.title in _NUMBERS

    def cell(self, record: Mapping[str, Any]) -> Any:
        """Return what a record has in this column, None for nothing."""
        within = (record.get(self.part) or {}) if self.part else record
        found = within.get(self.key or self.title)
        return _AS_CELLS[self.title](found) if self.title in _AS_CELLS and not self.part else found


def columns_of(asked: Iterable[str] = (), theirs: Iterable[str] = ()) -> tuple[Column, ...]:
    """Return the columns of a table.

    Behind ours come one for each step that asks for keys, and those that the file of the contacts
    has besides. One of these that is called as one of ours, in whatever case, has `file_` before
    its name.
    """
    columns = [Column(name) for name in COLUMNS]
    columns += [Column(f"{_ANSWER}{name}", "answers", name) for name in asked]
    taken = {column.title.casefold() for column in columns}
    for name in dict.fromkeys(theirs):
        title = name
        while title.casefold() in taken:
            title = f"{_THEIRS}{title}"
        taken.add(title.casefold())
        columns.append(Column(title, "variables", name))
    return tuple(columns)


def chosen(columns: Sequence[Column], wanted: Sequence[str]) -> tuple[Column, ...]:
    """Return the columns that are wanted, in that order. Raises LookupError with one that is none.

    `variables` is all that a contact's file has besides, in one cell.
    """
    known = {column.title: column for column in (*columns, Column("variables"))}
    return tuple(known[name] for name in wanted)
