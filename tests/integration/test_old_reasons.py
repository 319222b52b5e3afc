"""A ledger in which the release before wrote `unknown: no_answer`: it is read as `answer_lost`."""

from __future__ import annotations

from typing import Any, cast

import pytest

from scheduler.ledger import accounts, explanation, retries, unknowns, views
from scheduler.ledger.unknowns import Resolution
from scheduler.models import Attempt, Disposition, Reason
from scheduler.operations.retry import read_ends
from tests.integration.ledger import ACCOUNT, DURATION, Books

OLD = cast("Any", "no_answer")


@pytest.fixture
def old(books: Books) -> Attempt:
    """Lose one answer as the release before wrote it down, and one as this release does."""
    books.campaign(2)
    attempt = books.begun()
    books.finish(attempt, Disposition.UNKNOWN, reason=OLD, hold_seconds=DURATION)
    new = books.begun()
    books.finish(new, Disposition.UNKNOWN, reason=Reason.ANSWER_LOST, hold_seconds=DURATION)
    assert books.ledger.redis.hget(f"callsched:call:c:{attempt.row}", "reason") == OLD
    return attempt


def test_everybody_reads_it_by_its_name_of_today(books: Books, old: Attempt) -> None:
    ledger = books.ledger

    assert views.campaign(ledger, "c").dispositions == {"unknown:answer_lost": 2}
    assert {record["reason"] for record in views.results(ledger, "c")} == {"answer_lost"}
    labels = [call.label for page in retries.ended_calls(ledger, "c") for call in page]
    assert labels == ["unknown:answer_lost"] * 2
    assert {call.reason for call in unknowns.calls(ledger, "c", ACCOUNT)} == {"answer_lost"}
    assert accounts.totals(ledger, ACCOUNT)["ended:unknown:answer_lost"] == 2
    told, _ = accounts.happenings(ledger, ACCOUNT)
    assert [one.detail for one in told if one.what == "ended"] == ["unknown:answer_lost"] * 2
    stands = explanation.standing(ledger, "c", old.row)
    assert (stands.reason, stands.attempts[-1]["reason"]) == ("answer_lost", "answer_lost")


def test_its_slot_counts_for_as_long_as_it_was_held(books: Books, old: Attempt) -> None:
    lengths = [
        round(end - start) for start, end in accounts.attempt_spans(books.ledger, "c") if end
    ]

    assert lengths == [DURATION, DURATION]


@pytest.mark.parametrize("verdict", Resolution)
def test_what_the_operator_says_of_it_takes_its_place(
    books: Books, old: Attempt, verdict: Resolution
) -> None:
    unknowns.settle(books.ledger, ACCOUNT, old, verdict)

    counted = views.campaign(books.ledger, "c").dispositions
    assert counted["unknown:answer_lost"] == 1
    assert sum(counted.values()) == (1 if verdict is Resolution.REDIAL else 2)


def test_a_saved_command_may_still_say_it() -> None:
    assert read_ends(["unknown:no_answer"]) == read_ends(["unknown:answer_lost"])
