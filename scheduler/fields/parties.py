"""The spellings under which the ledger may keep the number or address that an operator types."""

from __future__ import annotations

from collections.abc import Iterator

from scheduler.fields.numbers import possible
from scheduler.fields.sip import sip_uri


def spellings(who: str, region: str | None) -> Iterator[str]:
    """Yield the names to look a contact up by: the text as typed, then as addresses are stored.

    Key presses stand behind a comma: `(202) 555-0143,4711#`. National numbers are those of
    `region`.
    """
    yield who
    address, comma, keys = who.partition(",")
    try:
        is_sip = address.lower().startswith(("sip:", "sips:"))
        read = sip_uri(address) if is_sip else possible(address, region)
    except ValueError:
        return
    if (kept := read + comma + keys) != who:
        yield kept
