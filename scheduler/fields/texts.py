"""What a single text of a start may look like: a name, an address, key presses."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, StringConstraints

from scheduler.masking import shown

DTMF = r"^[0-9*#,]{1,100}$"
DTMF_EXPECTED = "key presses of 0-9, * and #, with a comma for a pause"
URL_EXPECTED = "a web address that starts with https:// or http://, without blanks"
PRINTABLE = r"^\P{Cc}*$"
_LANGUAGE = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}$"
_EMAIL = r"^[^\s\p{Cc}@<>,;:()\[\]\\\x22]{1,64}@([\p{L}\p{N}-]{1,63}\.)+[\p{L}\p{N}-]{2,63}$"
_TRANSPORT = r"^[A-Za-z0-9_.-]+=[^;=\s\p{Cc}{}]+(;[A-Za-z0-9_.-]+=[^;=\s\p{Cc}{}]+)*;?$"


def url(written: str) -> str:
    """Return a web address; ValueError says how one looks."""
    if not _is_url(written):
        raise ValueError(f"expected {URL_EXPECTED}, got {shown(written)}")
    return written


def _is_url(written: str) -> bool:
    if not written.startswith(("https://", "http://")) or not written.isprintable():
        return False
    try:
        parts = urlsplit(written)
        return bool(parts.hostname) and parts.port != 0 and not set(written) & set(' "<>\\^`{|}')
    except ValueError:
        return False


def language(written: str) -> str:
    """Return the code of a language; ValueError says how one looks."""
    if not re.fullmatch(_LANGUAGE, written):
        raise ValueError(f"expected a language code such as en-US, got {shown(written)}")
    return written


Short = Annotated[str, StringConstraints(max_length=100, pattern=PRINTABLE)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=PRINTABLE)]
Dtmf = Annotated[str, StringConstraints(pattern=DTMF)]
Language = Annotated[str, StringConstraints(pattern=_LANGUAGE)]
Email = Annotated[str, StringConstraints(max_length=254, pattern=_EMAIL)]
Transport = Annotated[str, StringConstraints(max_length=500, pattern=_TRANSPORT)]
Url = Annotated[str, StringConstraints(max_length=1000), AfterValidator(url)]
Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
