"""What a single text of a start may look like: a name, a time zone, an address, key presses."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, StringConstraints

from scheduler.hours import zone_names
from scheduler.masking import shown

DTMF = r"^[0-9*#,]{1,100}$"
DTMF_EXPECTED = "key presses of 0-9, * and #, with a comma for a pause"
URL_EXPECTED = "a web address that starts with https:// or http://, without blanks"
TIMEZONE_EXPECTED = "an IANA name such as America/New_York"
PRINTABLE = r"^\P{Cc}*$"
_LANGUAGE = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}$"
_EMAIL = r"^[^\s\p{Cc}@<>,;:()\[\]\\\x22]{1,64}@([\p{L}\p{N}-]{1,63}\.)+[\p{L}\p{N}-]{2,63}$"
_TRANSPORT = r"^[A-Za-z0-9_.-]+=[^;=\s\p{Cc}{}]+(;[A-Za-z0-9_.-]+=[^;=\s\p{Cc}{}]+)*;?$"


@lru_cache(maxsize=1024)
def timezone(written: str) -> str:
    """Return the IANA name of a time zone; ValueError names the place that was perhaps meant."""
    zone = zone_names.read(written)
    if zone is not None:
        return zone
    meant = " or ".join(zone_names.meant(written))
    if not meant:
        hint = f"expected {TIMEZONE_EXPECTED}"
    elif zone_names.is_city(written):
        hint = f"expected an IANA name such as {meant}"
    else:
        hint = f"did you mean {meant}"
    raise ValueError(f"{hint}, got {shown(written)}")


def _url(written: str) -> str:
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


Short = Annotated[str, StringConstraints(max_length=100, pattern=PRINTABLE)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=PRINTABLE)]
Dtmf = Annotated[str, StringConstraints(pattern=DTMF)]
Language = Annotated[str, StringConstraints(pattern=_LANGUAGE)]
Email = Annotated[str, StringConstraints(max_length=254, pattern=_EMAIL)]
Timezone = Annotated[str, AfterValidator(timezone)]
Transport = Annotated[str, StringConstraints(max_length=500, pattern=_TRANSPORT)]
Url = Annotated[str, StringConstraints(max_length=1000), AfterValidator(_url)]
Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
