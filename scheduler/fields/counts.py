"""Counts in words. Every message that puts a noun behind a number uses it."""

from __future__ import annotations

import re


def counted(value: int, one: str, many: str = "") -> str:
    """Write how many of something there are, such as "1 call" or "1,200 entries".

    `one` may end with its verb, "live call is"; only then `many` has to be said.
    """
    return f"{value:,} {one if value == 1 else many or _plural(one)}"


def _plural(one: str) -> str:
    return re.sub(r"(?<=[^aeiou])y$", "ie", one) + "s"
