"""What results say of the callee: what was observed, whenever it comes, and no more."""

from __future__ import annotations

from typing import Any

import pytest

from scheduler.ledger import accounts, callbacks, do_not_call, erasure, heard, keys, views
from scheduler.models import Attempt, CallState, Disposition, OnMachine, Retry
from scheduler.operations import browse, retry
from scheduler.operations.browse import ContactFilter
from tests.integration.ledger import ACCOUNT, Books, contact

HELLO = [{"speaker": "", "text": "Hello?"}]


def facts(books: Books, attempt: Attempt) -> tuple[Any, ...]:
    result = books.result(attempt)
    return result["heard"], result["intents"], result["asked_not_to_be_called"]


def followed(books: Books) -> Attempt:
    """Return a live call, to which somebody listens."""
    attempt = books.connected()
    books.heard()
    books.listen(held={attempt: True})
    return attempt


def collected(books: Books, attempt: Attempt, said: Any) -> None:
    books.confirm(attempt)
    assert books.take_collect() is not None
    books.keep_collected(attempt, said)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"transcript": HELLO}, "human"),
        ({"transcript": []}, "silence"),
        ({"topics": []}, None),  # no transcript was asked for
        (None, "not_recorded"),
    ],
)
def test_a_transcript_tells_who_was_heard_once_it_is_there(
    books: Books, said: Any, expected: str | None
) -> None:
    books.campaign(hears_machines=True)
    attempt = followed(books)
    assert facts(books, attempt) == (None, [], False)

    collected(books, attempt, said)

    assert facts(books, attempt) == (expected, [], False)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({}, None),
        ({"hears_machines": True}, "human"),
        # As a release wrote it that had not the key.
        ({"on_machine": OnMachine.STOP}, "human"),
    ],
)
def test_words_are_a_persons_where_machines_were_listened_for(
    books: Books, policy: dict[str, Any], expected: str | None
) -> None:
    books.campaign(2, **policy)
    attempt, unheard = followed(books), books.connected()
    collected(books, attempt, {"transcript": HELLO})
    collected(books, unheard, {"transcript": HELLO})

    assert facts(books, attempt)[0] == expected
    assert facts(books, unheard)[0] is None  # no socket of it was ever open
    # Of a call that was attached by a callback, only a verdict tells.
    books.ledger.redis.hset(keys.attempt(str(attempt)), "stage", "answered")
    assert facts(books, attempt)[0] is None


def test_what_is_heard_is_kept_with_its_call_and_the_first_word_counts(books: Books) -> None:
    books.campaign()
    attempt = books.connected()
    heard.note(books.ledger, attempt, answered_by="human", intents=["interested"], now=1.0)
    address = contact(1).phone_number
    heard.note(
        books.ledger, attempt, answered_by="machine", intents=["do_not_call"], bars=address, now=2.0
    )

    assert facts(books, attempt) == ("human", ["interested", "do_not_call"], True)
    assert do_not_call.barred(books.ledger, address) is not None

    erasure.erase(books.ledger, "c", attempt.row)
    assert facts(books, attempt) == ("human", [], True)


def test_a_wish_not_to_be_called_stays_with_the_call_whose_next_attempt_it_forbids(
    books: Books,
) -> None:
    books.campaign(retry={"hung_up": Retry(2, (1.0,))})
    attempt = books.connected()
    address = contact(1).phone_number
    heard.note(books.ledger, attempt, intents=["do_not_call"], bars=address)
    books.confirm(attempt, Disposition.HUNG_UP)
    books.wait(2.0)
    books.begin(books.claimed())

    (result,) = books.results()
    assert (result["disposition"], result["reason"]) == ("skipped", "do_not_call")
    assert (result["heard"], result["asked_not_to_be_called"]) == ("human", True)


def test_a_key_for_it_says_so_as_well(books: Books) -> None:
    books.campaign()
    attempt = books.connected()
    callbacks.pressed(books.ledger, attempt, "confirm", 1, "9")
    callbacks.answer(books.ledger, attempt, "confirm", "9", bars=contact(1).phone_number)

    assert facts(books, attempt) == ("human", [], True)


def test_of_a_call_that_nothing_is_kept_of_only_the_wish_is(books: Books) -> None:
    gone = Attempt("gone", 1, 1)

    heard.note(books.ledger, gone, answered_by="human", intents=["x"], bars="+12025550199")

    assert not [key for key in books.everything() if "gone" in key]
    assert do_not_call.barred(books.ledger, "+12025550199") is not None


def test_contacts_are_found_by_who_was_heard_and_called_again_by_it(books: Books) -> None:
    books.campaign(4, hears_machines=True)
    spoken, silent, live, wish = (followed(books) for _ in range(4))
    collected(books, spoken, {"transcript": HELLO})
    collected(books, silent, {"transcript": []})
    heard.note(books.ledger, wish, intents=["do_not_call"], bars=contact(4).phone_number)
    collected(books, wish, {"transcript": HELLO})
    view = views.campaign(books.ledger, "c")

    def rows(heard_so: str) -> list[int]:
        wanted = ContactFilter(heard=heard_so)
        return [
            each["row"]
            for each in browse.page_of_contacts(books.ledger, view, wanted, None, 10).found
        ]

    assert (rows("human"), rows("silence"), rows("opted_out")) == (
        [spoken.row, wish.row],
        [silent.row],
        [wish.row],
    )
    meant = retry.survey(books.ledger, view, retry.read_ends(["heard=silence"]))
    assert meant.free == 1
    assert retry.survey(books.ledger, view, retry.read_ends(["intent=do_not_call"])).free == 1
    assert books.state(live) is CallState.CONNECTED


def test_what_a_release_before_called_answered_was_placed(books: Books) -> None:
    books.campaign()
    books.connected()
    events = keys.account(ACCOUNT, "events")
    (_, fields), *_ = books.ledger.redis.xrange(events)
    books.ledger.redis.xadd(events, {**fields, "what": "answered"})

    told, _ = accounts.happenings(books.ledger, ACCOUNT)

    assert [each.what for each in told] == ["placed", "placed"]
