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
    """Return a number of ours as E.164. Raises ValueError for what can be none."""
    # It is ours and nobody calls it here: toll-free numbers are usual, and cost nobody anything.
    return possible(written, None)


def _listed(value: object) -> object:
    """Make a list of numbers in one text, with commas or semicolons between them."""
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
    """Return the number that a party sees; "" where there is none.

    A party sees the same one at each attempt, and another only when that one is gone: numbers that
    come or go change nothing for parties that see others.
    """
    return max(caller_ids, key=lambda number: _weight(party, number), default="")


def _weight(party: str, number: str) -> bytes:
    return blake2b(f"{party}\n{number}".encode(), digest_size=8).digest()
