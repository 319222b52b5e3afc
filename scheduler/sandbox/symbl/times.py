"""How a moment is written."""

from __future__ import annotations

from datetime import UTC, datetime


def iso(at: float) -> str:
    """A moment in ISO 8601, to the millisecond, in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def moment(written: str) -> float:
    """The moment that is written in ISO 8601, in UTC unless it says otherwise.

    Raises ValueError.
    """
    parsed = datetime.fromisoformat(written)
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
