"""Makes rows of a sheet of an Excel workbook, which another process reads."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from scheduler.campaign.columns import RawRow
from scheduler.campaign.file import xlsx_process
from scheduler.campaign.file.shapes import Contacts, Shaped
from scheduler.campaign.file.source import CHUNK_BYTES, UNREADABLE, expect_packed, unreadable
from scheduler.campaign.file.table import Table, open_table
from scheduler.campaign.file.xlsx_process import EXIT_REFUSED, MOST_SECONDS, MOST_UNPACKED_BYTES
from scheduler.campaign.names import Names, is_address
from scheduler.errors import CampaignError, refusal

_NAMED_SHEET = re.compile(r"(.+\.xls[xm])#(.*)", re.IGNORECASE | re.DOTALL)
_AS_CSV = "save the sheet as CSV"
_ADDRESSES = ("phone_number", "sip_uri")


@dataclass(frozen=True, slots=True)
class SheetRow:
    """The cells of one row as texts."""

    cells: list[str]
    unread: Mapping[int, str] = field(default_factory=dict)  #: cell without a value -> why
    typed: Mapping[int, str] = field(default_factory=dict)  #: cell with a date or the like -> which


@dataclass(frozen=True, slots=True)
class SheetTable:
    """The header of a sheet. Its rejects are CSV."""

    table: Table

    @property
    def path(self) -> str:
        """How messages name the file."""
        return self.table.path

    def row(self, line: int, record: SheetRow) -> Shaped:
        """Make a row of a record, as of a CSV file."""
        made = self.table.row(line, record.cells)
        if not isinstance(made, RawRow) or not (record.unread or record.typed):
            return made
        names, choices = self.table.header.names, self.table.header.choices
        numbers = {*_ADDRESSES, *choices}
        unread = {
            names[at]: f"the cell holds {what}, and no number: format it as text, and type it again"
            for at, what in record.typed.items()
            if at < len(names) and (names[at] in numbers or is_address(names[at]))
        }
        unread |= {names[at]: why for at, why in record.unread.items() if at < len(names)}
        unread.pop("", None)  # ignored columns
        return replace(made, unread=unread)

    def reject_head(self) -> str:
        """Return the header, with the columns of the reason."""
        return self.table.reject_head()

    def reject(self, record: SheetRow, reason: str, message: str) -> str:
        """Return the record as it was, with the reason."""
        return self.table.reject(record.cells, reason, message)


class Sheet:
    """One sheet of a workbook, which another process has read. Close it in the end."""

    def __init__(
        self, file: BinaryIO, path: str, name: str, seen: Callable[[bytes], object]
    ) -> None:
        """Read the sheet of this name, or the first one. The callback `seen` gets every byte."""
        if find_spec("python_calamine") is None:
            text = "an .xlsx file is read with python-calamine: pip install 'callsched[xlsx]'"
            raise refusal(path, f"{text}, or {_AS_CSV}")
        self._path = path
        with tempfile.TemporaryFile() as copy:
            _copy(file, copy, path, seen)
            self._lines = _read_in_other_process(copy, path, name)
        found = json.loads(self._lines.readline())
        self.hidden_rows: int = found["hidden_rows"]

    def rows(self) -> Iterator[tuple[int, SheetRow]]:
        """Yield the rows that have anything in them, each with its number in the sheet."""
        for line in self._lines:
            number, cells, unread, typed = json.loads(line)
            yield number, SheetRow(cells, _by_place(unread), _by_place(typed))

    def close(self) -> None:
        """Free the disk space."""
        self._lines.close()


def named_sheet(path: Path) -> tuple[Path, str]:
    """Return the file and the sheet that FILE#SHEET names; the sheet is "" if none is named."""
    found = _NAMED_SHEET.fullmatch(str(path))
    return (Path(found[1]), found[2]) if found else (path, "")


def file_of(path: Path) -> Path:
    """Return the file in FILE#SHEET, or the path itself."""
    return named_sheet(path)[0]


def open_sheet(sheet: Sheet, path: str, names: Names) -> Contacts[Any]:
    """Read the header. Its faults refuse the file, as in a CSV file."""
    rows = sheet.rows()
    line, titles = next(rows, (1, SheetRow([])))
    contacts = _headed(line, titles.cells, path, names)
    table = SheetTable(cast("Table", contacts.shape))
    return cast("Contacts[Any]", replace(cast("Any", contacts), shape=table, records=rows))


def _headed(line: int, titles: list[str], path: str, names: Names) -> Contacts[list[str]]:
    """Read a header as that of a CSV file."""
    text = io.StringIO(newline="")
    text.write("sep=,\n")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(titles)
    text.seek(0)
    try:
        return open_table(text, path, names)
    except CampaignError as error:
        problems = [
            each if each.line is None else replace(each, line=line) for each in error.problems
        ]
        raise CampaignError(problems, error.total) from None


def _copy(file: BinaryIO, copy: IO[bytes], path: str, seen: Callable[[bytes], object]) -> None:
    """Copy the file, so that the bytes read are those that were `seen`; bound its size."""
    left = MOST_UNPACKED_BYTES
    try:
        while chunk := file.read(CHUNK_BYTES):
            if left == MOST_UNPACKED_BYTES:
                expect_packed(chunk, path)
            left -= len(chunk)
            if left < 0:
                most = MOST_UNPACKED_BYTES // 1024**2
                raise refusal(path, f"expected a workbook of at most {most} MiB: {_AS_CSV}")
            seen(chunk)
            copy.write(chunk)
    except UNREADABLE as error:
        raise unreadable(error, path) from None
    if left == MOST_UNPACKED_BYTES:
        raise refusal(path, "the file is empty: expected an Excel workbook", code="shape")
    copy.seek(0)


def _read_in_other_process(copy: IO[bytes], path: str, name: str) -> IO[bytes]:
    """Read the workbook in another process; return its output."""
    # Isolated (-I), so that neither environment nor folder changes what it imports.
    command = [sys.executable, "-I", str(Path(xlsx_process.__file__)), name]
    with ExitStack() as unless_read:
        written = unless_read.enter_context(tempfile.TemporaryFile())
        try:
            subprocess.run(
                command,
                stdin=copy,
                stdout=written,
                stderr=subprocess.PIPE,
                timeout=2 * MOST_SECONDS,
                check=True,
            )
        except subprocess.SubprocessError as error:
            raise _refused(error, path) from None
        unless_read.pop_all()
    written.seek(0)
    return written


def _refused(error: subprocess.SubprocessError, path: str) -> CampaignError:
    """Return the error of the process: its message, or that it was ended at one of its bounds."""
    text = f"this workbook is damaged, or takes more time or memory than a sheet should: {_AS_CSV}"
    if isinstance(error, subprocess.CalledProcessError) and error.returncode == EXIT_REFUSED:
        text = error.stderr.decode("utf-8", "replace")
    return refusal(path, text, code="workbook")


def _by_place(found: Mapping[str, str]) -> dict[int, str]:
    return {int(at): what for at, what in found.items()}
