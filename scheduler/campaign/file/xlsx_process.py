"""A separate process that reads one sheet of a workbook, so that no file can harm its parent.

It runs as a script and imports no other module of callsched. It reads the workbook from standard
input, and writes lines of JSON to standard output: first facts of the sheet, then a row each. If it
refuses the workbook, it writes the message to standard error. It bounds its memory, its time and
its output, unpacks every part once to check its size, and then lets the library calamine read the
sheet. It reads from the sheet's XML what calamine does not report: which cells hold an error or a
formula without a value, how numbers are shown, and which rows are hidden.
"""

from __future__ import annotations

import json
import re
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import BinaryIO, TypeAlias
from xml.parsers import expat

MOST_UNPACKED_BYTES = 50 * 1024**2
MOST_ROWS = 100_000
MOST_CELLS = 10_000_000  #: of the smallest rectangle with all cells in use
MOST_SECONDS = 60  #: of processor time
#: The exit code if standard error has the message.
EXIT_REFUSED = 3

_MOST_MEMORY_BYTES = 1024**3
_MOST_WRITTEN_BYTES = 512 * 1024**2
_AS_CSV = "save the sheet as CSV, which may have any length"
_DAMAGED = "this workbook is damaged: open it in a spreadsheet program and save it again"
_UNCOMPUTED = (
    "the cell holds a formula that was never computed: open the file in a spreadsheet program and"
    " save it"
)
_LARGEST_EXACT = 2**53  # up to here a float is every integer
_CHUNK_BYTES = 1024**2
_DATE_AND_TIME = 22  # the format of Excel's own that shows both
_ERROR = re.compile(r"#[A-Z0-9_/!?]{1,20}")

_Value: TypeAlias = int | float | str | bool | date | datetime | time | timedelta
_Place: TypeAlias = tuple[int, int]  # row and column, counted from 0


class Refused(Exception):
    """The workbook can't be read, for a reason that a person can mend."""


@dataclass(slots=True)
class Marks:
    """What calamine does not report of a sheet."""

    #: Cells without a value: row -> column -> what they show, and why.
    unread: dict[int, dict[int, tuple[str, str]]] = field(default_factory=dict)
    formats: dict[_Place, str] = field(default_factory=dict)  #: how these numbers are shown
    hidden_rows: int = 0
    last_row: int = -1
    first_column: int = sys.maxsize
    last_column: int = -1

    def add(self, place: _Place) -> None:
        """Note a cell that holds something."""
        row, column = place
        self.last_row = max(self.last_row, row)
        self.first_column = min(self.first_column, column)
        self.last_column = max(self.last_column, column)
        if row > MOST_ROWS:
            raise Refused(f"expected at most {MOST_ROWS:,} rows in a workbook: {_AS_CSV}")
        if (self.last_row + 1) * (self.last_column - self.first_column + 1) > MOST_CELLS:
            raise Refused(
                f"expected at most {MOST_CELLS:,} cells from the first column to the last row:"
                f" {_AS_CSV}"
            )


def main() -> None:
    """Read the workbook on standard input; the argument is the name of a sheet, or nothing."""
    _bound()
    try:
        for found in read(sys.stdin.buffer, sys.argv[1]):
            sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()
    except Refused as error:
        refused = str(error)
    except MemoryError:
        refused = f"this workbook takes more memory than a sheet should: {_AS_CSV}"
    except BaseException:  # a panic of calamine's is no Exception
        refused = _DAMAGED
    else:
        return
    sys.stderr.write(refused)
    sys.stderr.flush()
    sys.exit(EXIT_REFUSED)


def _bound() -> None:
    """Bound memory, time and output of the process, as far as the platform can."""
    with suppress(ImportError):
        import resource

        for what, most in (
            (resource.RLIMIT_AS, _MOST_MEMORY_BYTES),
            (resource.RLIMIT_CPU, MOST_SECONDS),
            (resource.RLIMIT_FSIZE, _MOST_WRITTEN_BYTES),
            (resource.RLIMIT_CORE, 0),  # a dump would have everybody's numbers
        ):
            with suppress(ValueError, OSError):
                resource.setrlimit(what, (most, most))


def read(file: BinaryIO, sheet: str) -> Iterator[object]:
    """Yield facts of a sheet, then its rows: line, texts, cells without a value, cells with a type.

    Leaves out empty rows, and empty cells at the end of a row.
    """
    from python_calamine import CalamineWorkbook

    with zipfile.ZipFile(file) as archive:
        parts = _Parts(archive)
        name = _chosen(parts.sheets, sheet)
        marks = parts.marks(name)
    file.seek(0)
    yield {"sheet": name, "hidden_rows": marks.hidden_rows}
    opened = CalamineWorkbook.from_filelike(file).get_sheet_by_name(name)
    if opened.start is not None:
        # Its rows begin with the sheet's first one, and its cells with the first column in use.
        shift = opened.start[1] - marks.first_column
        yield from _rows(opened.iter_rows(), shift, marks)


def _chosen(sheets: Mapping[str, bool], wanted: str) -> str:
    """Return the name of the sheet to read: the named one, or the first that is visible."""
    if not wanted:
        visible = [name for name, is_visible in sheets.items() if is_visible]
        if not visible:
            raise Refused("this workbook has no sheet that is visible: name one, as in FILE#SHEET")
        return visible[0]
    found = [name for name in sheets if name == wanted]
    found += [name for name in sheets if name.casefold() == wanted.strip().casefold()]
    if not found:
        names = ", ".join(map(repr, list(sheets)[:20]))
        raise Refused(f"there is no sheet {wanted[:60]!r}: expected one of {names}")
    return found[0]


class _Parts:
    """The parts of a workbook; each was unpacked once, so that their sizes are known."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        _expect_small(archive)
        self._names = {info.filename.lower(): info for info in archive.infolist()}
        if "xl/workbook.xml" not in self._names:
            raise Refused("this is no workbook of Excel: save it as .xlsx, or as CSV")
        self.sheets: dict[str, bool] = {}  #: title -> whether it is visible
        self._ids: dict[str, str] = {}
        self._parse("xl/workbook.xml", self._sheet)

    def _sheet(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "sheet":
            title = attributes["name"]
            self.sheets[title] = attributes.get("state", "visible") == "visible"
            self._ids[title] = next(
                value for key, value in attributes.items() if _local(key) == "id"
            )

    def marks(self, sheet: str) -> Marks:
        """Return what calamine does not report of a sheet."""
        targets: dict[str, str] = {}

        def relation(name: str, attributes: Mapping[str, str]) -> None:
            if name == "Relationship":
                targets[attributes["Id"]] = attributes["Target"]

        self._parse("xl/_rels/workbook.xml.rels", relation)
        target = targets[self._ids[sheet]]
        path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        styles = _Styles()
        if "xl/styles.xml" in self._names:
            self._parse("xl/styles.xml", styles.begin)
        scan = _Scan(styles.shown())
        self._parse(path, scan.begin, scan.end, scan.text)
        return scan.marks

    def _parse(
        self,
        path: str,
        begin: Callable[[str, Mapping[str, str]], None],
        end: Callable[[str], None] | None = None,
        text: Callable[[str], None] | None = None,
    ) -> None:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _no_doctype
        parser.StartElementHandler = lambda name, attributes: begin(_local(name), attributes)
        if end is not None:
            parser.EndElementHandler = lambda name: end(_local(name))
        if text is not None:
            parser.CharacterDataHandler = text
        with self._archive.open(self._names[path.lower()]) as part:
            parser.ParseFile(part)


def _expect_small(archive: zipfile.ZipFile) -> None:
    """Refuse a workbook that unpacks to too much, by its declared and by its real size."""
    infos = archive.infolist()
    if any(info.flag_bits & 1 for info in infos):
        raise Refused("this workbook has a password: save it without one, or as CSV")
    too_large = f"expected at most {MOST_UNPACKED_BYTES // 1024**2} MiB unpacked: {_AS_CSV}"
    if sum(info.file_size for info in infos) > MOST_UNPACKED_BYTES:
        raise Refused(too_large)
    left = MOST_UNPACKED_BYTES
    for info in infos:
        info.file_size = sys.maxsize  # else only the declared size of a part would be read
        with archive.open(info) as part:
            while chunk := part.read(_CHUNK_BYTES):
                left -= len(chunk)
                if left < 0:
                    raise Refused(too_large)


def _no_doctype(*_: object) -> None:
    raise Refused("this workbook declares a document type, which no spreadsheet program writes")


@cache
def _local(name: str) -> str:
    """Return the name of an element without the prefix of its namespace."""
    return name.rpartition(":")[2]


class _Styles:
    """The number formats of a workbook, and which one each style has."""

    def __init__(self) -> None:
        self._codes: dict[str, str] = {}
        self._styles: list[str] = []
        self._is_cells = False

    def begin(self, name: str, attributes: Mapping[str, str]) -> None:
        """Take an element of the part `styles`."""
        if name == "numFmt":
            self._codes[attributes["numFmtId"]] = attributes["formatCode"]
        elif name in ("cellXfs", "cellStyleXfs"):
            self._is_cells = name == "cellXfs"
        elif name == "xf" and self._is_cells:
            self._styles.append(attributes.get("numFmtId", "0"))

    def shown(self) -> dict[str, str]:
        """Return the formats that show more than a number's digits: style's index -> format."""
        codes = {str(_DATE_AND_TIME): "d h"} | self._codes
        found = {str(at): codes.get(style, "") for at, style in enumerate(self._styles)}
        return {at: code for at, code in found.items() if _shows_hours(code) or _places(code)}


class _Scan:
    """Goes through the elements of a sheet."""

    def __init__(self, shown: Mapping[str, str]) -> None:
        self.marks = Marks()
        self._shown = shown  # index of a style -> its format
        self._place = (-1, -1)
        self._is_hidden = False
        self._cell: Mapping[str, str] = {}
        self._is_formula = self._is_value = False
        self._value = ""

    def begin(self, name: str, attributes: Mapping[str, str]) -> None:
        """Take the beginning of an element."""
        if name == "c":
            self._cell, self._is_formula, self._value = attributes, False, ""
            row, column = self._place
            self._place = _place(attributes["r"]) if "r" in attributes else (row, column + 1)
        elif name == "row":
            row = int(attributes["r"]) - 1 if "r" in attributes else self._place[0] + 1
            self._place = (row, -1)
            self._is_hidden = attributes.get("hidden") in ("1", "true")
        elif name == "f":
            self._is_formula = True
        elif name in ("v", "t"):
            self._is_value = True

    def text(self, text: str) -> None:
        """Take a piece of text."""
        if self._is_value and len(self._value) < 50:
            self._value += text

    def end(self, name: str) -> None:
        """Take the end of an element."""
        if name in ("v", "t"):
            self._is_value = False
        elif name == "c":
            self._end_cell()

    def _end_cell(self) -> None:
        kind = self._cell.get("t", "n")
        unread = self._unread(kind)
        if not self._value and not unread:
            return
        self.marks.add(self._place)
        self.marks.hidden_rows += self._is_hidden
        self._is_hidden = False  # the row is counted once
        row, column = self._place
        if unread:
            self.marks.unread.setdefault(row, {})[column] = unread
        elif kind == "n" and (code := self._shown.get(self._cell.get("s", ""))):
            self.marks.formats[row, column] = code

    def _unread(self, kind: str) -> tuple[str, str] | None:
        """Return what a cell without a value shows, and why it has none; None if it has one."""
        if kind == "e":
            shown = self._value if _ERROR.fullmatch(self._value) else "#?"
            return shown, f"the cell holds the error {shown}"
        if self._is_formula and not self._value and kind != "str":
            return "", _UNCOMPUTED
        return None


def _place(reference: str) -> _Place:
    """Return row and column of a reference such as AB12."""
    letters = reference.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter.upper()) - 64
    return int(reference[len(letters) :]) - 1, column - 1


def _rows(rows: Iterator[list[_Value]], shift: int, marks: Marks) -> Iterator[object]:
    before: list[_Value] = [""] * shift
    number = -1
    for number, values in enumerate(rows):
        yield from _row(number, before + values, marks)
    for row in sorted(row for row in marks.unread if row > number):
        yield from _row(row, [], marks)


def _row(row: int, values: list[_Value], marks: Marks) -> Iterator[object]:
    first, unread = marks.first_column, marks.unread.get(row, {})
    cells = [
        text_of(value, marks.formats.get((row, at), "")) for at, value in enumerate(values, first)
    ]
    if unread:
        cells += [""] * (max(unread) - first + 1 - len(cells))
    for at, (shown, _) in unread.items():
        cells[at - first] = shown
    while cells and not cells[-1] and len(cells) - 1 + first not in unread:
        cells.pop()
    if cells:
        typed = {at: kind for at, value in enumerate(values) if (kind := _kind(value))}
        yield row + 1, cells, {at - first: why for at, (_, why) in unread.items()}, typed


def _kind(value: _Value) -> str:
    """Return the type of a cell that can't be a phone number; "" for texts and numbers."""
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, date):
        return "a date"
    return "a time" if isinstance(value, time | timedelta) else ""


def text_of(value: _Value, code: str) -> str:
    """Return a cell as text; `code` is the code of its style's format, if that matters."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return _digits(value, code)
    if isinstance(value, timedelta):
        milliseconds = round(value / timedelta(milliseconds=1))
        return f"{milliseconds}ms" if milliseconds % 1000 else f"{milliseconds // 1000}s"
    if isinstance(value, time):
        return _clock(value)
    if isinstance(value, datetime):
        value = _whole_second(value)
        return f"{value.date().isoformat()}T{_clock(value.time())}"
    return f"{value.isoformat()}T00:00" if _shows_hours(code) else value.isoformat()


def _whole_second(instant: datetime) -> datetime:
    """Round the error of an instant that is stored as a fraction of a day."""
    return (instant + timedelta(microseconds=500_000)).replace(microsecond=0)


def _clock(at: time) -> str:
    return at.isoformat("seconds" if at.second or at.microsecond else "minutes")


def _digits(number: float, code: str) -> str:
    """Return a whole number as the digits that a person sees; any other number as it is."""
    if number != number or abs(number) > _LARGEST_EXACT or number != int(number):
        return repr(number)
    digits = str(int(number))
    places = _places(code)
    if not places or number < 0:
        return digits
    return _filled(places, digits)


def _filled(places: tuple[str, ...], digits: str) -> str:
    """Put digits into the places of a format, beginning with the last one."""
    first = next(at for at, place in enumerate(places) if place in ("0", "#"))
    filled: list[str] = []
    for at in range(len(places) - 1, -1, -1):
        place = places[at]
        if at == first:
            filled.append(digits or place.replace("#", ""))
        elif place in ("0", "#"):
            filled.append(digits[-1:] or place.replace("#", ""))
            digits = digits[:-1]
        else:
            filled.append(place[1:])
    return "".join(reversed(filled))


@cache
def _places(code: str) -> tuple[str, ...]:
    """Return the places of a format that shows more than a number's digits; else ().

    Such formats add zeros before the number, as 0000 does, or a plus sign or digits, as "+"0 does.
    A place is 0, #, or a literal character after a blank.
    """
    places: list[str] = []
    remaining = iter(code.partition(";")[0])
    quoted = False
    for each in remaining:
        if each == '"':
            quoted = not quoted
        elif quoted or each in " +-()":
            places.append(f" {each}")
        elif each == "\\":
            places.append(f" {next(remaining, '')}")
        elif each in "_*":
            next(remaining, "")
        elif each in "0#":
            places.append(each)
        else:
            return ()
    literals = "".join(place[1:] for place in places)
    if not {"0", "#"} & set(places):
        return ()
    means_more = places.count("0") > 1 or "+" in literals or any(map(str.isdigit, literals))
    return tuple(places) if means_more else ()


@cache
def _shows_hours(code: str) -> bool:
    """Whether a format shows date and time."""
    bare = re.sub(r'"[^"]*"|\\.|\[[^\]]*\]', "", code).lower()
    return "h" in bare and ("d" in bare or "y" in bare)


if __name__ == "__main__":
    main()
