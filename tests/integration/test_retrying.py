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


def ended(ledger: Books, by: Ledger | None = None) -> list[EndedCall]:
    return [call for page in retries.ended_calls(by or ledger.store, "c") for call in page]


def rejected(ledger: Books, count: int) -> list[EndedCall]:
    """Bring so many calls to their ends, each rejected; return them."""
    for _ in range(count):
        ledger.finish(ledger.begun())
    return ended(ledger)


def test_a_call_that_has_ended_is_told_with_how_and_at_which_attempt(ledger: Books) -> None:
    ledger.campaign(4)
    ledger.give_back(ledger.claimed())
    ledger.wait(1)
    ledger.finish(ledger.begun())
    unknown = ledger.begun()
    ledger.finish(unknown, Disposition.UNKNOWN, reason=Reason.ANSWER_LOST)
    ledger.connected()

    first, second = sorted(ended(ledger), key=lambda call: call.label)

    assert (first.label, second.label) == ("rejected", "unknown:answer_lost")
    assert (second.row, second.attempt) == (unknown.row, unknown.number)
    assert second.contact == contact(unknown.row)
    assert (first.taken_by, second.taken_by) == ("", "")


def test_a_campaign_in_which_nothing_has_ended_has_nothing_to_take(ledger: Books) -> None:
    ledger.campaign(2)
    ledger.claimed()

    assert ended(ledger) == []
    assert retries.take(ledger.store, "c", [], "again") == []


def test_a_call_is_taken_once(ledger: Books) -> None:
    ledger.campaign(3)
    one, two, three = rejected(ledger, 3)

    assert retries.take(ledger.store, "c", [one, two], "first") == [one, two]
    assert retries.take(ledger.store, "c", [two, three], "second") == [three]
    assert retries.take(ledger.store, "c", [one, two, three], "first") == [one, two]

    assert [call.taken_by for call in ended(ledger)] == ["first", "first", "second"]


def test_of_many_that_take_the_same_calls_each_call_has_one(ledger: Books, other: Ledger) -> None:
    ledger.campaign(50)
    calls = rejected(ledger, 50)
    got: dict[str, list[EndedCall]] = {}

    def grab(name: str, by: Ledger) -> None:
        got[name] = [call for each in calls for call in retries.take(by, "c", [each], name)]

    grabbing = [
        threading.Thread(target=grab, args=(f"{n}", ledger.store if n % 2 else other))
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
    ledger: Books, moved_on_to: object
) -> None:
    ledger.campaign(1)
    attempt = ledger.begun()
    ledger.finish(attempt, Disposition.UNKNOWN, reason=Reason.ANSWER_LOST)
    (call,) = ended(ledger)
    unknowns.settle(ledger.store, ACCOUNT, attempt, Resolution.REDIAL, now=ledger.now)
    if moved_on_to is not None:
        ledger.wait(1)
        moved_on_to(ledger)  # type: ignore[operator]

    assert retries.take(ledger.store, "c", [call], "again") == []
    assert ended(ledger) == []


def test_a_call_that_was_redialled_is_taken_with_its_last_end(ledger: Books) -> None:
    ledger.campaign(1)
    attempt = ledger.begun()
    ledger.finish(attempt, Disposition.UNKNOWN, reason=Reason.ANSWER_LOST)
    (before,) = ended(ledger)
    unknowns.settle(ledger.store, ACCOUNT, attempt, Resolution.REDIAL, now=ledger.now)
    ledger.wait(1)
    ledger.finish(ledger.begun())

    (call,) = ended(ledger)

    assert retries.take(ledger.store, "c", [before], "first") == []
    assert retries.take(ledger.store, "c", [call], "second") == [call]


def test_a_campaign_says_whose_contacts_it_calls_again(ledger: Books) -> None:
    ledger.campaign(1)
    of = retries.origin("c")
    campaigns.create(
        ledger.store, "again", account=ACCOUNT, name="trial", policy=Policy(), digest=of
    )

    assert retries.origin_of(ledger.store, "again") == "c"
    assert retries.origin_of(ledger.store, "c") is None
    assert retries.origin_of(ledger.store, "nobody") is None


def test_an_unknown_call_that_another_campaign_calls_again_is_not_redialled_here(
    ledger: Books,
) -> None:
    ledger.campaign(1)
    attempt = ledger.begun()
    ledger.finish(attempt, Disposition.UNKNOWN, reason=Reason.ANSWER_LOST)
    assert retries.take(ledger.store, "c", ended(ledger), "again")

    with pytest.raises(StaleAttempt):
        unknowns.settle(ledger.store, ACCOUNT, attempt, Resolution.REDIAL, now=ledger.now)

    assert ledger.ended_as(attempt) == ("unknown", "answer_lost")
