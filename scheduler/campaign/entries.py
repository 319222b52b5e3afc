"""Reads one entry of a do-not-call list: a number, a prefix of numbers, or a SIP address."""

from __future__ import annotations

import re
import unicodedata

from scheduler.fields.cleaning import cleaned
from scheduler.fields.numbers import possible
from scheduler.fields.sip import sip_uri
from scheduler.masking import mask_text, shown

#: The message about a line that is no entry. It quotes nothing of the line.
EXPECTED = "expected a number such as +12025550123, a prefix such as +1202*, or a SIP address"

_SIP = ("sip:", "sips:")
_PREFIX = re.compile(r"\+[1-9]\d{0,14}\*", re.ASCII)
_NATIONAL_PREFIX = re.compile(r"\d{1,15}\*", re.ASCII)
_DECIMALS = re.compile(r"\.0+\*")
_MARKS = frozenset(("Cf", "Cc"))  # categories of invisible characters
_BETWEEN_DIGITS = re.compile(r"[ ().-]")
#: Words that people write beside a number, which a message may name.
_BESIDE_NUMBERS = re.compile(r"\b(?:tel|callto|ext|extension|or|x)(?![^\W\d_])", re.IGNORECASE)
_MAYBE_INTERNATIONAL = frozenset("+\uff0b:")
_CERTAIN = re.compile(r"\bsips?:\S|\+\W{0,2}\d(?:\W?\d){2}", re.IGNORECASE)
_LONGEST_SHOWN = 60


def entry(written: str, region: str | None) -> str:
    """Return a number with its plus sign, a prefix such as +1202*, or a SIP address.

    Raises ValueError with what was expected, and with numbers masked.
    """
    text = _without_marks(written)
    if text.lower().startswith(_SIP):
        return sip_uri(text)
    if text.endswith("*"):
        return _prefix(text)
    return possible(written.strip(), region)


def _prefix(text: str) -> str:
    prefix = _BETWEEN_DIGITS.sub("", cleaned(text))
    if _NATIONAL_PREFIX.fullmatch(prefix):
        raise ValueError(
            "expected a prefix with its plus sign, such as +1202*: put a plus sign and the"
            f" country code before it, and leave out a leading 0; got {shown(text)}"
        )
    if not _PREFIX.fullmatch(prefix) or _DECIMALS.search(text):
        raise ValueError(f"expected a prefix with its plus sign, such as +1202*, got {shown(text)}")
    return prefix


def _without_marks(written: str) -> str:
    """Remove invisible characters, and the blanks around the rest."""
    if written.isascii():
        return written.strip()
    return "".join(c for c in written if unicodedata.category(c) not in _MARKS).strip()


def reason(error: ValueError, written: str) -> str:
    """Return the message about a line that is no entry.

    A list may be any file of the machine, named by mistake or on purpose: so the message shows
    nothing of a line that is not a number.
    """
    text = _BESIDE_NUMBERS.sub("", written)
    is_number = any(map(str.isdigit, text)) and not any(map(str.isalpha, text))
    return str(error) if is_number and len(written) <= _LONGEST_SHOWN else EXPECTED


def entry_or_none(written: str, region: str | None) -> str:
    """Return an entry as `entry` does; "" if the text is none."""
    try:
        return entry(written, region)
    except ValueError:
        return ""


def unmistakable(written: str) -> str:
    """Return the entry of a cell that can be nothing else, whatever its column is for; else ""."""
    # Called for every cell of unnamed columns, and most have neither character.
    is_maybe = not _MAYBE_INTERNATIONAL.isdisjoint(written)
    return entry_or_none(written, None) if is_maybe else ""


def has_address(text: str, region: str | None) -> bool:
    """Whether a text may contain a number or SIP address."""
    return (
        mask_text(text) != text
        or _CERTAIN.search(text) is not None
        or entry_or_none(text, region) != ""
    )
