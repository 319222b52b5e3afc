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


def taken(ledger: Books) -> list[Delivery]:
    """Take all that is due."""
    found = []
    while news := deliveries.take(ledger.store, ACCOUNT, now=ledger.now):
        found.append(news)
    return found


def events(ledger: Books) -> list[tuple[Event, str]]:
    return [(news.event, str(news.attempt or news.campaign_id)) for news in taken(ledger)]


def confirmed(ledger: Books) -> Attempt:
    attempt = ledger.connected()
    ledger.confirm(attempt, Disposition.HUNG_UP)
    return attempt


def test_a_campaign_without_webhooks_owes_nothing(ledger: Books) -> None:
    ledger.campaign(insights=())

    confirmed(ledger)

    assert deliveries.owed(ledger.store, ACCOUNT) == 0


def test_the_end_of_a_call_and_of_its_campaign_are_told_to_whoever_asked(ledger: Books) -> None:
    ledger.campaign(2, insights=(), webhooks=(ALL, CALLS))

    first = confirmed(ledger)
    found = taken(ledger)

    assert [(news.event, news.attempt, news.webhook) for news in found] == [
        (CALL, first, ALL),
        (CALL, first, CALLS),
    ]
    assert len({news.message_id for news in found}) == 2

    second = confirmed(ledger)

    assert events(ledger) == [(CALL, str(second)), (FINISHED, "c"), (CALL, str(second))]


def test_a_call_is_told_when_what_was_said_in_it_has_been_read(ledger: Books) -> None:
    ledger.campaign(webhooks=(ALL,))
    attempt = confirmed(ledger)
    assert events(ledger) == []

    due = ledger.take_collect()
    assert due is not None
    ledger.keep_collected(due.attempt, {"transcript": []})

    assert events(ledger) == [(CALL, str(attempt)), (FINISHED, "c")]


def test_a_call_whose_words_are_erased_before_they_were_read_is_told(ledger: Books) -> None:
    ledger.campaign(webhooks=(ALL,))
    attempt = confirmed(ledger)

    erasure.erase(ledger.store, "c", attempt.row, now=ledger.now)

    assert events(ledger) == [(CALL, str(attempt)), (FINISHED, "c")]


def test_only_the_last_attempt_of_a_call_is_its_end(ledger: Books) -> None:
    ledger.campaign(webhooks=(CALLS,))
    ledger.refuse(ledger.begun(), live=1, delay=0.0)

    assert events(ledger) == []

    attempt = ledger.connected()
    ledger.confirm(attempt)
    due = ledger.take_collect()
    assert due is not None
    ledger.keep_collected(due.attempt, None)

    assert events(ledger) == [(CALL, str(attempt))]


def test_a_call_that_is_amended_is_told_again(ledger: Books) -> None:
    ledger.campaign(insights=(), webhooks=(CALLS,))
    attempt = ledger.begun()
    ledger.finish(attempt, Disposition.UNKNOWN, hold_seconds=60)
    (before,) = taken(ledger)

    unknowns.settle(
        ledger.store, ACCOUNT, attempt, Resolution.NOT_PLACED, token="t", now=ledger.now
    )
    (after,) = taken(ledger)

    assert before.attempt == after.attempt == attempt
    assert before.message_id != after.message_id


def test_a_campaign_that_stops_itself_tells_so(ledger: Books) -> None:
    ledger.campaign(3, insights=(), webhooks=(ALL,), canary=Canary(1, 1.0))

    ledger.finish(ledger.begun(), Disposition.REJECTED)

    assert (STOPPED, "c") in events(ledger)


def test_calls_that_were_cancelled_before_their_turn_are_told_in_one(ledger: Books) -> None:
    ledger.campaign(3, insights=(), webhooks=(ALL,))

    campaigns.cancel(ledger.store, "c", abort=False, control=Control("ana@desk"), now=ledger.now)
    assert campaigns.end_pending(ledger.store, "c", now=ledger.now) == 0

    assert events(ledger) == [(FINISHED, "c")]


def test_news_whose_sender_dies_is_due_again(ledger: Books) -> None:
    ledger.campaign(insights=(), webhooks=(CALLS,))
    confirmed(ledger)
    (news,) = taken(ledger)

    ledger.wait(29)
    assert taken(ledger) == []
    ledger.wait(2)
    (again,) = taken(ledger)

    assert again.message_id == news.message_id
    assert (news.sendings, again.sendings) == (1, 2)


def test_news_whose_senders_die_is_sent_no_more_often_than_what_is_not_taken(
    ledger: Books,
) -> None:
    ledger.campaign(insights=(), webhooks=(CALLS,))
    confirmed(ledger)
    (news,) = taken(ledger)

    for sendings, delay in enumerate((30, *SENDING_DELAYS[1:], SENDING_DELAYS[-1]), start=2):
        assert not news.is_used_up
        ledger.wait(delay - 1)
        assert taken(ledger) == []
        ledger.wait(1)
        (news,) = taken(ledger)
        assert news.sendings == sendings

    assert news.is_used_up


def test_news_whose_last_sender_died_is_given_up_before_it_is_sent(ledger: Books) -> None:
    def receive(talk: Talk) -> None:
        while talk.request() is not None:
            talk.send(http(204))

    with Peer(receive) as receiver:
        ledger.campaign(insights=(), webhooks=(Webhook(receiver.url, (Event.CALL_ENDED,)),))
        confirmed(ledger)
        (news,) = taken(ledger)
        last = len(SENDING_DELAYS) + 1
        teller = Teller(ledger.store, ACCOUNT, Poster("whsec_c2VjcmV0IG9mIHNpeHRlZW4gYg=="))

        teller._send(replace(news, sendings=last + 1))

        assert receiver.talks == []
        assert deliveries.owed(ledger.store, ACCOUNT) == 0
        assert ledger.reader.hget("callsched:account:acme:totals", "webhooks:given_up") == "1"

        teller._send(replace(news, sendings=last))
        assert len(receiver.talks) == 1


def test_what_goes_wrong_with_a_sending_is_logged_without_its_address(
    ledger: Books, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(url: str, *_: object) -> int:
        raise RuntimeError(f"no way to {url}")

    ledger.campaign(insights=(), webhooks=(Webhook("http://127.0.0.1:9/x?key=secret"),))
    confirmed(ledger)
    poster = Poster("whsec_c2VjcmV0IG9mIHNpeHRlZW4gYg==")
    monkeypatch.setattr(poster, "post", fail)

    Teller(ledger.store, ACCOUNT, poster)._send_safely(taken(ledger)[0])

    assert "RuntimeError" in caplog.text
    assert "in fail" in caplog.text
    assert "secret" not in caplog.text


def test_news_that_is_not_taken_is_due_later(ledger: Books) -> None:
    ledger.campaign(insights=(), webhooks=(CALLS,))
    confirmed(ledger)
    (news,) = taken(ledger)

    assert deliveries.postpone(ledger.store, ACCOUNT, news, 5.0, now=ledger.now)

    ledger.wait(4.9)
    assert taken(ledger) == []
    ledger.wait(0.2)
    assert [again.sendings for again in taken(ledger)] == [2]


@pytest.mark.parametrize("delivered", [True, False])
def test_what_is_told_is_owed_no_more(ledger: Books, delivered: bool) -> None:
    ledger.campaign(insights=(), webhooks=(CALLS,))
    confirmed(ledger)
    (news,) = taken(ledger)
    assert deliveries.owed(ledger.store, ACCOUNT, "c") == 1

    assert deliveries.delivered(ledger.store, ACCOUNT, news, delivered=delivered)

    assert not deliveries.delivered(ledger.store, ACCOUNT, news, delivered=delivered)
    assert not deliveries.postpone(ledger.store, ACCOUNT, news, 0.0, now=ledger.now)
    assert deliveries.owed(ledger.store, ACCOUNT) == 0
    assert not ledger.reader.exists("callsched:account:acme:tellings")
