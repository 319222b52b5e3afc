"""The API's instants: it writes ISO 8601, epoch seconds or milliseconds; callsched uses seconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

#: Between the years 2001 and 2286 an instant has ten digits in seconds, 13 in milliseconds.
#: A number of another size counts something else.
_SECONDS_FROM, _SECONDS_TO = 1e9, 1e10

_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]+)?")


def instant(written: Any) -> float | None:
    """Return epoch seconds; None if the value is no instant."""
    if isinstance(written, str) and _SECONDS.fullmatch(written) and len(written) < 30:
        return _counted(float(written)) or _read(written)
    if isinstance(written, str):
        return _read(written)
    is_number = isinstance(written, int | float) and not isinstance(written, bool)
    return _counted(written) if is_number else None


def _read(written: str) -> float | None:
    try:
        read = datetime.fromisoformat(written)
    except ValueError:
        return None
    return (read if read.tzinfo is not None else read.replace(tzinfo=UTC)).timestamp()


def _counted(number: float) -> float | None:
    """Return the instant of a number; its size tells seconds from milliseconds."""
    for unit in (1, 1000):
        if _SECONDS_FROM * unit <= number < _SECONDS_TO * unit:
            return number / unit
    return None


def written(at: float) -> str:
    """Return an instant as the API's samples write it."""
    text = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
