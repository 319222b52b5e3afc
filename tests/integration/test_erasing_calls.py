"""An API that keeps records of calls is made to delete them, with what was recorded, once over."""

from __future__ import annotations

import pytest

from scheduler.errors import AccountFault, ProviderError
from scheduler.ledger import callbacks, views
from scheduler.models import Attempt
from scheduler.operations.erase import Erased, Eraser, Undeleted
from scheduler.providers import Erases, ErasesCalls, Recording
from tests.integration.ledger import ACCOUNT, Books
from tests.toy_provider import Toy
from tests.toy_provider.shelf import Shelf

R = Recording("R1", is_complete=True)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def erase(books: Books, api: Erases | ErasesCalls | str, campaign_id: str = "c") -> Erased:
    campaign = views.campaign(books.ledger, campaign_id)
    return Eraser(books.ledger, {ACCOUNT: api}).erase_campaign(campaign)


def connection(attempt: Attempt) -> str:
    return f"connection {attempt}"


def test_records_and_recordings_of_every_attempt_are_deleted(books: Books, shelf: Shelf) -> None:
    late, later = books.two_legs()
    for attempt in (late, later):
        books.confirm(attempt)
    shelf.recorded[connection(late)] = [R, R]

    erased = erase(books, shelf, "legs")

    assert shelf.erased == [connection(late), connection(later)]
    assert erased.errors == ()
    assert erased.as_record() == {
        "calls": 1,
        "conversations": 2,
        "deleted": 0,
        "call_records": 2,
        "call_records_deleted": 2,
        "recordings_deleted": 2,
        "kept": ["their names for a year"],
        "errors": [],
    }


def test_what_failed_is_deleted_when_it_is_asked_again(books: Books, shelf: Shelf) -> None:
    books.campaign(3)
    one, two, three = (books.confirmed() for _ in range(3))
    shelf.raises[connection(two)] = [ProviderError("500")]

    first, second = erase(books, shelf), erase(books, shelf)

    assert first.errors == (Undeleted(connection(two), "500", is_call=True),)
    assert first.as_record()["errors"] == [{"connection_id": connection(two), "error": "500"}]
    assert first.at_api is not None and first.at_api.deleted == 2
    assert second.errors == ()
    assert second.at_api is not None and second.at_api.deleted == 3
    assert set(shelf.erased) == {connection(each) for each in (one, two, three)}


def test_a_live_call_is_not_deleted_before_its_end(books: Books, shelf: Shelf) -> None:
    books.campaign(1)
    attempt = books.connected()

    first = erase(books, shelf)

    assert shelf.erased == []
    (undeleted,) = first.errors
    assert "it is not over" in undeleted.error

    books.confirm(attempt)

    assert erase(books, shelf).errors == ()
    assert shelf.erased == [connection(attempt)]


def test_a_second_connection_is_deleted_once_it_is_over(books: Books, shelf: Shelf) -> None:
    books.campaign(1)
    attempt = books.connected()
    callbacks.arrived(books.ledger, ACCOUNT, attempt, "another", now=books.now)
    books.confirm(attempt)

    assert [each.id_ for each in erase(books, shelf).errors] == ["another"]
    assert shelf.erased == [connection(attempt)]


def test_an_account_that_is_refused_is_asked_no_more(books: Books, shelf: Shelf) -> None:
    books.campaign(3)
    attempts = [books.confirmed() for _ in range(3)]
    shelf.raises[connection(attempts[0])] = [AccountFault("closed")]

    erased = erase(books, shelf)

    assert [each.error for each in erased.errors] == ["closed"] * 3
    assert shelf.erased == []


def test_what_nobody_can_be_asked_about_is_named(books: Books) -> None:
    books.campaign(1)
    attempt = books.begun()
    books.connect(attempt)
    books.ledger.redis.hdel(f"callsched:attempt:{attempt}", "conversation_id")
    books.confirm(attempt)

    erased = erase(books, "set the token")

    assert erased.errors == (Undeleted(connection(attempt), "set the token", is_call=True),)
    assert erased.at_api is None


def test_an_api_of_conversations_is_asked_for_these_alone(books: Books) -> None:
    books.campaign(1)
    attempt = books.confirmed()
    toy = Toy()

    erased = erase(books, toy)

    assert toy.erased == [f"conversation {attempt}"]
    assert erased.as_record() == {"calls": 1, "conversations": 1, "deleted": 1, "errors": []}


def test_without_the_api_it_is_said_that_it_may_keep_something(books: Books) -> None:
    books.campaign(2)
    books.confirmed()
    campaign = views.campaign(books.ledger, "c")

    assert Eraser(books.ledger).erase_campaign(campaign).may_be_kept
    assert not Eraser(books.ledger).erase_calls([(campaign, 2)]).may_be_kept
