"""Opens files, decodes their bytes to lines of text, and places bytes that are no text."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from scheduler.campaign.file.encodings import HEAD_BYTES, Sample, high_bytes
from scheduler.errors import CampaignError, refusal
from scheduler.fields.document import MANY_ROWS, place

CHUNK_BYTES = 65_536
MOST_DOCUMENT_BYTES = 4 * 1024**2
LONGEST_LINE = 1_000_000  #: characters; far above what a spreadsheet writes
#: A byte order mark, which is removed.
_BOM = "\ufeff"
_MOST_SAMPLED_BYTES = 1024**2
_MOST_SURVEYED_BYTES = 256 * 1024**2  # some seconds
_LEGACY_CONTROL = re.compile("[\x80-\x9f]")
# Python registers these as encodings of text, but no file of contacts has them.
_NO_FILE_ENCODINGS = {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}
_NO_FILE_ENCODINGS |= {"utf-7", "mbcs", "oem"}


#: The path that stands for standard input.
STDIN = Path("-")
_GZIP = b"\x1f\x8b"  # how every gzip file begins


def shown_path(path: Path) -> str:
    """Return how messages name a file."""
    return "<stdin>" if path == STDIN else str(path)


def open_file(path: Path) -> BinaryIO:
    """Open a file of the campaign. Raises CampaignError that says why this fails.

    A file in gzip, whatever its name, is decompressed as it is read.
    """
    try:
        file = _opened(path)
        is_compressed = file.peek(len(_GZIP)).startswith(_GZIP)
    except FileNotFoundError:
        raise refusal(shown_path(path), "there is no such file") from None
    except IsADirectoryError:
        raise refusal(
            shown_path(path), "this is a directory; expected a .yaml or .csv file"
        ) from None
    except OSError as error:
        raise refusal(shown_path(path), f"can't be read: {error.strerror}") from None
    except ValueError:  # a NUL byte in the name
        raise refusal(repr(str(path)), "this is no name of a file") from None
    return cast("BinaryIO", _Inflated(file)) if is_compressed else file


def _opened(path: Path) -> io.BufferedReader:
    if path == STDIN:
        # With its own reader, so that standard input stays open: a person may be asked later.
        return open(sys.stdin.fileno(), "rb", closefd=False)
    return path.open("rb")


class _Inflated(gzip.GzipFile):
    """A gzip file that closes what it reads from."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(fileobj=file, mode="rb")
        self._compressed = file

    def close(self) -> None:
        super().close()
        self._compressed.close()


#: The errors that reading may raise.
UNREADABLE = (OSError, EOFError, zlib.error)


def unreadable(error: Exception, path: str) -> CampaignError:
    """Return the error for bytes that can't be read."""
    if isinstance(error, OSError) and error.strerror:
        return refusal(path, f"can't be read: {error.strerror}")
    return refusal(path, f"this gzip file is cut off or damaged: {error}")


_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # Excel before 2007, and what has a password


def refuse_packed(begins: bytes, path: str) -> None:
    """Refuse a workbook that is read as text, by its first bytes."""
    if begins.startswith(_OLE):
        what = "a workbook of an old Excel, or one with a password"
    elif begins.startswith(_ZIP):
        what = "an Excel workbook or another packed file"
    else:
        return
    text = "save its sheet as CSV; contacts may also stand in a file whose name ends in .xlsx"
    raise refusal(path, f"this is {what}, and no text: {text}", code="shape")


def expect_packed(begins: bytes, path: str) -> None:
    """Refuse a file that is named like a workbook and is none, by its first bytes."""
    if begins.startswith(_ZIP):
        return
    text = "this is no workbook of Excel: save it as .xlsx, or as CSV"
    if begins.startswith(_OLE):
        text = (
            "this workbook has a password, or is one of an old Excel: save it as .xlsx without a"
            " password, or as CSV"
        )
    elif b"\0" not in begins:
        text = "this is no workbook of Excel, but a text: name it .csv"
    raise refusal(path, text, code="workbook")


def read_whole(file: BinaryIO, path: str) -> bytes:
    """Read a whole document, whose size is bounded; that of a CSV file is not."""
    try:
        data = file.read(MOST_DOCUMENT_BYTES + 1)
    except UNREADABLE as error:
        raise unreadable(error, path) from None
    if len(data) > MOST_DOCUMENT_BYTES:
        most = MOST_DOCUMENT_BYTES // 1024**2
        raise refusal(path, f"expected at most {most} MiB: {MANY_ROWS}", code="shape")
    refuse_packed(data, path)
    return data


def codec_name(encoding: str, path: str) -> str:
    """Return Python's canonical name of an encoding."""
    try:
        codec = codecs.lookup(encoding)
        io.TextIOWrapper(io.BytesIO(), encoding=encoding)  # refuses those of bytes, such as hex
        known = codec.name not in _NO_FILE_ENCODINGS
    except (LookupError, ValueError):
        known = False
    if not known:
        hint = f"unknown encoding {encoding!r}: expected one such as utf-8, latin-1 or cp1252"
        raise refusal(path, hint, code="encoding")
    return "utf-8" if codec.name == "utf-8-sig" else codec.name


def not_text(
    error: UnicodeDecodeError, path: str, before: str, line: int, offset: int, hint: str
) -> CampaignError:
    """Return the error for a byte that is no text, with its place and what to do.

    `before` is the text of the unfinished line before the piece; `line` lines are finished;
    `offset` is the piece's in bytes.
    """
    ahead = before + error.object[: error.start].decode(error.encoding, "replace")
    further, column = place(ahead)
    message = (
        f"expected {error.encoding.upper()} text, got the byte 0x{error.object[error.start]:02X} "
        f"at byte offset {offset + error.start}: {hint}"
    )
    return refusal(path, message, line + further, column, "encoding")


def whole_text(data: bytes, path: str, encoding: str) -> str:
    """Decode a document, first as UTF-8, which documents have more often than CSV files."""
    survey = Sample(data[:HEAD_BYTES], data, set(high_bytes(data)))
    _refuse_wide(survey, path, encoding)
    for codec in dict.fromkeys((encoding,) if survey.wide_encoding else ("utf-8", encoding)):
        try:
            text = data.decode(codec).removeprefix(_BOM)
        except UnicodeDecodeError as error:
            refused = not_text(error, path, "", 0, 0, survey.hint(data, error.start, codec))
            continue
        found = _LEGACY_CONTROL.search(text) if _is_legacy(codec, text, data) else None
        if found is None:
            return text
        hint = survey.hint(data, found.start(), codec)
        refused = _control(text, found.start(), path, 0, hint)
    raise refused


def _refuse_wide(survey: Sample, path: str, encoding: str) -> None:
    """Refuse a file in UTF-16 or UTF-32 if another encoding is expected."""
    found = survey.wide_encoding
    if found and not encoding.startswith(found):
        message = f"this file seems to be {found.upper()}: say --encoding {found}"
        raise refusal(path, message, code="encoding")


def _is_legacy(encoding: str, text: str, data: bytes) -> bool:
    """Whether an encoding has one byte a character, by this text."""
    return not encoding.startswith("utf") and len(text) == len(data)


def _control(text: str, at: int, path: str, line: int, hint: str) -> CampaignError:
    """Return the error for a control character, which is a printable one in other encodings."""
    further, column = place(text[:at])
    message = f"expected text, got the control character 0x{ord(text[at]):02X}: {hint}"
    return refusal(path, message, line + further, column, "encoding")


class Lines:
    """The lines of a file, with their line ends; it is read once, in pieces."""

    def __init__(
        self,
        file: BinaryIO,
        path: str,
        encoding: str,
        seen: Callable[[bytes], None],
        *,
        discreet: bool = False,
    ) -> None:
        """The callback `seen` gets every byte. `discreet`: messages show nothing of the file."""
        self._file = file
        self._path = path
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._seen = seen
        self._survey = Sample(discreet=discreet)
        self._offset = 0
        self._finished = 0
        self._tail = ""  # a line whose end has not been read yet

    def __iter__(self) -> Iterator[str]:
        for text in self._texts():
            lines = _split(self._tail + text)
            self._tail = lines.pop()
            yield from lines
            self._finished += len(lines)
            if len(self._tail) > LONGEST_LINE:
                message = f"this line is longer than {LONGEST_LINE:,} characters"
                raise refusal(self._path, message, self._finished + 1, code="shape")
        if self._tail:
            yield self._tail

    def _texts(self) -> Iterator[str]:
        chunk = None
        while chunk != b"":
            chunk = self._read()
            if self._offset == 0:
                self._begin(chunk)
            text = self._decoded(chunk)
            if self._offset == 0:
                text = text.removeprefix(_BOM)
            if "\0" in text:
                raise self._nul(text)
            if _is_legacy(self._encoding, text, chunk):
                self._expect_no_control(text, chunk)
            self._offset += len(chunk)
            self._survey.high.update(high_bytes(chunk))
            yield text

    def _begin(self, chunk: bytes) -> None:
        """Check the beginning of the file, which shows its kind and encoding."""
        refuse_packed(chunk, self._path)
        self._survey.head = chunk[:HEAD_BYTES]
        _refuse_wide(self._survey, self._path, self._encoding)

    def _read(self) -> bytes:
        try:
            chunk = self._file.read(CHUNK_BYTES)
        except UNREADABLE as error:
            raise unreadable(error, self._path) from None
        self._seen(chunk)
        return chunk

    def _decoded(self, chunk: bytes) -> str:
        try:
            return self._decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            # The decoder may have kept the first bytes of a character from the chunk before.
            offset = self._offset - (len(error.object) - len(chunk))
            hint = self._hint(error.object, error.start)
            raise not_text(error, self._path, self._tail, self._finished, offset, hint) from None
        except UnicodeError as error:  # UTF-16 whose byte order nobody can tell
            raise refusal(self._path, f"can't be decoded: {error}", code="encoding") from None

    def _nul(self, text: str) -> CampaignError:
        further, column = place(self._tail + text[: text.index("\0")])
        message = "expected text, got a NUL byte: no text has one, take it out"
        return refusal(self._path, message, self._finished + further, column, "shape")

    def _expect_no_control(self, text: str, chunk: bytes) -> None:
        """Refuse a control character that is printable in a better encoding, as Windows' quotes."""
        found = _LEGACY_CONTROL.search(text)
        hint = self._hint(chunk, found.start()) if found else ""
        if found and "--encoding" in hint:
            at = len(self._tail) + found.start()
            raise _control(self._tail + text, at, self._path, self._finished, hint)

    def _hint(self, piece: bytes, at: int) -> str:
        """Return what to do about a byte of this piece; this reads the rest of the file."""
        survey, rest, left = self._survey, [piece], _MOST_SURVEYED_BYTES
        survey.is_high_before = bool(survey.high)
        survey.high.update(high_bytes(piece))
        sampled = len(piece)
        while left > 0:
            try:
                chunk = self._file.read(CHUNK_BYTES)
            except UNREADABLE:
                break
            if not chunk:
                break
            left -= len(chunk)
            survey.high.update(high_bytes(chunk))
            if sampled < _MOST_SAMPLED_BYTES:
                rest.append(chunk)
                sampled += len(chunk)
        survey.sample = b"".join(rest)
        return survey.hint(piece, at, self._encoding)


def _split(text: str) -> list[str]:
    """Return the finished lines, and last the line that may go on."""
    lines = list(io.StringIO(text, newline=""))
    if not lines or lines[-1].endswith("\n"):
        lines.append("")
    return lines
