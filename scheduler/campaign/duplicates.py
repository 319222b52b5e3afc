"""Which rows of a file stand for somebody who stands in it already?

The ledger decides it when rows are loaded, and remembers everybody for that. Here a file is read
twice instead, so that only those are kept who may stand in it twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from zlib import crc32

from pyroaring import BitMap

from scheduler import records


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
        self._known: set[bytes] = set()
        for count, packed in chunks:
            for identity, party in records.unpack_keys(packed):
                for key in {identity, party or identity}:
                    checksum = crc32(key)
                    (self._doubtful if checksum in once else once).add(checksum)
            read += count
            on_progress(read)

    def is_one(self, identity: bytes, party: bytes) -> bool:
        """Say whether a row is a duplicate; every row of the file is asked about, in its order."""
        if self._met(identity):
            return True
        # Of rows with one id only the first stands for its party.
        return bool(party) and party != identity and self._met(party)

    def _met(self, key: bytes) -> bool:
        if crc32(key) not in self._doubtful:
            return False
        if key in self._known:
            return True
        self._known.add(key)
        return False
