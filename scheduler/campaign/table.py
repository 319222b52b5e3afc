"""How the lines of a CSV file become rows under a header."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Set
from itertools import chain

from scheduler.campaign.columns import OPTION, RawRow, column_name, header_faults
from scheduler.campaign.problems import Problems, refusal
from scheduler.errors import CampaignError, Problem

_DELIMITERS = (",", ";", "\t")


def read_table(
    lines: Iterable[str], path: str, problems: Problems, heed: Callable[[Set[str]], None]
) -> Iterator[RawRow]:
    """Yield the rows. What is wrong with the shape of the file refuses all of it.

    `heed` is told first which columns there are.
    """
    records = _records(iter(lines), path)
    line, written = next(records, (0, []))
    if not line:
        raise refusal(
            path, "the file is empty: expected a header with phone_number or sip_uri", code="shape"
        )
    header = _header(written, path, line)
    heed(set(header))
    width, options = len(header), [name for name in header if name.startswith(OPTION)]
    for line, cells in records:
        if len(cells) > width and any(map(str.strip, cells[width:])):
            message = f"expected {width} cells as in the header, got {len(cells)}"
            problems.refuse([Problem(path, message, line, code="shape")])
            continue
        cells += [""] * (width - len(cells))
        row = dict(zip(header, cells, strict=False))
        own = {name.removeprefix(OPTION): row.pop(name).strip() for name in options}
        yield RawRow(line, row, own={key: cell for key, cell in own.items() if cell})


def _header(written: list[str], path: str, line: int) -> list[str]:
    names = [column_name(name) for name in written]
    while names and not names[-1]:
        names.pop()  # delimiters that a spreadsheet left at the end
    faults = header_faults(names)
    if faults:
        raise CampaignError([Problem(path, fault, line, code="header") for fault in faults])
    return names


def _records(lines: Iterator[str], path: str) -> Iterator[tuple[int, list[str]]]:
    """Yield every record that is not blank, with the line it starts in."""
    blank, first = 0, ""
    for first in lines:
        if first.strip():
            break
        blank += 1
    reader = csv.reader(chain([first], lines), delimiter=_delimiter(first), strict=True)
    while True:
        line = blank + reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise refusal(path, _explained(str(error)), line, code="shape") from None
        if cells is None:
            return
        if any(cells) and any(map(str.strip, cells)):
            yield line, cells


def _delimiter(header: str) -> str:
    """Decide by the header: it has to yield whom to call, else as many columns as possible."""

    def fitness(delimiter: str) -> tuple[bool, int]:
        names = [name.strip(' "\r\n').lower() for name in header.split(delimiter)]
        return "phone_number" in names or "sip_uri" in names, len(names)

    return max(_DELIMITERS, key=fitness)


def _explained(error: str) -> str:
    if error.startswith("unexpected end of data"):
        return "the quote that opens in this row is never closed"
    if error.startswith("field larger"):
        return (
            f"a cell of this row is longer than {csv.field_size_limit():,} characters; "
            "is a quote not closed?"
        )
    return "expected the next cell after a closing quote; a quote inside a cell is written twice"
