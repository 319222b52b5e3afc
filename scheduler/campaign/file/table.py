"""Makes rows of the lines of a CSV file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from scheduler.campaign.columns import OPTION, Header, RawRow, too_many
from scheduler.campaign.file.shapes import Contacts, Shaped
from scheduler.campaign.file.source import CHUNK_BYTES, LONGEST_LINE
from scheduler.campaign.names import IGNORED, Names, is_address
from scheduler.errors import CampaignError, Problem, refusal
from scheduler.fields.formulas import quoted, unquoted

DELIMITERS = (",", ";", "\t", "|")
_SAYS_DELIMITER = re.compile(r'"?sep=([,;|\t])"?\s*', re.IGNORECASE)  # Excel writes it


@dataclass(frozen=True, slots=True)
class Table:
    """The header of a CSV file."""

    path: str
    header: Header
    titles: tuple[str, ...]  #: the columns as they are written
    options: tuple[str, ...]  #: the columns that stand for a key under `call`
    delimiter: str

    def row(self, line: int, record: list[str]) -> Shaped:
        """Make a row of a record. One with too many cells refuses the file."""
        names = self.header.names
        if len(record) > len(names) and any(map(str.strip, record[len(names) :])):
            message = f"expected {len(names)} cells as in the header, got {len(record)}"
            return (Problem(self.path, message, line, code="shape"),)
        if len(record) < len(names):
            record = record + [""] * (len(names) - len(record))
        cells = dict(zip(names, record, strict=False))
        cells.pop("", None)
        own = {name.removeprefix(OPTION): cells.pop(name).strip() for name in self.options}
        return RawRow(line, cells, None, {k: cell for k, cell in own.items() if cell}, self.header)

    def reject_head(self) -> str:
        """Return the header, with the columns of the reason."""
        return self._written([*self._kept(self.titles), *IGNORED])

    def reject(self, record: list[str], reason: str, message: str) -> str:
        """Return the record as it was, with the reason, quoted so that no spreadsheet runs it."""
        filled = record + [""] * (len(self.titles) - len(record))
        return self._written([*self._kept(filled), reason, message])

    def _kept(self, cells: Iterable[str]) -> Iterator[str]:
        """Leave out the reasons of an earlier file of rejects, and cells beyond the header."""
        for title, cell in zip(self.titles, cells, strict=False):
            if title.strip().lower() not in IGNORED:
                yield cell

    def _written(self, cells: list[str]) -> str:
        text = io.StringIO(newline="")
        # With this line end the writer quotes a cell that has a carriage return; before Python
        # 3.13 no other one makes it do so.
        writer = csv.writer(text, delimiter=self.delimiter, lineterminator="\r\n")
        writer.writerow(map(quoted, cells))
        return text.getvalue().removesuffix("\r\n") + "\n"


def open_table(lines: Iterable[str], path: str, names: Names) -> Contacts[list[str]]:
    """Read the header. Its faults refuse the file, and later so do faults of a record's quotes."""
    first, delimiter, ahead = _first(iter(lines), path, names)
    records = _records(first, delimiter, path, ahead)
    line, titles = next(records, (0, []))
    if not line:
        raise _empty(path)
    expect_columns(titles, path, line)
    if {title.strip().lower() for title in titles}.issuperset(IGNORED):  # rejects of ours
        titles = [*map(unquoted, titles)]
        records = ((at, [*map(unquoted, cells)]) for at, cells in records)
    header = names.header(titles)
    if header.faults:
        raise CampaignError([Problem(path, fault, line, code="header") for fault in header.faults])
    options = tuple(name for name in header.names if name.startswith(OPTION))
    table = Table(path, header, tuple(titles), options, delimiter)
    return Contacts(table, records, header.all_names, header.repeated)


def said_delimiter(line: str) -> str:
    """Return the delimiter that a first line such as Excel's "sep=;" names; else ""."""
    found = _SAYS_DELIMITER.fullmatch(line)
    return found[1] if found else ""


def _first(lines: Iterator[str], path: str, names: Names) -> tuple[Iterator[str], str, int]:
    """Return the lines from the header on, the delimiter, and how many lines are before it."""
    comment = ""
    for before, line in enumerate(lines):
        if not comment and (found := said_delimiter(line)):
            comment = found
        elif line.strip():
            return chain([line], lines), comment or _delimiter(line, names), before
    raise _empty(path)


def _empty(path: str) -> CampaignError:
    message = "the file is empty: expected a header with phone_number or sip_uri"
    return refusal(path, message, code="shape")


def _records(
    lines: Iterator[str], delimiter: str, path: str, ahead: int
) -> Iterator[tuple[int, list[str]]]:
    """Yield every record that is not blank, with the line it starts in."""
    feed = RowFeed(lines, path)
    reader = csv.reader(feed, delimiter=delimiter, strict=True, skipinitialspace=True)
    ends = RowEnds(path)
    while True:
        line = feed.line = ahead + reader.line_num + 1
        feed.characters = 0
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise unfit(error, path, line) from None
        if cells is None:
            return
        ends.expect_same(feed.last, line)
        if any(cells) and any(map(str.strip, cells)):
            yield line, cells


class RowFeed:
    """The lines of a table for a CSV reader; it bounds the length of a row.

    A row whose quotes are never closed would otherwise go on to the end of the file.
    """

    def __init__(self, lines: Iterable[str], path: str) -> None:
        self._lines = iter(lines)
        self._path = path
        self.line = 1  #: in which the current row begins
        self.characters = 0
        self.last = ""  #: the line that was read last

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.last = next(self._lines)
        self.characters += len(line)
        expect_row(self.characters, self._path, self.line)
        return line


class RowEnds:
    """Refuses a table of which some rows end with a carriage return alone, and others do not.

    Such a carriage return is likely inside a cell: what follows it would be read as a row of its
    own, with a number in another column than its own.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._is_bare: bool | None = None  #: whether rows end so; None: none was seen

    def expect_same(self, last: str, line: int) -> None:
        """Expect the `last` line of a row, which begins in a `line`, to end as rows before it."""
        if not last.endswith(("\r", "\n")):
            return  # the end of the file
        is_bare = last.endswith("\r")
        if self._is_bare is None:
            self._is_bare = is_bare
        if is_bare is not self._is_bare:
            raise refusal(self._path, _ODD_END, line, code="shape")


_ODD_END = (
    "this row ends with another line end than the rows before it; is there a carriage return inside"
    " a cell? put that cell into quotes, or take it out"
)


def expect_columns(titles: list[str], path: str, line: int) -> None:
    """Refuse a header with too many columns, because each row would have as many cells."""
    if message := too_many(len(titles)):
        raise refusal(path, message, line, code="header")


def expect_row(characters: int, path: str, line: int) -> None:
    """Refuse a row that is longer than a line may be."""
    if characters > LONGEST_LINE + CHUNK_BYTES:  # lines are checked after each piece
        text = f"this row is longer than {LONGEST_LINE:,} characters; is a quote not closed?"
        raise refusal(path, text, line, code="shape")


def unfit(error: csv.Error, path: str, line: int) -> CampaignError:
    """Return the error for a row with wrong quotes, which begins in this line."""
    return refusal(path, _explained(str(error)), line, code="shape")


def _delimiter(header: str, names: Names) -> str:
    """Choose the delimiter that gives the header an address column, else the most columns."""
    mapped = {column.strip().casefold() for _, column in names.columns}

    def fitness(delimiter: str) -> tuple[bool, int]:
        cells = [name.strip(' "\r\n') for name in header.split(delimiter)]
        return any(is_address(c) or c.casefold() in mapped for c in cells), len(cells)

    return max(DELIMITERS, key=fitness)


def _explained(error: str) -> str:
    if error.startswith("unexpected end of data"):
        return "the quote that opens in this row is never closed"
    if error.startswith("field larger"):
        return (
            f"a cell of this row is longer than {csv.field_size_limit():,} characters; "
            "is a quote not closed?"
        )
    return "expected the next cell after a closing quote; a quote inside a cell is written twice"
