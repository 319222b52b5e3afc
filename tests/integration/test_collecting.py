"""What is read of conversations that are over, when, how often, and what is kept of it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr
from redis import Redis

from scheduler.calls.collector import MOST_UNFINISHED, _Reading
from scheduler.calls.duty import STOPS_ONLY
from scheduler.calls.exchanges import NOBODY
from scheduler.errors import LedgerError
from scheduler.ledger import calls, erasure, insights, keys, listeners, views
from scheduler.ledger.insights import READER_LEASE_SECONDS, TAIL_SECONDS
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.listeners import LiveLine
from scheduler.models import Attempt, Connection, Contact, Disposition, Insight, Row
from scheduler.providers.symbl import SYMBL
from scheduler.providers.symbl.credentials import SymblCredentials
from scheduler.settings import Settings
from tests.integration.ledger import ACCOUNT, DURATION, Books, contact, everything, named, rows
from tests.wire import Peer

SAID = {
    "transcript": [{"speaker": "Ana", "text": "Grüß Gott, 你好.", "started_at": 1.5}],
    "topics": [{"text": "insurance", "score": 0.9}],
    "summary": "They spoke.",
}


@pytest.fixture
def books(books: Books) -> Books:
    """A ledger with six calls that are due."""
    books.campaign(6)
    return books


def taken(books: Books) -> Attempt:
    due = books.take_collect()
    assert due is not None
    return due.attempt


# When ---------------------------------------------------------------------------------------------


def test_what_was_said_is_due_when_the_connection_is_over_and_not_before(books: Books) -> None:
    attempt = books.connected()
    books.wait(DURATION)
    books.expire()
    assert books.take_collect() is None

    books.confirm(attempt)

    assert books.collects() == {attempt: 0.0}
    assert books.collecting() == 1


def test_whoever_takes_it_knows_all_there_is_to_know(books: Books) -> None:
    attempt = books.confirmed()
    books.wait(7.5)

    due = books.take_collect()

    assert due is not None
    assert (due.attempt, due.conversation_id) == (attempt, f"conversation {attempt}")
    assert due.over_for_seconds == pytest.approx(7.5)
    assert (due.reads, due.digest) == (0, "")
    assert due.policy.insights[0] is Insight.TRANSCRIPT


def test_it_is_owed_once(books: Books) -> None:
    attempt = books.confirmed()
    books.keep_collected(taken(books), SAID)

    books.confirm(attempt)
    books.connect(attempt)

    assert books.collects() == {}
    assert books.collecting() == 0


def test_a_campaign_may_give_up_what_it_has_yet_to_read(books: Books) -> None:
    lost, unread = books.confirmed(), books.confirmed()
    books.campaign(1, "other")
    others = books.claimed(only="other")
    books.begin(others)
    books.connect(others)
    books.confirm(others)
    assert taken(books) == lost

    for _ in range(2):
        insights.give_up(books.ledger, ACCOUNT, "c", now=books.now)

    assert set(books.collects()) == {others}
    assert (books.collecting("c"), books.collecting("other")) == (0, 1)
    assert insights.collected(books.ledger, [str(lost), str(unread)]) == [None, None]
    assert not books.keep_collected(lost, SAID), "its reader comes too late"


def test_a_campaign_that_wants_no_insights_owes_none(books: Books) -> None:
    books.campaign(1, "silent", insights=())
    attempt = books.claimed(only="silent")
    books.begin(attempt)
    books.connect(attempt)

    books.confirm(attempt)

    assert books.take_collect() is None
    assert books.collecting("silent") == 0


def test_a_call_without_a_conversation_owes_none(books: Books) -> None:
    attempt = books.begun()
    connect_without_conversation(books, attempt)

    books.confirm(attempt)

    assert books.take_collect() is None
    assert books.collecting() == 0


def test_the_conversation_may_come_with_the_answer_to_the_stop(books: Books) -> None:
    attempt = books.begun()
    connect_without_conversation(books, attempt)

    books.confirm(attempt, conversation_id="at last")

    due = books.take_collect()
    assert due is not None
    assert due.conversation_id == "at last"


def connect_without_conversation(books: Books, attempt: Attempt) -> None:
    calls.connect(
        books.ledger,
        ACCOUNT,
        attempt,
        Connection("leg"),
        answered_ago_seconds=0,
        max_duration_seconds=DURATION,
        now=books.now,
    )


@pytest.mark.parametrize("disposition", [Disposition.HUNG_UP, Disposition.ABORTED])
def test_however_a_call_ended_what_was_said_is_read(books: Books, disposition: Disposition) -> None:
    attempt = books.connected()

    books.confirm(attempt, disposition)

    assert taken(books) == attempt


def test_what_was_said_after_a_late_answer_is_read_too(books: Books) -> None:
    late = books.begun()
    books.wait(books.ledger.leases.dial)
    books.expire()
    books.connect(late)

    books.confirm(late)

    assert taken(books) == late
    assert books.collecting() == 1


def test_each_leg_of_a_call_is_read(books: Books) -> None:
    late, later = books.two_legs()
    books.confirm(late)

    books.confirm(later)

    assert {taken(books), taken(books)} == {late, later}
    assert books.collecting("legs") == 2


def test_a_call_that_ended_unconfirmed_is_read_when_its_end_is_known(books: Books) -> None:
    attempt = books.stopping()
    books.wait(books.ledger.leases.stop_patience)
    books.expire()
    assert books.take_collect() is None

    books.confirm(attempt)

    assert taken(books) == attempt


def test_the_timekeeper_is_told_of_what_can_be_read_and_when(books: Books) -> None:
    for _ in range(3):
        books.confirmed()

    def ready() -> tuple[int, float | None]:
        _, collects, soonest = calls.ready(books.ledger, ACCOUNT, ceiling=0, now=books.now)
        return collects, soonest and round(soonest, 3)

    assert ready()[0] == 3
    assert ready() == (0, 0.5)  # another timekeeper has just said so
    for _ in range(3):
        books.postpone_collect(taken(books), 7.0)
    assert ready() == (0, 7.0)
    books.wait(7.0)
    assert ready()[0] == 3


def test_a_worker_that_only_sends_stops_says_nothing_and_takes_it_from_nobody(
    books: Books, reader: Redis
) -> None:
    books.confirmed()
    before = everything(reader)

    assert calls.ready(books.ledger, ACCOUNT, ceiling=STOPS_ONLY, now=books.now)[:2] == (0, 0)
    assert everything(reader) == before
    assert min(calls.ready(books.ledger, ACCOUNT, ceiling=5, now=books.now)[:2]) > 0


# By whom ------------------------------------------------------------------------------------------


def test_what_one_reads_no_other_does(books: Books, other: Ledger) -> None:
    books.confirmed()

    assert books.take_collect() is not None
    assert books.take_collect(by=other) is None


def test_of_16_readers_each_takes_another_conversation(books: Books) -> None:
    attempts = {books.confirmed() for _ in range(6)}

    with ThreadPoolExecutor(16) as threads:
        dues = list(threads.map(lambda _: books.take_collect(), range(16)))

    found = [due.attempt for due in dues if due is not None]
    assert len(found) == 6
    assert set(found) == attempts


def test_who_serves_one_campaign_reads_of_no_other(books: Books) -> None:
    books.campaign(1, "other")
    books.confirmed()

    assert books.take_collect(only="other") is None
    assert books.take_collect(only="c") is not None


def test_many_of_another_campaign_are_in_nobodys_way(books: Books) -> None:
    books.campaign(120, "crowd")
    books.campaign(1, "ours")
    for _ in range(120):
        crowd = books.claimed(only="crowd")
        books.begin(crowd)
        books.connect(crowd)
        books.confirm(crowd)
    ours = books.claimed(only="ours")
    books.begin(ours)
    books.connect(ours)
    books.wait(1.0)
    books.confirm(ours)

    due = books.take_collect(only="ours")

    assert due is not None
    assert due.attempt == ours


# How often ----------------------------------------------------------------------------------------


def test_what_is_not_complete_is_due_again_and_remembers_what_was_read(books: Books) -> None:
    attempt = books.confirmed()
    taken(books)

    books.postpone_collect(attempt, 2.0, "first reading")
    assert books.collects() == {attempt: 2.0}
    assert books.take_collect() is None
    books.wait(2.0)
    due = books.take_collect()

    assert due is not None
    assert (due.attempt, due.reads, due.digest) == (attempt, 1, "first reading")
    assert books.collecting() == 1


def test_what_was_kept_meanwhile_is_not_read_again(books: Books) -> None:
    attempt = books.confirmed()
    taken(books)
    books.keep_collected(attempt, SAID)
    as_it_stood = books.everything()

    books.postpone_collect(attempt)

    assert books.everything() == as_it_stood


def test_a_reader_whose_lease_ran_out_may_still_keep_what_it_has_read(books: Books) -> None:
    attempt = books.confirmed()
    taken(books)
    books.wait(READER_LEASE_SECONDS)
    assert taken(books) == attempt  # another one reads it again

    assert books.keep_collected(attempt, SAID)
    assert not books.keep_collected(attempt, {"transcript": []})

    assert books.result(attempt)["transcript"] == SAID["transcript"]
    assert books.collecting() == 0


def test_what_its_readers_die_of_is_read_less_and_less_often_and_then_given_up(
    books: Books,
) -> None:
    attempt = books.confirmed()
    for unfinished in range(MOST_UNFINISHED):
        due = books.take_collect()
        assert due is not None
        assert due.unfinished == unfinished
        books.wait(READER_LEASE_SECONDS * 2**unfinished - 1)
        assert books.take_collect() is None
        books.wait(1)
    due = books.take_collect()
    assert due is not None

    with Peer(lambda talk: None) as api:
        settings = Settings(symbl_base_url=api.url, symbl_access_token=SecretStr("t"))
        _Reading(
            books.ledger, SYMBL.client(SymblCredentials.of(settings), None), ACCOUNT, due, 100.0
        ).read(NOBODY)

        assert api.talks == []
    assert books.collecting() == 0
    assert books.result(attempt)["insights_error"] == "5 readings broke off"


def test_a_reading_that_comes_to_an_end_forgets_those_that_did_not(books: Books) -> None:
    attempt = books.confirmed()
    for _ in range(2):
        taken(books)
        books.wait(READER_LEASE_SECONDS * 2)

    books.postpone_collect(taken(books), delay=0.0)

    due = books.take_collect()
    assert due is not None
    assert (due.attempt, due.reads, due.unfinished) == (attempt, 1, 0)


# What is kept -------------------------------------------------------------------------------------


def test_a_result_has_what_was_collected(books: Books) -> None:
    attempt = books.confirmed()
    assert "transcript" not in books.result(attempt)

    books.keep_collected(taken(books), SAID)

    kept = books.result(attempt)
    assert kept["transcript"] == SAID["transcript"]
    assert kept["insights"] == {"topics": SAID["topics"], "summary": SAID["summary"]}
    assert "insights_error" not in kept
    assert kept == views.result(books.ledger, "c", attempt.row)


def test_that_nothing_was_recorded_is_a_result(books: Books) -> None:
    attempt = books.confirmed()

    books.keep_collected(taken(books), None)

    kept = books.result(attempt)
    assert (kept["transcript"], kept["insights"]) == ([], {})
    assert "insights_error" not in kept
    assert books.collecting() == 0


def test_what_could_not_be_read_says_why(books: Books) -> None:
    attempt = books.confirmed()

    books.keep_collected(taken(books), {"transcript": []}, error="summary: 500")

    assert books.result(attempt)["insights_error"] == "summary: 500"


def test_what_the_stop_says_of_summary_pages_is_in_the_result(books: Books) -> None:
    attempt = books.connected()
    pages = [{"url": "https://s/1", "user_id": "ana", "name": "Ana"}]

    books.confirm(attempt, summaries=json.dumps(pages))

    assert books.result(attempt)["summary_pages"] == pages


def test_it_is_kept_compactly_and_without_a_loss(books: Books) -> None:
    attempt = books.confirmed()
    line = {"speaker": "Ana", "text": "Good morning, how are you? Ünïcödé.", "started_at": 1.5}
    said = {"transcript": [line] * 500}

    books.keep_collected(attempt, said)

    (key,) = books.ledger.redis.keys("callsched:attempt:*:insights")
    assert books.ledger.redis.strlen(key) < len(json.dumps(said)) / 20
    assert insights.collected(books.ledger, [str(attempt), "c:9:1"]) == [said, None]


def test_live_lines_pass_soon_after_what_was_said_is_kept(books: Books) -> None:
    attempt = books.confirmed()
    listeners.note(books.ledger, [LiveLine(attempt, "message", "Good morning.")])

    books.keep_collected(attempt, SAID)

    of_call = f"{keys.call('c', attempt.row)}:said"
    assert 0 < books.ledger.redis.ttl(of_call) <= TAIL_SECONDS


def test_a_campaign_is_finished_though_it_is_still_read(books: Books) -> None:
    books.campaign(1, "short")
    attempt = books.claimed(only="short")
    books.begin(attempt)
    books.connect(attempt)
    books.confirm(attempt)

    assert books.campaign_state("short") == "finished"
    assert books.collecting("short") == 1
    books.keep_collected(taken(books), SAID)
    assert books.collecting("short") == 0


# What goes away in the middle ---------------------------------------------------------------------


def test_what_belongs_to_a_campaign_that_is_gone_is_not_read(books: Books) -> None:
    books.campaign(1, "gone")
    attempt = books.claimed(only="gone")
    books.begin(attempt)
    books.connect(attempt)
    books.confirm(attempt)
    books.ledger.redis.delete(keys.campaign("gone", "meta"))
    stays = books.confirmed()

    assert taken(books) == stays
    assert books.take_collect() is None
    assert set(books.collects()) == {stays}


def test_a_campaign_that_collects_no_more_owes_nothing_new(books: Books) -> None:
    before = books.confirmed()

    erasure.collect_no_more(books.ledger, "c")
    books.confirmed()

    assert set(books.collects()) == {before}


# Whose it is --------------------------------------------------------------------------------------


def test_a_row_is_found_by_id_number_and_place(books: Books) -> None:
    books.create("people")
    sip = Row(Contact("sip:room@example.com", sip_uri="sip:room@example.com"), 4)
    pressing = Contact("+12025550143,11#", "+12025550143", dtmf="11#")
    everyone = [named("ana", 1), *rows(2), sip, Row(pressing, 5)]
    books.load(everyone, campaign_id="people")

    found = [
        views.find_row(books.ledger, "people", who)
        for who in (
            *("ana", contact(1).phone_number, contact(2).phone_number),
            *("sip:room@example.com", "+12025550143,11#", "#3"),
        )
    ]

    assert found == [1, 1, 2, 3, 4, 3]


def test_who_is_nobody_is_said_to_be_missing(books: Books) -> None:
    with pytest.raises(LedgerError, match="no contact bob"):
        views.find_row(books.ledger, "c", "bob")
    with pytest.raises(LedgerError, match="no campaign nowhere"):
        views.find_row(books.ledger, "nowhere", "bob")
    with pytest.raises(LedgerError, match="no row 99"):
        views.result(books.ledger, "c", 99)


def test_every_row_that_reaches_a_number_is_found(books: Books) -> None:
    books.create("many")
    number = contact(7).phone_number
    meeting = [Row(Contact(f"{number},{n}#", number, dtmf=f"{n}#"), n) for n in range(2, 5)]
    noted = Row(Contact("x", contact(8).phone_number, variables={"note": number}), 9, has_id=True)
    books.load([*rows(1, 2), *meeting, noted], campaign_id="many")

    assert list(views.rows_to(books.ledger, "many", number)) == [3, 4, 5]
    assert list(views.rows_to(books.ledger, "many", "+12025559999")) == []
