"""Which rows of a file repeat a contact, and which row has it first?

The ledger decides this as rows are loaded, and keeps everybody for that. This module reads the
file twice instead, and keeps only those who may be in it twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from zlib import crc32

from pyroaring import BitMap

from scheduler import records
from scheduler.models import Row


@dataclass(frozen=True, slots=True)
class First:
    """The row that a duplicate repeats."""

    row: int  #: from 1, as a campaign counts them
    line: int
    shares_id: bool  #: whether both have one id; else both have one number or address


class Duplicates:
    """Finds the rows that a campaign of this file alone would skip as duplicates."""

    def __init__(
        self,
        chunks: Iterable[tuple[int, bytes]],
        on_progress: Callable[[int], None] = lambda _rows: None,
    ) -> None:
        """Read every chunk of packed rows, and remember which checksums occur twice.

        The callback `on_progress` gets the number of rows read so far.
        """
        read, once, self._doubtful = 0, BitMap(), BitMap()
        self._known: dict[bytes, tuple[int, int]] = {}
        for count, packed in chunks:
            for identity, party in records.unpack_keys(packed):
                for key in {identity, party or identity}:
                    checksum = crc32(key)
                    (self._doubtful if checksum in once else once).add(checksum)
            read += count
            on_progress(read)

    def judged(self, chunks: Iterable[tuple[int, bytes]]) -> Iterator[tuple[Row, First | None]]:
        """Yield every row of the same chunks with the row that it repeats, if any."""
        number = 0
        for _, packed in chunks:
            for identity, party, row in records.unpack_keyed_rows(packed):
                number += 1
                yield row, self._first(identity, party, (number, row.line))

    def _first(self, identity: bytes, party: bytes, place: tuple[int, int]) -> First | None:
        if known := self._met(identity, place):
            return First(*known, shares_id=identity[:1] != records.BY_PARTY)
        # Among rows with one id, only the first counts for its party.
        if party and party != identity and (known := self._met(party, place)):
            return First(*known, shares_id=False)
        return None

    def _met(self, key: bytes, place: tuple[int, int]) -> tuple[int, int] | None:
        """Return where a key occurred before; None if this is the first time."""
        if crc32(key) not in self._doubtful:
            return None
        known = self._known.setdefault(key, place)
        return None if known == place else known
