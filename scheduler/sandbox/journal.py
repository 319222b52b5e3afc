"""What happened, in order, so that a test can hold the scheduler's ledger against it."""

from __future__ import annotations

import json
import time
from pathlib import Path


class Journal:
    """An append-only list of events, kept as the JSON lines that it is served and stored as."""

    def __init__(self, path: Path | None = None) -> None:
        self._lines: list[str] = []
        # Line buffering hands each event to the kernel at once, so it outlives a kill -9.
        self._file = path.open("a", encoding="utf-8", buffering=1) if path else None

    def record(self, event: str, **fields: object) -> None:
        """Append one event, stamped with the time."""
        line = json.dumps({"at": time.time(), "event": event, **fields}) + "\n"
        self._lines.append(line)
        if self._file:
            self._file.write(line)

    def text(self, since: int = 0) -> str:
        """The events from index `since` on, as JSON Lines."""
        return "".join(self._lines[since:])

    def clear(self) -> None:
        """Forget everything, in the file as well."""
        self._lines.clear()
        if self._file:
            self._file.truncate(0)

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()
