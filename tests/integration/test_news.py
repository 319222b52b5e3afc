"""What webhooks are owed: when a message falls due, who has it, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scheduler.ledger import campaigns, deliveries, erasure, unknowns
from scheduler.ledger.deliveries import SENDING_DELAYS, Delivery
from scheduler.ledger.ledger import Control
from scheduler.ledger.unknowns import Resolution
from scheduler.models import Attempt, Canary, Disposition, Event, Webhook
from scheduler.providers.posting import Poster
from scheduler.worker.webhooks import Teller
from tests.integration.ledger import ACCOUNT, Books
from tests.wire import Peer, Talk, http

ALL = Webhook("http://127.0.0.1:9/all")
CALLS = Webhook("http://127.0.0.1:9/calls", (Event.CALL_ENDED,))
CALL, FINISHED, STOPPED = Event


def taken(books: Books) -> list[Delivery]:
    """Take all that is due."""
    found = []
    while news := deliveries.take(books.ledger, ACCOUNT, now=books.now):
        found.append(news)
    return found


def events(books: Books) -> list[tuple[Event, str]]:
    return [(news.event, str(news.attempt or news.campaign_id)) for news in taken(books)]


def confirmed(books: Books) -> Attempt:
    attempt = books.connected()
    books.confirm(attempt, Disposition.HUNG_UP)
    return attempt


def test_a_campaign_without_webhooks_owes_nothing(books: Books) -> None:
    books.campaign(insights=())

    confirmed(books)

    assert deliveries.owed(books.ledger, ACCOUNT) == 0


def test_the_end_of_a_call_and_of_its_campaign_are_told_to_whoever_asked(books: Books) -> None:
    books.campaign(2, insights=(), webhooks=(ALL, CALLS))

    first = confirmed(books)
    found = taken(books)

    assert [(news.event, news.attempt, news.webhook) for news in found] == [
        (CALL, first, ALL),
        (CALL, first, CALLS),
    ]
    assert len({news.message_id for news in found}) == 2

    second = confirmed(books)

    assert events(books) == [(CALL, str(second)), (FINISHED, "c"), (CALL, str(second))]


def test_a_call_is_told_when_what_was_said_in_it_has_been_read(books: Books) -> None:
    books.campaign(webhooks=(ALL,))
    attempt = confirmed(books)
    assert events(books) == []

    due = books.take_collect()
    assert due is not None
    books.keep_collected(due.attempt, {"transcript": []})

    assert events(books) == [(CALL, str(attempt)), (FINISHED, "c")]


def test_a_call_whose_words_are_erased_before_they_were_read_is_told(books: Books) -> None:
    books.campaign(webhooks=(ALL,))
    attempt = confirmed(books)

    erasure.erase(books.ledger, "c", attempt.row, now=books.now)

    assert events(books) == [(CALL, str(attempt)), (FINISHED, "c")]


def test_only_the_last_attempt_of_a_call_is_its_end(books: Books) -> None:
    books.campaign(webhooks=(CALLS,))
    books.refuse(books.begun(), live=1, delay=0.0)

    assert events(books) == []

    attempt = books.connected()
    books.confirm(attempt)
    due = books.take_collect()
    assert due is not None
    books.keep_collected(due.attempt, None)

    assert events(books) == [(CALL, str(attempt))]


def test_a_call_that_is_amended_is_told_again(books: Books) -> None:
    books.campaign(insights=(), webhooks=(CALLS,))
    attempt = books.begun()
    books.finish(attempt, Disposition.UNKNOWN, hold_seconds=60)
    (before,) = taken(books)

    unknowns.settle(books.ledger, ACCOUNT, attempt, Resolution.NOT_PLACED, token="t", now=books.now)
    (after,) = taken(books)

    assert before.attempt == after.attempt == attempt
    assert before.message_id != after.message_id


def test_a_campaign_that_stops_itself_tells_so(books: Books) -> None:
    books.campaign(3, insights=(), webhooks=(ALL,), canary=Canary(1, 1.0))

    books.finish(books.begun(), Disposition.REJECTED)

    assert (STOPPED, "c") in events(books)


def test_calls_that_were_cancelled_before_their_turn_are_told_in_one(books: Books) -> None:
    books.campaign(3, insights=(), webhooks=(ALL,))

    campaigns.cancel(books.ledger, "c", abort=False, control=Control("ana@desk"), now=books.now)
    assert campaigns.end_pending(books.ledger, "c", now=books.now) == 0

    assert events(books) == [(FINISHED, "c")]


def test_news_whose_sender_dies_is_due_again(books: Books) -> None:
    books.campaign(insights=(), webhooks=(CALLS,))
    confirmed(books)
    (news,) = taken(books)

    books.wait(29)
    assert taken(books) == []
    books.wait(2)
    (again,) = taken(books)

    assert again.message_id == news.message_id
    assert (news.sendings, again.sendings) == (1, 2)


def test_news_whose_senders_die_is_sent_no_more_often_than_what_is_not_taken(
    books: Books,
) -> None:
    books.campaign(insights=(), webhooks=(CALLS,))
    confirmed(books)
    (news,) = taken(books)

    for sendings, delay in enumerate((30, *SENDING_DELAYS[1:], SENDING_DELAYS[-1]), start=2):
        assert not news.is_used_up
        books.wait(delay - 1)
        assert taken(books) == []
        books.wait(1)
        (news,) = taken(books)
        assert news.sendings == sendings

    assert news.is_used_up


def test_news_whose_last_sender_died_is_given_up_before_it_is_sent(books: Books) -> None:
    def receive(talk: Talk) -> None:
        while talk.request() is not None:
            talk.send(http(204))

    with Peer(receive) as receiver:
        books.campaign(insights=(), webhooks=(Webhook(receiver.url, (Event.CALL_ENDED,)),))
        confirmed(books)
        (news,) = taken(books)
        last = len(SENDING_DELAYS) + 1
        teller = Teller(
            books.ledger, lambda: [ACCOUNT], Poster("whsec_c2VjcmV0IG9mIHNpeHRlZW4gYg==")
        )

        teller._send(ACCOUNT, replace(news, sendings=last + 1))

        assert receiver.talks == []
        assert deliveries.owed(books.ledger, ACCOUNT) == 0
        assert books.reader.hget("callsched:account:acme:totals", "webhooks:given_up") == "1"

        teller._send(ACCOUNT, replace(news, sendings=last))
        assert len(receiver.talks) == 1


def test_what_goes_wrong_with_a_sending_is_logged_without_its_address(
    books: Books, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(url: str, *_: object) -> int:
        raise RuntimeError(f"no way to {url}")

    books.campaign(insights=(), webhooks=(Webhook("http://127.0.0.1:9/x?key=secret"),))
    confirmed(books)
    poster = Poster("whsec_c2VjcmV0IG9mIHNpeHRlZW4gYg==")
    monkeypatch.setattr(poster, "post", fail)

    Teller(books.ledger, lambda: [ACCOUNT], poster)._send_safely(ACCOUNT, taken(books)[0])

    assert "RuntimeError" in caplog.text
    assert "in fail" in caplog.text
    assert "secret" not in caplog.text


def test_news_that_is_not_taken_is_due_later(books: Books) -> None:
    books.campaign(insights=(), webhooks=(CALLS,))
    confirmed(books)
    (news,) = taken(books)

    assert deliveries.postpone(books.ledger, ACCOUNT, news, 5.0, now=books.now)

    books.wait(4.9)
    assert taken(books) == []
    books.wait(0.2)
    assert [again.sendings for again in taken(books)] == [2]


@pytest.mark.parametrize("delivered", [True, False])
def test_what_is_told_is_owed_no_more(books: Books, delivered: bool) -> None:
    books.campaign(insights=(), webhooks=(CALLS,))
    confirmed(books)
    (news,) = taken(books)
    assert deliveries.owed(books.ledger, ACCOUNT, "c") == 1

    assert deliveries.delivered(books.ledger, ACCOUNT, news, delivered=delivered)

    assert not deliveries.delivered(books.ledger, ACCOUNT, news, delivered=delivered)
    assert not deliveries.postpone(books.ledger, ACCOUNT, news, 0.0, now=books.now)
    assert deliveries.owed(books.ledger, ACCOUNT) == 0
    assert not books.reader.exists("callsched:account:acme:tellings")
