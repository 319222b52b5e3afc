"""The columns of results as a table: our own, those of the contacts' file, and answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: Our own columns, in the order of the table; records have values under these names.
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

#: How to write a value that is neither a text nor a number.
_AS_CELLS: dict[str, Callable[[Any], Any]] = {
    "intents": lambda names: " ".join(map(str, names or ())) or None,
    "asked_not_to_be_called": lambda asked: "yes" if asked is True else None,
}

_ANSWER = "answer_"
#: The prefix of a column of the file that has the name of one of our own.
_FILE_PREFIX = "file_"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its title, and where in a record its cells are."""

    title: str
    part: str = ""  #: the mapping inside the record; "": the record itself
    key: str = ""  #: the key there; "": the title

    @property
    def is_instant(self) -> bool:
        """Whether its cells are instants, in epoch seconds."""
        return not self.part and self.title in _INSTANTS

    @property
    def is_number(self) -> bool:
        """Whether its cells are numbers. All others are texts, however they look."""
        return not self.part and self.title in _NUMBERS

    def cell(self, record: Mapping[str, Any]) -> Any:
        """Return the value of a record in this column; None for an empty cell."""
        within = (record.get(self.part) or {}) if self.part else record
        found = within.get(self.key or self.title)
        return _AS_CELLS[self.title](found) if self.title in _AS_CELLS and not self.part else found


def columns_of(asked: Iterable[str] = (), variables: Iterable[str] = ()) -> tuple[Column, ...]:
    """Return the columns of a table.

    After our own come one for each step that asks for keys, and the `variables`: other columns of
    the contacts' file. A variable with the name of an earlier column, in any case, gets the prefix
    `file_`.
    """
    columns = [Column(name) for name in COLUMNS]
    columns += [Column(f"{_ANSWER}{name}", "answers", name) for name in asked]
    taken = {column.title.casefold() for column in columns}
    for name in dict.fromkeys(variables):
        title = name
        while title.casefold() in taken:
            title = f"{_FILE_PREFIX}{title}"
        taken.add(title.casefold())
        columns.append(Column(title, "variables", name))
    return tuple(columns)


def chosen(columns: Sequence[Column], wanted: Sequence[str]) -> tuple[Column, ...]:
    """Return the wanted columns, in that order. Raises LookupError for an unknown one.

    The column `variables` has all variables of a contact in one cell.
    """
    known = {column.title: column for column in (*columns, Column("variables"))}
    return tuple(known[name] for name in wanted)
