"""What somebody wants forgotten is gone, and does not come back."""

from __future__ import annotations

import pytest

from scheduler.ledger import erasure, keys, listeners
from scheduler.ledger.listeners import LiveLine
from tests.integration.ledger import Books

SECRET = "my card number"
SAID = {"transcript": [{"text": SECRET}], "summary": SECRET}


@pytest.fixture
def ledger(ledger: Books) -> Books:
    """A ledger with three calls that are due."""
    ledger.campaign(3)
    return ledger


def words_left(ledger: Books) -> bool:
    return SECRET in str(ledger.everything()) or any(
        ":insights" in key for key in ledger.everything()
    )


def test_what_was_said_is_erased_and_that_it_was_called_is_not(ledger: Books) -> None:
    attempt = ledger.connected()
    listeners.note(ledger.store, [LiveLine(attempt, "message", SECRET)])
    ledger.confirm(attempt, summaries='[{"url": "my card number"}]')
    ledger.keep_collected(attempt, SAID)
    assert words_left(ledger)

    conversations = erasure.erase(ledger.store, "c", attempt.row)

    assert conversations == [f"conversation {attempt}"]
    assert not words_left(ledger)
    kept = ledger.result(attempt)
    assert (kept["state"], kept["disposition"]) == ("ended", "stopped")
    assert {"transcript", "insights", "summary_pages"}.isdisjoint(kept)


def test_the_lines_of_others_stay(ledger: Books) -> None:
    one, two = ledger.connected(), ledger.connected()
    listeners.note(
        ledger.store, [LiveLine(one, "message", SECRET), LiveLine(two, "message", "stays")]
    )

    erasure.erase(ledger.store, "c", one.row)

    (line,) = [line for _, line in listeners.lines(ledger.store, "c", block_seconds=0.01)]
    assert (line.attempt.row, line.text) == (two.row, "stays")


def test_what_is_still_to_be_read_is_not_read(ledger: Books) -> None:
    attempt = ledger.confirmed()

    erasure.erase(ledger.store, "c", attempt.row)

    assert ledger.take_collect() is None
    assert ledger.collecting() == 0


def test_what_is_just_being_read_does_not_come_back(ledger: Books) -> None:
    attempt = ledger.confirmed()
    ledger.take_collect()

    erasure.erase(ledger.store, "c", attempt.row)

    assert not ledger.keep_collected(attempt, SAID)
    ledger.postpone_collect(attempt)
    assert not words_left(ledger)
    assert ledger.collects() == {}
    assert ledger.collecting() == 0


def test_what_is_erased_while_it_is_live_is_never_read(ledger: Books) -> None:
    attempt = ledger.connected()

    erasure.erase(ledger.store, "c", attempt.row)
    ledger.confirm(attempt)

    assert ledger.take_collect() is None
    assert ledger.collecting() == 0


def test_what_is_erased_while_it_is_live_is_no_longer_noted(ledger: Books) -> None:
    attempt = ledger.connected()
    erasure.erase(ledger.store, "c", attempt.row)

    listeners.note(ledger.store, [LiveLine(attempt, "message", SECRET)])

    assert not words_left(ledger)


def test_every_leg_of_a_call_is_erased(ledger: Books) -> None:
    late, later = ledger.two_legs()
    for attempt in (late, later):
        ledger.confirm(attempt)
        ledger.keep_collected(attempt, SAID)

    conversations = erasure.erase(ledger.store, "legs", 1)

    assert conversations == [f"conversation {late}", f"conversation {later}"]
    assert not words_left(ledger)


def test_who_was_never_called_has_nothing_to_erase(ledger: Books) -> None:
    as_it_stood = ledger.everything()

    assert erasure.erase(ledger.store, "c", 1) == []

    assert ledger.everything() == as_it_stood


def test_who_is_called_after_it_is_called_all_the_same(ledger: Books) -> None:
    erasure.erase(ledger.store, "c", 1)

    attempt = ledger.confirmed()

    assert attempt.row == 1
    assert ledger.take_collect() is not None


def test_a_campaign_that_is_gone_has_nothing_to_erase(ledger: Books) -> None:
    ledger.confirmed()
    ledger.store.redis.delete(keys.campaign("c", "meta"))

    assert erasure.erase(ledger.store, "c", 1) == ["conversation c:1:1"]
