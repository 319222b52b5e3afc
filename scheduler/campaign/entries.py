"""What may stand in a do-not-call list, and how a file of such entries is read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain, repeat

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from scheduler.campaign.columns import RawRow
from scheduler.campaign.names import is_address
from scheduler.campaign.problems import Problems
from scheduler.campaign.table import read_table
from scheduler.errors import Problem
from scheduler.fields.numbers import possible
from scheduler.fields.sip import sip_uri
from scheduler.masking import shown

#: The regions whose national numbers have ten digits and follow +1.
_AMERICAN_REGIONS = frozenset(COUNTRY_CODE_TO_REGION_CODE[1])

#: One number of these, perhaps as the registry of the US has it: area code, comma, seven digits.
#: Of every other number phonenumbers says how it is read, which takes thirty times as long.
_AMERICAN = re.compile(r"(\+?1)?([2-9]\d\d)(,?)(\d{7})", re.ASCII)
_CHANGE = re.compile(r"\d{3},\d{7},.*", re.ASCII)
_BETWEEN_DIGITS = re.compile(r"[ ()./\u00a0\u2010-\u2015-]")
_PREFIX = re.compile(r"\+[1-9]\d{0,14}\*", re.ASCII)
_BETWEEN_CELLS = re.compile(r"[,;|\t]")
_ADDRESSES = ("phone_number", "sip_uri")


def entry(written: str, region: str | None) -> str:
    """Return a number with its plus sign, a prefix such as +1202*, or a SIP address.

    ValueError says what was expected, with numbers masked.
    """
    text = written.strip()
    if text.lower().startswith(("sip:", "sips:")):
        return sip_uri(text)
    if text.endswith("*"):
        return _prefix(text)
    return possible(text, region)


def _prefix(text: str) -> str:
    prefix = _BETWEEN_DIGITS.sub("", text)
    if not _PREFIX.fullmatch(prefix):
        raise ValueError(f"expected a prefix with its plus sign, such as +1202*, got {shown(text)}")
    return prefix


def read_entries(
    lines: Iterable[str], path: str, region: str | None, problems: Problems
) -> Iterator[str]:
    """Yield what a list has: one entry a line, or a table whose header names a number column.

    Every line that can't be read becomes a problem that refuses the file, and the others go on.
    """
    remaining = map(_uncommented, lines)
    blank = 0
    for first in remaining:
        if first.strip():
            break
        blank += 1
    else:
        return
    # With the blank lines, so that those that follow keep their places.
    every = chain(repeat("\n", blank), [first], remaining)
    if _is_header(first):
        yield from _of_table(every, path, region, problems)
    else:
        yield from _of_lines(enumerate(every, start=1), path, region, problems)


def _uncommented(line: str) -> str:
    """Return a line without its comment. No number, prefix or SIP address has a # in it."""
    return line if "#" not in line else line.partition("#")[0] + "\n"


def _is_header(text: str) -> bool:
    return any(is_address(cell.strip(' "\r\n')) for cell in _BETWEEN_CELLS.split(text))


def _of_lines(
    numbered: Iterable[tuple[int, str]], path: str, region: str | None, problems: Problems
) -> Iterator[str]:
    is_american = region in _AMERICAN_REGIONS
    for line, written in numbered:
        text = written.strip()
        if not text:
            continue
        found = _AMERICAN.fullmatch(text)
        if found and (is_american or found[1] == "+1") and not (found[1] and found[3]):
            yield f"+1{found[2]}{found[4]}"
            continue
        try:
            yield entry(text, region)
        except ValueError as error:
            message = _registry(text, found) or str(error)
            problems.refuse([Problem(path, message, line, code="list")])


def _registry(text: str, found: re.Match[str] | None) -> str:
    """Say what is wrong with a line of the registry of the US; "" when it is none."""
    if found and found[3]:
        return "expected default_region US for area code and seven digits, as the US registry has"
    if _CHANGE.fullmatch(text):
        return "expected the full list of the US registry, got its list of changes"
    return ""


def _of_table(
    lines: Iterable[str], path: str, region: str | None, problems: Problems
) -> Iterator[str]:
    for row in read_table(lines, path, problems, _nobody_listens):
        column, written = _whom(row)
        try:
            yield entry(written, region)
        except ValueError as error:
            problems.refuse([row.problem(path, column, str(error), "list")])


def _whom(row: RawRow) -> tuple[str, str]:
    """Return the cell that says who is not to be called."""
    for column in _ADDRESSES:
        if written := row.cells.get(column, "").strip():
            return column, written
    return next(column for column in _ADDRESSES if column in row.cells), ""


def _nobody_listens(_told: object) -> None:
    pass
