"""The numbers that callees see: how a file names them, and which one a party sees."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field

from scheduler.fields.numbers import possible
from scheduler.fields.starts import TEMPLATE

EXPECTED = "a number such as +12125550143 that the account may show, or several"


def own_number(written: str) -> str:
    """Return a caller id as E.164. Raises ValueError for anything that can't be one."""
    # Callees see it and nobody dials it: toll-free numbers are usual here.
    return possible(written, None)


def _listed(value: object) -> object:
    """Split a text into its numbers, which commas or semicolons separate."""
    if not isinstance(value, str):
        return value
    return [each.strip() for each in value.replace(";", ",").split(",")]


#: A field of pydantic: one number, or several.
CallerIds: TypeAlias = Annotated[
    list[Annotated[str, AfterValidator(own_number), TEMPLATE]],
    Field(min_length=1, max_length=100),
    BeforeValidator(_listed),
]


def shared_out(party: str, caller_ids: Sequence[str]) -> str:
    """Return the caller id that a party sees; "" if there is none.

    A party sees the same number at each attempt, and another only once that number is removed:
    adding or removing other numbers changes nothing for it (rendezvous hashing).
    """
    return max(caller_ids, key=lambda number: _weight(party, number), default="")


def _weight(party: str, number: str) -> bytes:
    return blake2b(f"{party}\n{number}".encode(), digest_size=8).digest()
