"""Guesses the encoding of a file that can't be read in the expected one.

A suggested encoding was tried: it reads the file, without control characters in a cell. Between
encodings with one byte a character nobody can be certain, so a suggestion shows how a cell would
read.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Set
from dataclasses import dataclass, field

from scheduler.masking import shown

HEAD_BYTES = 65_536  #: how much of a file's beginning to look at for UTF-16 and UTF-32

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as UTF-16's does
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
#: In the order in which they are preferred: Windows, old Macs, and DOS.
_NARROW = ("latin-1", "cp1252", "mac-roman", "cp850")
_HEADER_BYTES = 400
_ASCII = bytes(range(128))
_HIGH = re.compile("[^\x00-\x7f]")
_MOST_JUDGED = 10_000  # characters
_NO_TEXT = {"Cc", "Cn", "Co", "Cs"}  # control characters, and unassigned ones
_OPENING = {"Pi", "Ps"}
_IN_WORDS = "\u2018\u2019'\u00b7\u00ad"
_BETWEEN_CELLS = re.compile('[,;|\t\r\n"]')
_EXCERPT = 40


@dataclass(slots=True)
class Sample:
    """The bytes of a file by which to guess its encoding."""

    head: bytes = b""
    sample: bytes = b""  #: from the piece that can't be read on
    high: set[int] = field(default_factory=set)  #: all bytes that are not ASCII
    is_high_before: bool = False  #: whether some of them come before the sample
    discreet: bool = False  #: whether messages show nothing of the file

    @property
    def wide_encoding(self) -> str:
        """The UTF-16 or UTF-32 that the file has; "" if it has neither."""
        return _wide_encoding(self.head)

    def hint(self, piece: bytes, at: int, expected: str) -> str:
        """Return what to do about a byte that is no text in the expected encoding."""
        found = self._encoding(expected)
        if found == "utf-8":
            return "the file is UTF-8: leave --encoding out"
        if expected == "utf-8" and (self.is_high_before or not piece[:at].isascii()):
            return "the text before it is UTF-8: type this line again"
        if not found:
            return "save the file as UTF-8"
        if self.discreet:
            return f"save the file as UTF-8, or say --encoding {found} if it was saved so"
        cell = shown(_excerpt(piece, at, found))
        return f"save the file as UTF-8, or say --encoding {found} if {cell} is right"

    def _encoding(self, expected: str) -> str:
        """Return the encoding that the file seems to have; "" if none fits."""
        if expected != "utf-8" and _is_utf8(self.sample):
            return "utf-8"
        found = "" if 0 in self.head else _narrow_encoding(self.sample, self.high)
        return "" if found and codecs.lookup(found) == codecs.lookup(expected) else found


def high_bytes(data: bytes) -> bytes:
    """Return the bytes that are not ASCII."""
    return b"" if data.isascii() else data.translate(None, _ASCII)


def _wide_encoding(head: bytes) -> str:
    """Return the UTF-16 or UTF-32 of a file that begins so; "" if it has neither.

    Its header is mostly ASCII, but only if it is read in the right byte order.
    """
    for bom, name in _BOMS:
        if head.startswith(bom):
            return name
    if b"\0" not in head:
        return ""
    best = max(_WIDE, key=lambda name: _ascii_share(head, name))
    return best if _ascii_share(head, best) > 0.5 and _decodes(head, best) else ""


def _narrow_encoding(sample: bytes, high: Set[int]) -> str:
    """Return which encoding with one byte a character a file may have; "" if none fits.

    `high` has all its bytes that are not ASCII; `sample` shows some of them in their surroundings.
    """
    fitting = [name for name in _NARROW if _has_text(bytes(high), name)]
    return min(fitting, key=lambda name: _oddities(sample, name), default="")


def _is_utf8(sample: bytes) -> bool:
    """Whether a piece of a file has characters of UTF-8, and nothing else."""
    return not sample.isascii() and _decodes(sample, "utf-8")


def _excerpt(data: bytes, at: int, encoding: str) -> str:
    """Return the cell around a byte, decoded."""
    before = data[max(0, at - _EXCERPT) : at].decode(encoding, "replace")
    after = data[at : at + _EXCERPT].decode(encoding, "replace")
    return (_BETWEEN_CELLS.split(before)[-1] + _BETWEEN_CELLS.split(after)[0]).strip()


def _ascii_share(head: bytes, name: str) -> float:
    text = head[:_HEADER_BYTES].decode(name, "replace")
    plain = sum(each.isascii() and (each.isprintable() or each in "\t\r\n") for each in text)
    return plain / len(text) if text else 0.0


def _decodes(data: bytes, name: str) -> bool:
    try:
        codecs.getincrementaldecoder(name)().decode(data)
    except UnicodeError:
        return False
    return True


def _has_text(high: bytes, name: str) -> bool:
    try:
        text = high.decode(name)
    except UnicodeDecodeError:
        return False
    return not any(unicodedata.category(each) in _NO_TEXT for each in text)


def _oddities(sample: bytes, name: str) -> int:
    """Count the characters that are unlikely where they are, if this is the encoding."""
    text = f" {sample.decode(name, 'replace')} "
    found = 0
    for count, each in enumerate(_HIGH.finditer(text)):
        if count == _MOST_JUDGED:
            break
        at = each.start()
        found += _is_odd(text[at - 1], text[at], text[at + 1])
    return found


def _is_odd(before: str, here: str, after: str) -> bool:
    """Whether a character is odd between two others: letters stand in words, signs between them."""
    kind = unicodedata.category(here)
    if kind in ("Lu", "Ll", "Lo"):
        return _changes_case(before, here, after)
    if not before.isalpha() or here in _IN_WORDS:
        return False
    if kind == "Pd":
        return after.islower()
    return kind in _OPENING or kind == "Lm" or after.isalpha()


def _changes_case(before: str, here: str, after: str) -> bool:
    """Whether capitals and small letters are mixed within a word."""
    if here.isupper():
        return before.islower() or (before.isalpha() and after.islower())
    return after.isupper()
