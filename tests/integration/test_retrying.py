"""Which calls a campaign may take over from another one, and that each is taken once."""

from __future__ import annotations

import threading

import pytest

from scheduler.errors import StaleAttempt
from scheduler.ledger import campaigns, retries, unknowns
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.retries import EndedCall
from scheduler.ledger.unknowns import Resolution
from scheduler.models import Disposition, Policy, Reason
from tests.integration.ledger import ACCOUNT, Books, contact


def ended(books: Books, by: Ledger | None = None) -> list[EndedCall]:
    return [call for page in retries.ended_calls(by or books.ledger, "c") for call in page]


def rejected(books: Books, count: int) -> list[EndedCall]:
    """Bring so many calls to their ends, each rejected; return them."""
    for _ in range(count):
        books.finish(books.begun())
    return ended(books)


def test_a_call_that_has_ended_is_told_with_how_and_at_which_attempt(books: Books) -> None:
    books.campaign(4)
    books.give_back(books.claimed())
    books.wait(1)
    books.finish(books.begun())
    unknown = books.begun()
    books.finish(unknown, Disposition.UNKNOWN, reason=Reason.ANSWER_LOST)
    books.connected()

    first, second = sorted(ended(books), key=lambda call: call.label)

    assert (first.label, second.label) == ("rejected", "unknown:answer_lost")
    assert (second.row, second.attempt) == (unknown.row, unknown.number)
    assert second.contact == contact(unknown.row)
    assert (first.taken_by, second.taken_by) == ("", "")


def test_a_campaign_in_which_nothing_has_ended_has_nothing_to_take(books: Books) -> None:
    books.campaign(2)
    books.claimed()

    assert ended(books) == []
    assert retries.take(books.ledger, "c", [], "again") == []


def test_a_call_is_taken_once(books: Books) -> None:
    books.campaign(3)
    one, two, three = rejected(books, 3)

    assert retries.take(books.ledger, "c", [one, two], "first") == [one, two]
    assert retries.take(books.ledger, "c", [two, three], "second") == [three]
    assert retries.take(books.ledger, "c", [one, two, three], "first") == [one, two]

    assert [call.taken_by for call in ended(books)] == ["first", "first", "second"]


def test_of_many_that_take_the_same_calls_each_call_has_one(books: Books, other: Ledger) -> None:
    books.campaign(50)
    calls = rejected(books, 50)
    got: dict[str, list[EndedCall]] = {}

    def grab(name: str, by: Ledger) -> None:
        got[name] = [call for each in calls for call in retries.take(by, "c", [each], name)]

    grabbing = [
        threading.Thread(target=grab, args=(f"{n}", books.ledger if n % 2 else other))
        for n in range(8)
    ]
    for thread in grabbing:
        thread.start()
    for thread in grabbing:
        thread.join()

    rows = sorted(call.row for taken in got.values() for call in taken)
    assert rows == sorted(call.row for call in calls)


@pytest.mark.parametrize("moved_on_to", [Books.claimed, None])
def test_a_call_that_has_moved_on_since_it_was_read_is_not_taken(
    books: Books, moved_on_to: object
) -> None:
    books.campaign(1)
    attempt = books.begun()
    books.finish(attempt, Disposition.UNKNOWN, reason=Reason.ANSWER_LOST)
    (call,) = ended(books)
    unknowns.settle(books.ledger, ACCOUNT, attempt, Resolution.REDIAL, now=books.now)
    if moved_on_to is not None:
        books.wait(1)
        moved_on_to(books)  # type: ignore[operator]

    assert retries.take(books.ledger, "c", [call], "again") == []
    assert ended(books) == []


def test_a_call_that_was_redialled_is_taken_with_its_last_end(books: Books) -> None:
    books.campaign(1)
    attempt = books.begun()
    books.finish(attempt, Disposition.UNKNOWN, reason=Reason.ANSWER_LOST)
    (before,) = ended(books)
    unknowns.settle(books.ledger, ACCOUNT, attempt, Resolution.REDIAL, now=books.now)
    books.wait(1)
    books.finish(books.begun())

    (call,) = ended(books)

    assert retries.take(books.ledger, "c", [before], "first") == []
    assert retries.take(books.ledger, "c", [call], "second") == [call]


def test_a_campaign_says_whose_contacts_it_calls_again(books: Books) -> None:
    books.campaign(1)
    of = retries.origin("c")
    campaigns.create(
        books.ledger, "again", account=ACCOUNT, name="trial", policy=Policy(), digest=of
    )

    assert retries.origin_of(books.ledger, "again") == "c"
    assert retries.origin_of(books.ledger, "c") is None
    assert retries.origin_of(books.ledger, "nobody") is None


def test_an_unknown_call_that_another_campaign_calls_again_is_not_redialled_here(
    books: Books,
) -> None:
    books.campaign(1)
    attempt = books.begun()
    books.finish(attempt, Disposition.UNKNOWN, reason=Reason.ANSWER_LOST)
    assert retries.take(books.ledger, "c", ended(books), "again")

    with pytest.raises(StaleAttempt):
        unknowns.settle(books.ledger, ACCOUNT, attempt, Resolution.REDIAL, now=books.now)

    assert books.ended_as(attempt) == ("unknown", "answer_lost")
