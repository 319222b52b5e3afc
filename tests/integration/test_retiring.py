"""Old campaigns: what goes, what stays, and that nobody is called again by it."""

from __future__ import annotations

import pytest

from scheduler.errors import LedgerError
from scheduler.ledger import retirement, views
from scheduler.models import CampaignState, Disposition, Webhook
from tests.integration.ledger import DURATION, Books, rows


def finished(books: Books, calls: int = 3, webhooks: tuple[Webhook, ...] = ()) -> None:
    books.campaign(calls, insights=(), webhooks=webhooks, columns=("city",))
    for _ in range(calls):
        books.confirm(books.connected())


def keys_of_calls(books: Books) -> list[str]:
    found = [*books.reader.scan_iter("callsched:call:*"), *books.reader.scan_iter("*attempt:*")]
    lists = books.reader.scan_iter("callsched:campaign:c:co[nl]*[st]s")  # contacts, columns
    return [*found, *(each for each in lists if not each.endswith("controls"))]


def test_its_calls_go_and_its_numbers_stay(books: Books) -> None:
    finished(books)
    before = views.campaign(books.ledger, "c")
    assert keys_of_calls(books)

    assert retirement.retire(books.ledger, "c", before=books.now + 1, now=books.now) == 0

    after = views.campaign(books.ledger, "c")
    assert keys_of_calls(books) == []
    assert list(views.results(books.ledger, "c")) == []
    assert (after.dispositions, after.total) == (before.dispositions, before.total)
    assert after.retired_at == books.now
    assert after.state is CampaignState.FINISHED


def test_the_same_file_again_calls_nobody(books: Books) -> None:
    finished(books)
    retirement.retire(books.ledger, "c", now=books.now)

    with pytest.raises(LedgerError, match="another --id"):
        books.load(rows(1, 2, 3), load_id="2")

    assert books.claim() is None


def test_it_goes_some_at_a_time_and_goes_on_where_it_was_cut(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retirement, "_AT_ONCE", 2)
    finished(books, 5)

    left = [retirement.retire(books.ledger, "c", now=books.now) for _ in range(4)]

    assert left == [3, 1, 0, 0]
    assert keys_of_calls(books) == []


def test_one_that_is_not_over_or_not_for_so_long_is_kept(books: Books) -> None:
    books.campaign(1, insights=())
    attempt = books.connected()
    assert retirement.retire(books.ledger, "c", now=books.now) is None

    books.confirm(attempt)

    assert retirement.retire(books.ledger, "c", before=books.now, now=books.now) is None
    assert retirement.campaigns_finished_before(books.ledger, books.now) == []
    assert retirement.campaigns_finished_before(books.ledger, books.now + 1) == ["c"]
    assert keys_of_calls(books)


def test_one_of_which_something_is_under_way_is_kept(books: Books) -> None:
    books.campaign(1)
    attempt = books.begun()
    books.finish(attempt, Disposition.UNKNOWN, hold_seconds=DURATION)
    assert retirement.retire(books.ledger, "c", now=books.now) is None, "its slot is held"

    books.wait(DURATION + 1)
    books.expire()

    assert retirement.retire(books.ledger, "c", now=books.now) == 0


def test_one_that_is_still_to_be_told_is_kept(books: Books) -> None:
    finished(books, 1, webhooks=(Webhook("http://127.0.0.1:9/"),))

    assert retirement.retire(books.ledger, "c", now=books.now) is None


def test_an_answer_that_comes_after_all_that_is_stopped(books: Books) -> None:
    books.campaign(1, insights=())
    attempt = books.begun()
    books.finish(attempt, Disposition.UNKNOWN)
    retirement.retire(books.ledger, "c", now=books.now)

    assert books.connect(attempt) == "late"

    assert [order.attempt for order in books.take_stops()] == [attempt]
