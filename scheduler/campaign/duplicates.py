"""Which rows of a file stand for somebody who stands in it already, and in which row?

The ledger decides it when rows are loaded, and remembers everybody for that. Here a file is read
twice instead, so that only those are kept who may stand in it twice.
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
    """The row of which another one is a duplicate."""

    row: int  #: from 1, as a campaign counts them
    line: int
    shares_id: bool  #: else the number or address is the same


class Duplicates:
    """Finds the rows that a campaign of this file alone would skip as duplicates."""

    def __init__(
        self,
        chunks: Iterable[tuple[int, bytes]],
        on_progress: Callable[[int], None] = lambda _rows: None,
    ) -> None:
        """Read every chunk of packed rows, and remember which checksums there are twice.

        `on_progress` is told now and then how many rows were read.
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
        """Yield every row of the same chunks with the one of which it is a duplicate, if any."""
        number = 0
        for _, packed in chunks:
            for identity, party, row in records.unpack_keyed_rows(packed):
                number += 1
                yield row, self._first(identity, party, (number, row.line))

    def _first(self, identity: bytes, party: bytes, place: tuple[int, int]) -> First | None:
        if known := self._met(identity, place):
            return First(*known, shares_id=identity[:1] != records.BY_PARTY)
        # Of rows with one id only the first stands for its party.
        if party and party != identity and (known := self._met(party, place)):
            return First(*known, shares_id=False)
        return None

    def _met(self, key: bytes, place: tuple[int, int]) -> tuple[int, int] | None:
        """Return where a key was met before."""
        if crc32(key) not in self._doubtful:
            return None
        known = self._known.setdefault(key, place)
        return None if known == place else known
