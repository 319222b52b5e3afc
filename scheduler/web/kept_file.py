"""A file without a name: read by any number of readers at once, and gone with the last of them."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from typing import IO

#: So much is sent at once.
PIECE_BYTES = 1 << 16


class KeptFile:
    """What somebody has written to a temporary file; it is closed when nobody has it any more."""

    def __init__(self, file: IO[bytes]) -> None:
        """Keep what is in a file, which its owner may close then."""
        file.flush()
        self._fd = os.dup(file.fileno())
        weakref.finalize(self, os.close, self._fd)
        self.length = os.fstat(self._fd).st_size

    def pieces(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield what stands between two bytes of it; the last one is not included."""
        end = self.length if end is None else end
        while start < end:
            # At a place of its own: other readers of the same file do not move it.
            piece = os.pread(self._fd, min(PIECE_BYTES, end - start), start)
            if not piece:
                return
            yield piece
            start += len(piece)
