"""Protects cells from formula injection: an apostrophe before a formula makes it text."""

from __future__ import annotations

import re

#: Characters with which a formula may begin.
BEGINS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001
#: Numbers, and with them phone numbers, stay as they are.
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")

_IN_DANGER = re.compile(rf"'*[{re.escape(''.join(BEGINS))}\t\r\n]")


def quoted(cell: str) -> str:
    """Return a cell with an apostrophe, if it needs one; `unquoted` reverses it."""
    is_in_danger = _IN_DANGER.match(cell) and not NUMBER.fullmatch(cell)
    return f"'{cell}" if is_in_danger else cell


def unquoted(cell: str) -> str:
    """Return the cell that `quoted` has quoted."""
    return cell[1:] if cell.startswith("'") and _IN_DANGER.match(cell) else cell
