"""The calls to a number: which visitors may look them up, and what they see of them."""

from __future__ import annotations

from typing import Any

from scheduler.fields.numbers import regions
from scheduler.ledger import do_not_call
from scheduler.operations.erase import read_address
from scheduler.operations.history import History, history_of
from scheduler.rights import Visitor
from scheduler.web.masks import as_seen_by
from scheduler.web.problems import Failure
from scheduler.web.site import Site


def history(site: Site, visitor: Visitor, number: str, region: str) -> History:
    """Return when a number was called by campaigns that a visitor may see. Raises Failure."""
    expect_allowed(visitor)
    if region and region.upper() not in regions():
        raise Failure(422, "region", "expected an ISO country such as US or GB")
    try:
        address = read_address(number.strip().partition(",")[0], region.upper() or None)
    except ValueError as error:
        text = str(error).replace("set default_region", "give the region")
        raise Failure(422, "number", text) from None
    return history_of(site.ledger, address, visitor.accounts)


def expect_allowed(visitor: Visitor) -> None:
    """Raise Failure (403) for a visitor who may not look numbers up."""
    if not visitor.may_reveal:
        raise Failure(403, "forbidden", "to ask about a number needs the scope operate")


def seen(visitor: Visitor, history: History) -> dict[str, Any]:
    """Return a history as a visitor may see it."""
    record = history.as_record()
    masked: dict[str, Any] = as_seen_by(visitor, record)
    if record["listed"] and not visitor.sees_numbers:
        masked["listed"]["entry"] = do_not_call.shown(record["listed"]["entry"])
    return masked
