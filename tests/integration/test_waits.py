"""Why the next call of a campaign waits: for its hours, for its beginning, or for a retry."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from scheduler.hours.openings import opening
from scheduler.ledger import views
from scheduler.models import Hours, Policy
from scheduler.operations.waits import NO_WAIT, Wait, why_waits
from tests.integration.ledger import Books, rows

LATER = time.time() + 86_400.0


def closed_now() -> Hours:
    """Return hours that open for a minute, twelve hours from now in New York."""
    minute = time.gmtime(time.time() - 5 * 3600 + 12 * 3600)
    at = minute.tm_hour * 60 + minute.tm_min
    return Hours(week=(((at, at + 1),),) * 7)


NEW_YORK = "America/New_York"


def waits(books: Books, **policy: Any) -> Wait:
    books.now = time.time()
    (row,) = rows(1)
    known = Policy(timezone=NEW_YORK, **policy)
    at = opening(known, row.contact, books.now).at
    books.create(timezone=NEW_YORK, **policy)
    books.load([replace(row, due_at=at if at > books.now else None)])
    books.seal()
    return why_waits(books.ledger, views.campaign(books.ledger, "c"))


def test_it_waits_for_its_hours(books: Books) -> None:
    found = waits(books, hours=(closed_now(),))

    assert found.is_for_hours
    assert found.why.startswith("calling hours are closed (calling_hours: ")
    assert "in America/New_York" in found.why
    assert found.zones == (NEW_YORK,)


@pytest.mark.parametrize(
    ("policy", "found"),
    [
        ({}, NO_WAIT),
        ({"not_before": LATER}, Wait("not_before allows none earlier", zones=(NEW_YORK,))),
    ],
)
def test_it_waits_for_its_beginning_or_for_nothing(
    books: Books, policy: dict[str, object], found: Wait
) -> None:
    assert waits(books, **policy) == found
