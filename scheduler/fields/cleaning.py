"""Cleans a number before it is read.

Spreadsheets, mail programs and web pages leave marks that nobody sees, blanks and dashes of many
kinds, digits of other scripts, quotes and link schemes. None of them tells whose number it is, so
they are removed. Anything that could tell (a letter, a second number, a decimal) stays.
"""

from __future__ import annotations

import re
import unicodedata

#: Marks that are not drawn, although Unicode does not count them as formats (General_Category Cf).
#: From Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties.
_UNDRAWN = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0}
_UNDRAWN |= {*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}

_LINE_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
#: Signs that people write instead of a similar one of ASCII; dashes and blanks have classes of
#: their own in Unicode.
_ALIKE = {
    "-": "\u2212\u02d7\u2043\u2796\u30fc\uff70",
    ".": "\u00b7\u2022\u2219\u22c5\u30fb\uff65\u3002\uff61\uff0e",
    "/": "\uff0f\u2044\u2215",
    ",": "\uff0c\u3001\u060c",
    ";": "\uff1b\u061b",
    "|": "\uff5c",
    "(": "[\uff08\uff3b",
    ")": "]\uff09\uff3d",
    "+": "\uff0b\ufe62\u207a",
    ":": "\uff1a",
    "#": "\uff03",
    "*": "\uff0a",
    "'": "\u2018\u2019\u201b\u02bc\u00b4`\u2032\uff07",
    '"': "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\uff02",
}
_PLAIN = {sign: plain for plain, signs in _ALIKE.items() for sign in signs}

_SCHEME = re.compile(r"(?:tel|callto|phone)\s*:(?://)?", re.IGNORECASE)
_FORMULA = re.compile(r'=\s*"([^"]*)"')
_PAIRS = (('"', '"'), ("'", "'"), ("<", ">"))
_PLUS_IN_BRACKETS = re.compile(r"\(\s*\+\s*(\d{1,4})\s*\)")
_BRACKETS_AFTER_PLUS = re.compile(r"\+\s*\(\s*(\d{1,4})\s*\)")
_BLANKS = re.compile(r" {2,}")
#: Removed without a message: what stands between the digits of most numbers.
_USUAL = re.compile(r"[+]?[0-9 ()./\u00a0\u2010-\u2015-]*")


class _Characters(dict[int, str | None]):
    """Maps each character to its cleaned form; computed when it is first met."""

    def __missing__(self, code: int) -> str | None:
        self[code] = found = _plain(chr(code))
        return found


def _plain(character: str) -> str | None:
    if character in _LINE_BREAKS:
        return "\n"
    kind = unicodedata.category(character)
    if kind == "Cf" or ord(character) in _UNDRAWN:
        return None
    if kind == "Zs" or character == "\t":
        return " "
    if kind == "Nd":
        return str(unicodedata.decimal(character))
    return "-" if kind == "Pd" else _PLAIN.get(character, character)


_characters = _Characters()


def cleaned(written: str) -> str:
    """Return a number in ASCII, as far as its characters have equivalents, without wrapping.

    If a number has digits of two scripts, they stay as they are: nobody writes numbers like that.
    """
    if not written.isascii() and _mixes_scripts(written):
        return written.strip()
    text = written.translate(_characters).strip()
    while (inner := _unwrapped(text).strip()) != text:
        text = inner
    text = _PLUS_IN_BRACKETS.sub(r"+\1 ", text, count=1)
    text = _BRACKETS_AFTER_PLUS.sub(r"+\1 ", text, count=1)
    return _BLANKS.sub(" ", text).rstrip(";,. ")


def is_as_usual(written: str) -> bool:
    """Whether a number has only digits and the separators that people usually write."""
    return _USUAL.fullmatch(written) is not None


def _mixes_scripts(written: str) -> bool:
    zeros = {ord(each) - unicodedata.decimal(each) for each in written if each.isdecimal()}
    return len(zeros) > 1


def _unwrapped(text: str) -> str:
    """Remove one wrapping: a link's scheme, a formula that is only a text, or quotes."""
    if found := _FORMULA.fullmatch(text):
        return found[1]
    for opens, closes in _PAIRS:
        if len(text) > 1 and text.startswith(opens) and text.endswith(closes):
            return text[1:-1]
    if text.startswith("'"):  # a spreadsheet's sign that a cell is text
        return text[1:]
    return _SCHEME.sub("", text, count=1) if _SCHEME.match(text) else text
