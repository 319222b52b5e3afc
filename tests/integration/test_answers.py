"""What was pressed in calls: whom of them `retry` takes, and who is told of it."""

from __future__ import annotations

from typing import Any

import pytest

from scheduler.errors import LedgerError
from scheduler.ledger import callbacks, deliveries, retries, views
from scheduler.ledger.ledger import Ledger
from scheduler.models import Attempt, Disposition, Event, Reason, Webhook
from scheduler.operations.retry import Ends, NothingToRetry, load, plan, read_ends, survey
from scheduler.providers.posting import Poster
from scheduler.script import Gather
from scheduler.worker.webhooks import Teller
from tests.integration.ledger import ACCOUNT, Books
from tests.wire import Peer, Talk, http

ASKS = (Gather("confirm", digits=1), Gather("pin", digits=4))


def pressed(books: Books, attempt: Attempt, **answers: str) -> None:
    """Record what was pressed in a call that is under way."""
    for step, told in answers.items():
        callbacks.answer(books.ledger, attempt, step, told, now=books.now)


@pytest.fixture
def asked(books: Books) -> list[Attempt]:
    """Calls of rows in which was pressed: 2; nothing, twice; 1; nobody asked; 2, and it is lost."""
    books.campaign(5, script=ASKS)
    attempts = []
    for answers in ({"confirm": "2"}, {"confirm": "", "pin": ""}, {"confirm": "1"}, {}):
        attempt = books.connected()
        pressed(books, attempt, **answers)
        assert books.confirm(attempt, Disposition.HUNG_UP)
        attempts.append(attempt)
    lost = books.begun()
    pressed(books, lost, confirm="2")
    books.finish(lost, Disposition.UNKNOWN, reason=Reason.ANSWER_LOST, hold_seconds=60)
    return [*attempts, lost]


def taken(ledger: Ledger, ends: Ends, campaign_id: str) -> set[int]:
    """Load the campaign that calls them again; return their rows in the old one."""
    load(ledger, plan(ledger, survey(ledger, views.campaign(ledger, "c"), ends), campaign_id))
    return {
        call.row
        for page in retries.ended_calls(ledger, "c")
        for call in page
        if call.taken_by == campaign_id
    }


def test_whom_an_answer_takes_is_who_gave_it(books: Books, asked: list[Attempt]) -> None:
    two, nothing, one, *_ = asked

    assert taken(books.ledger, read_ends(["confirm=2"]), "first") == {two.row}
    # Any of what is said will do.
    others = read_ends(["confirm=1", "confirm="])
    assert taken(books.ledger, others, "second") == {nothing.row, one.row}
    assert views.campaign(books.ledger, "second").policy.script == ASKS


def test_the_same_answer_takes_nobody_twice(books: Books, asked: list[Attempt]) -> None:
    assert taken(books.ledger, read_ends(["confirm=2"]), "first") == {asked[0].row}

    planned = plan(books.ledger, survey(books.ledger, _c(books), read_ends(["confirm=2"])))

    assert (planned.campaign_id, planned.is_open, planned.survey.free) == ("first", False, 0)


def test_who_may_have_been_rung_is_not_taken_for_an_answer(
    books: Books, asked: list[Attempt]
) -> None:
    surveyed = survey(books.ledger, _c(books), read_ends(["confirm=2"]))

    assert (surveyed.free, surveyed.unknown) == (1, 0)
    assert surveyed.left_out == {"unknown:answer_lost": 1}
    both = read_ends(["confirm=2", "UNKNOWN"])
    assert taken(books.ledger, both, "both") == {asked[0].row, asked[-1].row}


def test_of_an_answer_that_nobody_gave_nothing_is_made(books: Books, asked: list[Attempt]) -> None:
    surveyed = survey(books.ledger, _c(books), read_ends(["pin=1234"]))

    with pytest.raises(NothingToRetry):
        plan(books.ledger, surveyed)


def test_a_step_that_there_is_not_is_said_with_those_that_there_are(
    books: Books, asked: list[Attempt]
) -> None:
    with pytest.raises(LedgerError, match="no step is named Confirm: it asks for confirm, pin"):
        survey(books.ledger, _c(books), read_ends(["Confirm=2"]))


def test_answers_are_read_only_when_they_are_asked_for(books: Books, asked: list[Attempt]) -> None:
    (plain,) = retries.ended_calls(books.ledger, "c")
    (with_answers,) = retries.ended_calls(books.ledger, "c", with_answers=True)

    assert [call.facts for call in plain] == [{}] * len(asked)
    found = {call.row: call.facts["answers"] for call in with_answers}
    assert found[asked[0].row] == {"confirm": "2"}
    assert found[asked[1].row] == {"confirm": "", "pin": ""}
    assert found[asked[3].row] == {}


@pytest.mark.parametrize("word", ["confirm=x", "=2", "banana"])
def test_what_is_no_answer_and_no_end_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="confirm=2"):
        read_ends([word])


def _c(books: Books) -> views.CampaignView:
    return views.campaign(books.ledger, "c")


def test_webhooks_are_told_what_was_pressed(books: Books) -> None:
    messages: list[dict[str, Any]] = []

    def receive(talk: Talk) -> None:
        while (request := talk.request()) is not None:
            messages.append(request.body)
            talk.send(http(204))

    with Peer(receive) as receiver:
        books.campaign(
            script=ASKS, insights=(), webhooks=(Webhook(receiver.url, (Event.CALL_ENDED,)),)
        )
        attempt = books.connected()
        pressed(books, attempt, confirm="2", pin="")
        books.confirm(attempt, Disposition.HUNG_UP)
        news = deliveries.take(books.ledger, ACCOUNT, now=books.now)
        assert news is not None
        poster = Poster("whsec_c2VjcmV0IG9mIHNpeHRlZW4gYg==")
        Teller(books.ledger, lambda: [ACCOUNT], poster)._send(ACCOUNT, news)

    (told,) = messages
    assert (told["type"], told["data"]["answers"]) == ("call.ended", {"confirm": "2", "pin": ""})


def test_an_attempt_that_can_not_be_read_has_no_answers(books: Books, asked: list[Attempt]) -> None:
    key = f"callsched:attempt:{asked[0]}"
    books.ledger.redis.delete(key)
    books.ledger.redis.set(key, "rubbish")

    assert taken(books.ledger, read_ends(["confirm=2", "confirm=1"]), "again") == {asked[2].row}
