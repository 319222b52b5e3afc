"""Turns errors about values that another program has changed in the ledger into a plain message."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from scheduler.errors import LedgerFault
from scheduler.ledger.ledger import Ledger

Asked = ParamSpec("Asked")
Found = TypeVar("Found")

Read = Callable[Concatenate[Ledger, str, Asked], Found]


def readable(read: Read[Asked, Found]) -> Read[Asked, Found]:
    """Make a function that reads a campaign raise LedgerFault for values that are none of ours."""

    @wraps(read)
    def reads(
        ledger: Ledger, campaign_id: str, /, *args: Asked.args, **named: Asked.kwargs
    ) -> Found:
        try:
            return read(ledger, campaign_id, *args, **named)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            which = " ".join(f"row {each}" for each in args if isinstance(each, int))
            where = f"campaign {campaign_id} {which}".strip()
            raise LedgerFault(
                f"what Redis holds of {where} can't be read: another program has changed it"
            ) from error

    return reads


def instant(written: str | None) -> float | None:
    """Return the number that a field has, an instant or a length; None if it has none."""
    try:
        return float(written) if written else None
    except ValueError:
        return None
