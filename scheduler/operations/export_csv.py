"""Results as CSV. No spreadsheet runs any of its cells."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence

from scheduler.fields.formulas import BEGINS, NUMBER
from scheduler.fields.visible import visible

#: Texts that a spreadsheet reads as a number, a date or a time, and saves in its own way.
_TAKEN_FOR_NUMBER = re.compile(r"[+-]?\d[\d.,:/ -]*([eE][+-]?\d+)?", re.ASCII)


class _Line:
    """Returns the CSV writer's line instead of writing it."""

    def write(self, line: str) -> str:
        return line


def csv_lines(
    rows: Iterable[Iterable[object]], columns: Sequence[str], *, excel: bool
) -> Iterator[str]:
    """Yield the header and a line for each row, with line ends.

    With `excel`, Excel keeps accents, plus signs and leading zeros when it opens the file.
    """
    if excel:
        yield "\ufeff"  # without this mark Excel assumes its country's encoding
    cell = _of_excel if excel else harmless
    writer = csv.writer(_Line(), lineterminator="\n")
    yield writer.writerow([cell(title) for title in columns])
    for row in rows:
        yield writer.writerow([cell(value) for value in row])


def _of_excel(value: object) -> str:
    """Return a cell that a spreadsheet does not change when it opens and saves it.

    Texts of digits become ="…". That is a formula, but it has nothing to run: it contains only
    digits and signs between them.
    """
    if isinstance(value, str) and _TAKEN_FOR_NUMBER.fullmatch(value):
        return f'="{value}"'
    return harmless(value)


def harmless(value: object) -> str:
    """Return a cell that no spreadsheet runs: a leading apostrophe turns a formula into text.

    No cell has a second line, or characters that control a terminal. Numbers, including phone
    numbers, stay as they are. See https://owasp.org/www-community/attacks/CSV_Injection.
    """
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return visible(json.dumps(value, ensure_ascii=False)) if value else ""
    text = visible(str(value))
    return f"'{text}" if text.startswith(BEGINS) and not NUMBER.fullmatch(text) else text
