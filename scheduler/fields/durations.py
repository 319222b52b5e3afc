"""How a length of time is written: 90s, 1500ms, 5m, 2h, 7d."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_WRITTEN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_LONGEST = 1000  #: the most characters; a message shows only some of them
_EXPECTED = "expected a duration such as 90s, 1500ms, 5m or 2h"
#: The same for an editor, in JSON Schema.
DURATION_SCHEMA: dict[str, Any] = {"type": "string", "pattern": rf"^{_WRITTEN.pattern}$"}


def seconds(written: object) -> float:
    """Read a length of time, in seconds. Raises ValueError that says how one is written."""
    if isinstance(written, str) and len(written) > _LONGEST:
        raise ValueError(f"{_EXPECTED}, got {written[:40]!r} and {len(written) - 40:,} characters")
    match = _WRITTEN.fullmatch(written.strip()) if isinstance(written, str) else None
    if match is None:
        raise ValueError(f"{_EXPECTED}, got {written!r}")
    length = float(match[1]) * _UNITS[match[2]]
    if not math.isfinite(length):
        raise ValueError(f"{_EXPECTED}, got one without end")
    return length


def positive_seconds(written: object) -> float:
    """Read a length of time that is more than nothing."""
    length = seconds(written)
    if length <= 0:
        raise ValueError(f"expected a duration of more than nothing, got {written!r}")
    return length


def written(length_seconds: float) -> str:
    """Write a length of time as a person would: the largest unit that leaves a whole number."""
    milliseconds = round(length_seconds * 1000)
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        if milliseconds and milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms"


def _from_text(value: object) -> object:
    return positive_seconds(value) if not isinstance(value, float) else value


#: A pydantic field: read from text such as "90s", held as seconds, written back as text.
Duration = Annotated[
    float,
    BeforeValidator(_from_text),
    PlainSerializer(written, return_type=str),
    WithJsonSchema(DURATION_SCHEMA),
]
