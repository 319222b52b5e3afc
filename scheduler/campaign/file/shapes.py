"""What a format of contacts has to be able to do: make rows of records, and rejects of rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeAlias, TypeVar

from scheduler.campaign.columns import RawRow
from scheduler.errors import Problem

T = TypeVar("T")
_Record = TypeVar("_Record", contravariant=True)

#: A row; or what is wrong with the file, so that this record is none.
Shaped: TypeAlias = RawRow | tuple[Problem, ...]


class Shape(Protocol[_Record]):
    """One file's format and columns. It can be handed to another process."""

    @property
    def path(self) -> str:
        """How messages name the file."""

    def row(self, line: int, record: _Record) -> Shaped:
        """Make a row of a record that starts in this line."""

    def reject_head(self) -> str:
        """Return what a file of rejects begins with."""

    def reject(self, record: _Record, reason: str, message: str) -> str:
        """Return the record as it was, and why it is refused."""


@dataclass(frozen=True, slots=True)
class Contacts(Generic[T]):
    """The records of one file, each with the line it starts in, and their shape."""

    shape: Shape[T]
    records: Iterator[tuple[int, T]]
    #: Every name by which a text may name a column; None: that is known when all were read.
    columns: frozenset[str] | None = None
    repeated: frozenset[str] = frozenset()  #: names of columns that are there twice
