"""What another program has changed in the ledger is no fault of ours, and is said plainly."""

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
    """Have a reader of a campaign raise LedgerFault where what it reads is nothing of ours."""

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
    """Return an instant or a length as it was written; None for nothing, and for no number."""
    try:
        return float(written) if written else None
    except ValueError:
        return None
