"""Reads a do-not-call list: every line has entries, is blank or a comment, or refuses the list.

A list is a text with one entry a line, a table whose header names columns of numbers, or the
download of the US registry.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from scheduler.campaign.entries import (
    EXPECTED,
    entry,
    entry_or_none,
    has_address,
    reason,
    unmistakable,
)
from scheduler.campaign.file.problems import Problems
from scheduler.campaign.file.table import (
    DELIMITERS,
    RowEnds,
    expect_columns,
    expect_row,
    said_delimiter,
    unfit,
)
from scheduler.campaign.list_columns import ListColumns, is_header
from scheduler.errors import Problem, refusal

#: The regions whose national numbers have ten digits and follow +1.
_AMERICAN_REGIONS = frozenset(COUNTRY_CODE_TO_REGION_CODE[1])
#: A number of these regions, perhaps as the US registry writes it: area code, comma, seven digits.
#: The library phonenumbers reads every other number, which takes thirty times as long.
_AMERICAN = re.compile(r"(\+?1)?([2-9]\d\d)(,?)(\d{7})", re.ASCII)
_CHANGE = re.compile(r"\d{3},\d{7},.*", re.ASCII)
#: A # without a blank before it may belong to a number: some write extensions so.
_COMMENT = re.compile(r"(?:^|\s)#.*", re.DOTALL)
_COUNT_TITLE = re.compile(r'"?#"?\s*[,;|\t]')  #: the beginning of a header with a first column "#"
_NAME_A_COLUMN = (
    "; if this line is the header of a table, call a column of numbers phone_number, and one of"
    " SIP addresses sip_uri"
)
_NO_HEADER = (
    "expected a header with phone_number or sip_uri; one of its cells goes on over several lines:"
    " is a quote not closed?"
)
_ROW_OR_COMMENT = (
    "this line begins with a # and has a number, a SIP address or an open quote in it: put the"
    " first cell into quotes when it is a row, and take the line out when it is a comment"
)
_ROW_IN_A_QUOTE = (
    "a quoted cell of this row goes on over a line that looks like a row of its own: close the"
    " quote, or take the number out of the text"
)
_ANOTHER_CODE = (
    "another column of the row has another country or area code than this number was read with:"
    " write the whole number with its plus sign"
)
_AROUND_CELLS = ' "#\r\n'


@dataclass(slots=True)
class Counts:
    """How many lines of each kind there were; the four kinds add up to `lines`."""

    lines: int = 0
    listed: int = 0  #: lines with entries; a row may have several entries, or take several lines
    header: int = 0
    blank: int = 0  #: blank lines, and comments
    unread: int = 0  #: lines that refuse the list
    entries: int = 0  #: entries in all; repeated ones count each time


def read_entries(
    lines: Iterable[str], path: str, region: str | None, problems: Problems, counts: Counts
) -> Iterator[str]:
    """Yield the entries of a list.

    A line that can't be read becomes a problem that refuses the list; reading goes on, so that all
    such lines are reported at once. So use the entries only after the last one, if `problems` has
    none.
    """
    yield from _ListFile(_counted(lines, counts), path, region, problems, counts).entries()


def _counted(lines: Iterable[str], counts: Counts) -> Iterator[str]:
    for line in lines:
        counts.lines += 1
        yield line


@dataclass(slots=True)
class _ListFile:
    remaining: Iterator[str]
    path: str
    region: str | None
    problems: Problems
    counts: Counts

    def entries(self) -> Iterator[str]:
        delimiter = ""
        for first in self.remaining:
            if not delimiter and (delimiter := said_delimiter(first)):
                self.counts.header += 1
            elif _without_comment(first).strip() or _COUNT_TITLE.match(first):
                break
            else:
                self.counts.blank += 1
        else:
            return
        lines = chain([first], self.remaining)
        if delimiter := self._delimiter(first, delimiter):
            yield from self._of_table(lines, delimiter)
        else:
            yield from self._of_lines(lines, self.counts.lines)

    def _delimiter(self, first: str, mark: str) -> str:
        """Return the delimiter of a table with this header; "" if the line is no header."""
        if entry_or_none(_without_comment(first), self.region):
            return ""
        cells = {each: _cells(first, each) for each in ((mark,) if mark else DELIMITERS)}
        fitting = [each for each in cells if is_header(cells[each][1], self.region)]
        return max(fitting, key=lambda each: (cells[each][0], len(cells[each][1])), default="")

    # One entry a line -----------------------------------------------------------------------------

    def _of_lines(self, lines: Iterable[str], first: int) -> Iterator[str]:
        counts = self.counts
        for written in lines:
            if found := _american(written.strip(), self.region, registry=True):
                counts.listed += 1
                counts.entries += 1
                yield found
            elif text := _unquoted(_without_comment(written).strip()):
                yield from self._of_line(text, counts.lines == first)
            else:
                counts.blank += 1

    def _of_line(self, text: str, is_first: bool) -> Iterator[str]:
        try:
            found = entry(text, self.region)
        except ValueError as error:
            message = _registry(text) or reason(error, text)
            hint = _NAME_A_COLUMN if is_first and message == EXPECTED else ""
            self._refuse(1, (None, message + hint))
            return
        self.counts.listed += 1
        self.counts.entries += 1
        yield found

    # A table --------------------------------------------------------------------------------------

    def _of_table(self, lines: Iterator[str], delimiter: str) -> Iterator[str]:
        feed = _Feed(lines, lambda line: self._comment(line, delimiter), self._expect_row)
        reader = csv.reader(feed, delimiter=delimiter, strict=True, skipinitialspace=True)
        ends = RowEnds(self.path)
        titles = self._record(reader, feed, ends) or []
        self.counts.header += feed.taken
        if not is_header(titles, self.region):  # its first line was one, but a quote goes on
            line = self.counts.lines - feed.taken + 1
            raise refusal(self.path, _NO_HEADER, line, code="header")
        expect_columns(titles, self.path, self.counts.lines - feed.taken + 1)
        columns = ListColumns.of(titles)
        feed.begin()
        while (cells := self._record(reader, feed, ends)) is not None:
            if any(map(str.strip, cells)):
                yield from self._of_row(_Row(cells, columns, self.region, delimiter), feed.taken)
            else:
                self.counts.blank += feed.taken
            feed.begin()

    def _expect_row(self, characters: int, lines: int) -> None:
        expect_row(characters, self.path, self.counts.lines - lines + 1)

    def _record(self, reader: Iterator[list[str]], feed: _Feed, ends: RowEnds) -> list[str] | None:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise unfit(error, self.path, self.counts.lines - feed.taken + 1) from None
        if cells is not None:
            ends.expect_same(feed.last, self.counts.lines - feed.taken + 1)
        return cells

    def _of_row(self, row: _Row, lines: int) -> Iterator[str]:
        found = row.entries()
        if row.faults:
            self._refuse(lines, *row.faults)
            return
        self.counts.listed += lines
        self.counts.entries += len(found)
        yield from found

    def _comment(self, line: str, delimiter: str) -> None:
        """Count a line of a table that begins with # as a comment; refuse it if it may be a row."""
        closes, cells = _cells(line, delimiter)
        texts = [line, *(cell.strip(_AROUND_CELLS) for cell in cells)]
        if not closes or any(has_address(text, self.region) for text in texts):
            self._refuse(1, (None, _ROW_OR_COMMENT))
        else:
            self.counts.blank += 1

    def _refuse(self, lines: int, *faults: tuple[str | None, str]) -> None:
        """Note faults of the last lines that were read."""
        self.counts.unread += lines
        line = self.counts.lines - lines + 1
        self.problems.refuse(
            Problem(self.path, message, line, column, "list") for column, message in faults
        )


@dataclass(slots=True)
class _Row:
    cells: list[str]
    columns: ListColumns
    region: str | None
    delimiter: str
    faults: list[tuple[str | None, str]] = field(default_factory=list)

    def entries(self) -> list[str]:
        """Return every entry of the row, and note its faults."""
        cells, columns = self.cells, self.columns
        width = len(columns.titles)
        if any(map(str.strip, cells[width:])):
            message = f"expected {width} cells as in the header, got {len(cells)}"
            self.faults.append((None, message))
        found = [self._entry(at, text) for at in columns.addresses if (text := self._cell(at))]
        found += [text for at in columns.others if (text := self._unnamed(at))]
        if not found:
            names = " or ".join(map(columns.name, columns.addresses))
            self.faults.append((None, f"expected a number or SIP address under {names}"))
        if any(map(self._swallows_a_row, cells)):
            self.faults.append((None, _ROW_IN_A_QUOTE))
        return list(filter(None, found))

    def _swallows_a_row(self, cell: str) -> bool:
        """Whether a line of a cell, after its first, looks like the next row."""
        return any(
            entry_or_none(parts[at].strip(_AROUND_CELLS), self.region)
            for parts in (line.split(self.delimiter) for line in cell.splitlines()[1:])
            for at in self.columns.addresses
            if at < len(parts)
        )

    def _cell(self, at: int) -> str:
        return self.cells[at].strip() if at < len(self.cells) else ""

    def _entry(self, at: int, text: str) -> str:
        """Return the entry of a cell, and note a fault if it is doubtful; "" if it is none."""
        column = self.columns.name(at)
        try:
            found = _american(text, self.region) or entry(text, self.region)
        except ValueError as error:
            self.faults.append((column, reason(error, text)))
            return ""
        contradicted = self.columns.contradicts(found, self.cells, self.region)
        if contradicted and not entry_or_none(text, None):
            self.faults.append((column, _ANOTHER_CODE))
        return found

    def _unnamed(self, at: int) -> str:
        """Return the entry of a cell in a column that need not have entries; "" if it has none."""
        text = self._cell(at)
        if at in self.columns.unsure:
            return entry_or_none(text, self.region)
        return unmistakable(text)


class _Feed:
    """The lines of a table for a CSV reader, without comments.

    A line with a # counts as a comment only between rows, not inside quotes.
    """

    def __init__(
        self,
        lines: Iterator[str],
        comment: Callable[[str], None],
        expect_row: Callable[[int, int], None],
    ) -> None:
        self._lines = lines
        self._comment = comment
        self._expect_row = expect_row
        self._characters = 0
        self._is_header = True
        self.taken = 0  #: how many lines the current row has
        self.last = ""  #: its last one so far

    def begin(self) -> None:
        """Begin the next row."""
        self.taken = self._characters = 0
        self._is_header = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        for line in self._lines:
            # A tab before the # would begin a second cell.
            if self.taken or self._is_header or not line.lstrip(" ").startswith("#"):
                self.taken += 1
                self._characters += len(line)
                self._expect_row(self._characters, self.taken)
                self.last = line
                return line
            self._comment(line)
        raise StopIteration


def _american(text: str, region: str | None, *, registry: bool = False) -> str:
    """Return a North American number; "" if phonenumbers has to read the text.

    `registry` also accepts a comma after the area code, only for the region US.
    """
    found = _AMERICAN.fullmatch(text)
    if found is None or not (found[1] == "+1" or region in _AMERICAN_REGIONS):
        return ""
    if found[3] and (found[1] or not registry or region != "US"):
        return ""
    return f"+1{found[2]}{found[4]}"


def _cells(line: str, delimiter: str) -> tuple[bool, list[str]]:
    """Return whether every quote of a line closes at the end of a cell, and the cells."""
    for strict in (True, False):
        reader = csv.reader([line], delimiter=delimiter, strict=strict, skipinitialspace=True)
        with suppress(csv.Error):
            return strict, next(reader, [])
    return False, []  # a cell is too long


def _without_comment(line: str) -> str:
    return _COMMENT.sub("", line) if "#" in line else line


def _unquoted(text: str) -> str:
    """Remove a pair of quotes around a whole line."""
    inner = text[1:-1]
    return inner.strip() if text == f'"{inner}"' and '"' not in inner else text


def _registry(text: str) -> str:
    """Return the message about a line of the US registry; "" if it is none."""
    found = _AMERICAN.fullmatch(text)
    if found and found[3]:
        return "expected default_region US for area code and seven digits, as the US registry has"
    if _CHANGE.fullmatch(text):
        return "expected the full list of the US registry, got its list of changes"
    return ""
