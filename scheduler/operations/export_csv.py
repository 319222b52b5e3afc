"""Results as CSV, of which no cell does anything in a spreadsheet."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence

from scheduler.fields.formulas import BEGINS, NUMBER
from scheduler.fields.visible import visible

#: What a spreadsheet takes for a number, a date or a time, and shows and saves in its own way.
_TAKEN_FOR_NUMBER = re.compile(r"[+-]?\d[\d.,:/ -]*([eE][+-]?\d+)?", re.ASCII)


class _Line:
    """Gives the CSV writer's line back instead of writing it."""

    def write(self, line: str) -> str:
        return line


def csv_lines(
    rows: Iterable[Iterable[object]], columns: Sequence[str], *, excel: bool
) -> Iterator[str]:
    """Yield the header and a line for each row, with line ends.

    With `excel`, a double click opens it as it is meant: accents, plus signs and zeros stay.
    """
    if excel:
        yield "\ufeff"  # without this mark Excel takes the file for one of its country's
    cell = _of_excel if excel else harmless
    writer = csv.writer(_Line(), lineterminator="\n")
    yield writer.writerow([cell(title) for title in columns])
    for row in rows:
        yield writer.writerow([cell(value) for value in row])


def _of_excel(value: object) -> str:
    """Return a cell that stays what it is when a spreadsheet opens and saves it.

    Texts of digits become ="…". That is a formula, but one without anything to run: only digits and
    what may stand between them are in it.
    """
    if isinstance(value, str) and _TAKEN_FOR_NUMBER.fullmatch(value):
        return f'="{value}"'
    return harmless(value)


def harmless(value: object) -> str:
    """Return a cell that no spreadsheet runs: a leading apostrophe makes a formula text.

    No cell has a second line, and nothing in it acts on a terminal.

    Numbers, and with them phone numbers, stay as they are.
    See https://owasp.org/www-community/attacks/CSV_Injection.
    """
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return visible(json.dumps(value, ensure_ascii=False)) if value else ""
    text = visible(str(value))
    return f"'{text}" if text.startswith(BEGINS) and not NUMBER.fullmatch(text) else text
