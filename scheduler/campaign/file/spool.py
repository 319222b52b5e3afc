"""Keeps checked rows until they are loaded, in a temporary file without a name."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Iterator

from scheduler import records
from scheduler.errors import ConfigError
from scheduler.models import Row

_HEAD = struct.Struct(">II")  # of a chunk: how many rows, how many bytes


class Spool:
    """Packed rows on disk, so that memory does not grow with the file."""

    def __init__(self) -> None:
        try:
            # It outlives this function; `close` ends it.
            self._file = tempfile.TemporaryFile()  # noqa: SIM115
        except OSError as error:
            raise _no_room(error) from None

    def add(self, count: int, packed: bytes) -> None:
        """Write a chunk of rows that `records.pack_row` has packed."""
        try:
            self._file.write(_HEAD.pack(count, len(packed)))
            self._file.write(packed)
        except OSError as error:
            raise _no_room(error) from None

    def chunks(self) -> Iterator[tuple[int, bytes]]:
        """Yield the chunks from the first on. There is one reader at a time."""
        try:
            self._file.seek(0)  # writes what is still in memory, too
        except OSError as error:
            raise _no_room(error) from None
        while head := self._file.read(_HEAD.size):
            count, size = _HEAD.unpack(head)
            yield count, self._file.read(size)

    def rows(self) -> Iterator[Row]:
        """Yield the rows from the first on. There is one reader at a time."""
        for _, packed in self.chunks():
            yield from records.unpack_rows(packed)

    def close(self) -> None:
        """Free the disk space."""
        self._file.close()


def _no_room(error: OSError) -> ConfigError:
    return ConfigError(f"TMPDIR: the rows can't be kept in a temporary file: {error.strerror}")
