"""Which contact an operator means by a number or an address as people write them."""

from __future__ import annotations

from collections.abc import Iterator

from scheduler.fields.numbers import possible
from scheduler.fields.sip import sip_uri


def spellings(who: str, region: str | None) -> Iterator[str]:
    """Yield what a contact may be known as: as it was typed, then as a party's address is kept.

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
