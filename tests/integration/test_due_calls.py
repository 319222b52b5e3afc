"""How many calls are due, counted by one who asks again and again."""

from __future__ import annotations

import pytest

from scheduler.ledger import accounts, due
from tests.integration.ledger import ACCOUNT, Books


@pytest.fixture
def overdue(books: Books) -> Books:
    """Campaigns in several steps, whose calls have been due for a minute by the server's clock."""
    books.now = books.ledger.time() - 60
    for at in range(120):
        books.campaign(2, f"c{at}")
    return books


def test_what_is_due_is_counted_over_several_steps(overdue: Books) -> None:
    found = accounts.backlog(overdue.ledger, ACCOUNT)

    assert found.due == 240
    assert 55 < found.oldest_due_seconds < 120


def test_who_asks_again_is_told_what_was_counted_until_its_time_is_over(
    overdue: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 2.0, 101.0, 102.5, 102.6])  # it took two seconds; a hundred later, once more
    monkeypatch.setattr(due, "monotonic", lambda: next(clock))
    counts = due.Recurring()
    assert counts.count(overdue.ledger, ACCOUNT).count == 240
    overdue.claimed()

    assert counts.count(overdue.ledger, ACCOUNT).count == 240
    assert counts.count(overdue.ledger, ACCOUNT).count == 239
