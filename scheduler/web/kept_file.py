"""A temporary file without a name, which any number of readers share; the last one frees it."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from typing import IO

#: Bytes of one piece.
PIECE_BYTES = 1 << 16


class KeptFile:
    """The content of a temporary file; closed when nobody refers to it any more."""

    def __init__(self, file: IO[bytes]) -> None:
        """Duplicate an open file, which its owner may then close."""
        file.flush()
        self._fd = os.dup(file.fileno())
        weakref.finalize(self, os.close, self._fd)
        self.length = os.fstat(self._fd).st_size

    def pieces(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from one position up to, without, another."""
        end = self.length if end is None else end
        while start < end:
            # pread: readers of the same file don't move each other's position.
            piece = os.pread(self._fd, min(PIECE_BYTES, end - start), start)
            if not piece:
                return
            yield piece
            start += len(piece)
