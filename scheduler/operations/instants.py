"""Writes the instants of a record as ISO 8601 in UTC, for people and spreadsheets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


class Times(StrEnum):
    """How instants are written."""

    ISO = "iso"
    EPOCH = "epoch"


def iso(at: float) -> str:
    """Return an instant in epoch seconds as ISO 8601: 2026-11-22T14:00:00.250+00:00."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def cell(value: Any) -> Any:
    """Return an instant as ISO 8601; anything but a number of seconds stays as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return value
    try:
        return iso(value)
    except (OverflowError, ValueError, OSError):  # the year is out of range
        return value


def in_iso(value: Any, key: str = "") -> Any:
    """Return a record with all its instants as ISO 8601, also in nested values."""
    match value:
        case Mapping():
            return {name: in_iso(each, str(name)) for name, each in value.items()}
        case list() | tuple():
            return [in_iso(each, key) for each in value]
        case _:
            return cell(value) if key == "deadline" or key.endswith("_at") else value
