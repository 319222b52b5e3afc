"""What somebody wants forgotten is gone, and does not come back."""

from __future__ import annotations

import pytest

from scheduler.ledger import erasure, keys, listeners
from scheduler.ledger.listeners import LiveLine
from tests.integration.ledger import Books

SECRET = "my card number"
SAID = {"transcript": [{"text": SECRET}], "summary": SECRET}


@pytest.fixture
def books(books: Books) -> Books:
    """A ledger with three calls that are due."""
    books.campaign(3)
    return books


def words_left(books: Books) -> bool:
    return SECRET in str(books.everything()) or any(
        ":insights" in key for key in books.everything()
    )


def test_what_was_said_is_erased_and_that_it_was_called_is_not(books: Books) -> None:
    attempt = books.connected()
    listeners.note(books.ledger, [LiveLine(attempt, "message", SECRET)])
    books.confirm(attempt, summaries='[{"url": "my card number"}]')
    books.keep_collected(attempt, SAID)
    assert words_left(books)

    conversations = erasure.erase(books.ledger, "c", attempt.row)

    assert conversations == [f"conversation {attempt}"]
    assert not words_left(books)
    kept = books.result(attempt)
    assert (kept["state"], kept["disposition"]) == ("ended", "stopped")
    assert {"transcript", "insights", "summary_pages"}.isdisjoint(kept)


def test_the_lines_of_others_stay(books: Books) -> None:
    one, two = books.connected(), books.connected()
    listeners.note(
        books.ledger, [LiveLine(one, "message", SECRET), LiveLine(two, "message", "stays")]
    )

    erasure.erase(books.ledger, "c", one.row)

    (line,) = [line for _, line in listeners.lines(books.ledger, "c", block_seconds=0.01)]
    assert (line.attempt.row, line.text) == (two.row, "stays")


def test_what_is_still_to_be_read_is_not_read(books: Books) -> None:
    attempt = books.confirmed()

    erasure.erase(books.ledger, "c", attempt.row)

    assert books.take_collect() is None
    assert books.collecting() == 0


def test_what_is_just_being_read_does_not_come_back(books: Books) -> None:
    attempt = books.confirmed()
    books.take_collect()

    erasure.erase(books.ledger, "c", attempt.row)

    assert not books.keep_collected(attempt, SAID)
    books.postpone_collect(attempt)
    assert not words_left(books)
    assert books.collects() == {}
    assert books.collecting() == 0


def test_what_is_erased_while_it_is_live_is_never_read(books: Books) -> None:
    attempt = books.connected()

    erasure.erase(books.ledger, "c", attempt.row)
    books.confirm(attempt)

    assert books.take_collect() is None
    assert books.collecting() == 0


def test_what_is_erased_while_it_is_live_is_no_longer_noted(books: Books) -> None:
    attempt = books.connected()
    erasure.erase(books.ledger, "c", attempt.row)

    listeners.note(books.ledger, [LiveLine(attempt, "message", SECRET)])

    assert not words_left(books)


def test_every_leg_of_a_call_is_erased(books: Books) -> None:
    late, later = books.two_legs()
    for attempt in (late, later):
        books.confirm(attempt)
        books.keep_collected(attempt, SAID)

    conversations = erasure.erase(books.ledger, "legs", 1)

    assert conversations == [f"conversation {late}", f"conversation {later}"]
    assert not words_left(books)


def test_who_was_never_called_has_nothing_to_erase(books: Books) -> None:
    as_it_stood = books.everything()

    assert erasure.erase(books.ledger, "c", 1) == []

    assert books.everything() == as_it_stood


def test_who_is_called_after_it_is_called_all_the_same(books: Books) -> None:
    erasure.erase(books.ledger, "c", 1)

    attempt = books.confirmed()

    assert attempt.row == 1
    assert books.take_collect() is not None


def test_a_campaign_that_is_gone_has_nothing_to_erase(books: Books) -> None:
    books.confirmed()
    books.ledger.redis.delete(keys.campaign("c", "meta"))

    assert erasure.erase(books.ledger, "c", 1) == ["conversation c:1:1"]
