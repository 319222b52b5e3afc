"""The protocol of a format of contacts: it makes rows of records, and rejects of rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeAlias, TypeVar

from scheduler.campaign.columns import RawRow
from scheduler.errors import Problem

T = TypeVar("T")
_Record = TypeVar("_Record", contravariant=True)

#: A row; or problems of the file, if the record can't be read as a row.
Shaped: TypeAlias = RawRow | tuple[Problem, ...]


class Shape(Protocol[_Record]):
    """One file's format and columns. It can be pickled for another process."""

    @property
    def path(self) -> str:
        """How messages name the file."""

    def row(self, line: int, record: _Record) -> Shaped:
        """Make a row of a record that starts in this line."""

    def reject_head(self) -> str:
        """Return the header of a file of rejects."""

    def reject(self, record: _Record, reason: str, message: str) -> str:
        """Return the record as it was, with the reason."""


@dataclass(frozen=True, slots=True)
class Contacts(Generic[T]):
    """The records of one file, each with the line it starts in, and their shape."""

    shape: Shape[T]
    records: Iterator[tuple[int, T]]
    #: Every name by which a template may name a column; None: not known before all were read.
    columns: frozenset[str] | None = None
    repeated: frozenset[str] = frozenset()  #: names that the file has twice
