"""Cells that no spreadsheet runs: an apostrophe before a formula makes it text."""

from __future__ import annotations

import re

#: What a spreadsheet takes for the beginning of a formula.
BEGINS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001
#: Numbers, and with them phone numbers, stay as they are.
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")

_IN_DANGER = re.compile(rf"'*[{re.escape(''.join(BEGINS))}\t\r\n]")


def quoted(cell: str) -> str:
    """Return a cell that `unquoted` makes what it was, with an apostrophe where one is needed."""
    is_in_danger = _IN_DANGER.match(cell) and not NUMBER.fullmatch(cell)
    return f"'{cell}" if is_in_danger else cell


def unquoted(cell: str) -> str:
    """Return what was quoted."""
    return cell[1:] if cell.startswith("'") and _IN_DANGER.match(cell) else cell
