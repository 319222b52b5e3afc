"""The API's instants: ISO 8601 on the wire, epoch seconds here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def instant(written: Any) -> float | None:
    """Return epoch seconds; None for what is no instant."""
    if not isinstance(written, str):
        return None
    try:
        read = datetime.fromisoformat(written)
    except ValueError:
        return None
    return (read if read.tzinfo is not None else read.replace(tzinfo=UTC)).timestamp()


def written(at: float) -> str:
    """Return an instant as the API's samples write it."""
    text = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
