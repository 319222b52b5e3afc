"""Where checked rows wait until they are loaded: a temporary file without a name."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

from scheduler import records
from scheduler.errors import ConfigError
from scheduler.models import Reason, Row


class Spool:
    """Rows on disk, so that memory does not grow with the file and what was checked is loaded."""

    def __init__(self) -> None:
        try:
            # It outlives this function on purpose; `close` is what ends it.
            self._file = tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n")  # noqa: SIM115
        except OSError as error:
            raise _no_room(error) from None

    def add(self, row: Row) -> None:
        """Write one more row."""
        packed = records.pack(row.contact, row.line)
        if row.has_id:
            packed["h"] = 1
        if row.reason is not None:
            packed |= {"r": row.reason, "e": row.error}
        try:
            self._file.write(records.dump(packed) + "\n")
        except OSError as error:
            raise _no_room(error) from None

    def rows(self) -> Iterator[Row]:
        """Yield the rows from the first on. There is one reader at a time."""
        try:
            self._file.seek(0)  # writes what is still in memory, too
        except OSError as error:
            raise _no_room(error) from None
        for text in self._file:
            yield _row(text)

    def close(self) -> None:
        """Give the disk space back."""
        self._file.close()


def _row(text: str) -> Row:
    packed = records.parse(text)
    contact, line = records.unpack(packed)
    reason = Reason(packed["r"]) if "r" in packed else None
    return Row(contact, line, "h" in packed, reason, packed.get("e", ""))


def _no_room(error: OSError) -> ConfigError:
    return ConfigError(f"TMPDIR: the rows can't be kept in a temporary file: {error.strerror}")
