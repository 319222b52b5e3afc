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
from scheduler.settings import Settings
from tests.integration.ledger import ACCOUNT, DURATION, Books, contact, everything, named, rows
from tests.wire import Peer

SAID = {
    "transcript": [{"speaker": "Ana", "text": "Grüß Gott, 你好.", "started_at": 1.5}],
    "topics": [{"text": "insurance", "score": 0.9}],
    "summary": "They spoke.",
}


@pytest.fixture
def ledger(ledger: Books) -> Books:
    """A ledger with six calls that are due."""
    ledger.campaign(6)
    return ledger


def taken(ledger: Books) -> Attempt:
    due = ledger.take_collect()
    assert due is not None
    return due.attempt


# When ---------------------------------------------------------------------------------------------


def test_what_was_said_is_due_when_the_connection_is_over_and_not_before(ledger: Books) -> None:
    attempt = ledger.connected()
    ledger.wait(DURATION)
    ledger.expire()
    assert ledger.take_collect() is None

    ledger.confirm(attempt)

    assert ledger.collects() == {attempt: 0.0}
    assert ledger.collecting() == 1


def test_whoever_takes_it_knows_all_there_is_to_know(ledger: Books) -> None:
    attempt = ledger.confirmed()
    ledger.wait(7.5)

    due = ledger.take_collect()

    assert due is not None
    assert (due.attempt, due.conversation_id) == (attempt, f"conversation {attempt}")
    assert due.over_for_seconds == pytest.approx(7.5)
    assert (due.reads, due.digest) == (0, "")
    assert due.policy.insights[0] is Insight.TRANSCRIPT


def test_it_is_owed_once(ledger: Books) -> None:
    attempt = ledger.confirmed()
    ledger.keep_collected(taken(ledger), SAID)

    ledger.confirm(attempt)
    ledger.connect(attempt)

    assert ledger.collects() == {}
    assert ledger.collecting() == 0


def test_a_campaign_that_wants_no_insights_owes_none(ledger: Books) -> None:
    ledger.campaign(1, "silent", insights=())
    attempt = ledger.claimed(only="silent")
    ledger.begin(attempt)
    ledger.connect(attempt)

    ledger.confirm(attempt)

    assert ledger.take_collect() is None
    assert ledger.collecting("silent") == 0


def test_a_call_without_a_conversation_owes_none(ledger: Books) -> None:
    attempt = ledger.begun()
    connect_without_conversation(ledger, attempt)

    ledger.confirm(attempt)

    assert ledger.take_collect() is None
    assert ledger.collecting() == 0


def test_the_conversation_may_come_with_the_answer_to_the_stop(ledger: Books) -> None:
    attempt = ledger.begun()
    connect_without_conversation(ledger, attempt)

    ledger.confirm(attempt, conversation_id="at last")

    due = ledger.take_collect()
    assert due is not None
    assert due.conversation_id == "at last"


def connect_without_conversation(ledger: Books, attempt: Attempt) -> None:
    calls.connect(
        ledger.store,
        ACCOUNT,
        attempt,
        Connection("leg"),
        answered_ago_seconds=0,
        max_duration_seconds=DURATION,
        now=ledger.now,
    )


@pytest.mark.parametrize("disposition", [Disposition.HUNG_UP, Disposition.ABORTED])
def test_however_a_call_ended_what_was_said_is_read(
    ledger: Books, disposition: Disposition
) -> None:
    attempt = ledger.connected()

    ledger.confirm(attempt, disposition)

    assert taken(ledger) == attempt


def test_what_was_said_after_a_late_answer_is_read_too(ledger: Books) -> None:
    late = ledger.begun()
    ledger.wait(ledger.store.leases.dial)
    ledger.expire()
    ledger.connect(late)

    ledger.confirm(late)

    assert taken(ledger) == late
    assert ledger.collecting() == 1


def test_each_leg_of_a_call_is_read(ledger: Books) -> None:
    late, later = ledger.two_legs()
    ledger.confirm(late)

    ledger.confirm(later)

    assert {taken(ledger), taken(ledger)} == {late, later}
    assert ledger.collecting("legs") == 2


def test_a_call_that_ended_unconfirmed_is_read_when_its_end_is_known(ledger: Books) -> None:
    attempt = ledger.stopping()
    ledger.wait(ledger.store.leases.stop_patience)
    ledger.expire()
    assert ledger.take_collect() is None

    ledger.confirm(attempt)

    assert taken(ledger) == attempt


def test_the_timekeeper_is_told_of_what_can_be_read_and_when(ledger: Books) -> None:
    for _ in range(3):
        ledger.confirmed()

    def ready() -> tuple[int, float | None]:
        _, collects, soonest = calls.ready(ledger.store, ACCOUNT, ceiling=0, now=ledger.now)
        return collects, soonest and round(soonest, 3)

    assert ready()[0] == 3
    assert ready() == (0, 0.5)  # another timekeeper has just said so
    for _ in range(3):
        ledger.postpone_collect(taken(ledger), 7.0)
    assert ready() == (0, 7.0)
    ledger.wait(7.0)
    assert ready()[0] == 3


def test_a_worker_that_only_sends_stops_says_nothing_and_takes_it_from_nobody(
    ledger: Books, reader: Redis
) -> None:
    ledger.confirmed()
    before = everything(reader)

    assert calls.ready(ledger.store, ACCOUNT, ceiling=STOPS_ONLY, now=ledger.now)[:2] == (0, 0)
    assert everything(reader) == before
    assert min(calls.ready(ledger.store, ACCOUNT, ceiling=5, now=ledger.now)[:2]) > 0


# By whom ------------------------------------------------------------------------------------------


def test_what_one_reads_no_other_does(ledger: Books, other: Ledger) -> None:
    ledger.confirmed()

    assert ledger.take_collect() is not None
    assert ledger.take_collect(by=other) is None


def test_of_16_readers_each_takes_another_conversation(ledger: Books) -> None:
    attempts = {ledger.confirmed() for _ in range(6)}

    with ThreadPoolExecutor(16) as threads:
        dues = list(threads.map(lambda _: ledger.take_collect(), range(16)))

    found = [due.attempt for due in dues if due is not None]
    assert len(found) == 6
    assert set(found) == attempts


def test_who_serves_one_campaign_reads_of_no_other(ledger: Books) -> None:
    ledger.campaign(1, "other")
    ledger.confirmed()

    assert ledger.take_collect(only="other") is None
    assert ledger.take_collect(only="c") is not None


def test_many_of_another_campaign_are_in_nobodys_way(ledger: Books) -> None:
    ledger.campaign(120, "crowd")
    ledger.campaign(1, "ours")
    for _ in range(120):
        crowd = ledger.claimed(only="crowd")
        ledger.begin(crowd)
        ledger.connect(crowd)
        ledger.confirm(crowd)
    ours = ledger.claimed(only="ours")
    ledger.begin(ours)
    ledger.connect(ours)
    ledger.wait(1.0)
    ledger.confirm(ours)

    due = ledger.take_collect(only="ours")

    assert due is not None
    assert due.attempt == ours


# How often ----------------------------------------------------------------------------------------


def test_what_is_not_complete_is_due_again_and_remembers_what_was_read(ledger: Books) -> None:
    attempt = ledger.confirmed()
    taken(ledger)

    ledger.postpone_collect(attempt, 2.0, "first reading")
    assert ledger.collects() == {attempt: 2.0}
    assert ledger.take_collect() is None
    ledger.wait(2.0)
    due = ledger.take_collect()

    assert due is not None
    assert (due.attempt, due.reads, due.digest) == (attempt, 1, "first reading")
    assert ledger.collecting() == 1


def test_what_was_kept_meanwhile_is_not_read_again(ledger: Books) -> None:
    attempt = ledger.confirmed()
    taken(ledger)
    ledger.keep_collected(attempt, SAID)
    as_it_stood = ledger.everything()

    ledger.postpone_collect(attempt)

    assert ledger.everything() == as_it_stood


def test_a_reader_whose_lease_ran_out_may_still_keep_what_it_has_read(ledger: Books) -> None:
    attempt = ledger.confirmed()
    taken(ledger)
    ledger.wait(READER_LEASE_SECONDS)
    assert taken(ledger) == attempt  # another one reads it again

    assert ledger.keep_collected(attempt, SAID)
    assert not ledger.keep_collected(attempt, {"transcript": []})

    assert ledger.result(attempt)["transcript"] == SAID["transcript"]
    assert ledger.collecting() == 0


def test_what_its_readers_die_of_is_read_less_and_less_often_and_then_given_up(
    ledger: Books,
) -> None:
    attempt = ledger.confirmed()
    for unfinished in range(MOST_UNFINISHED):
        due = ledger.take_collect()
        assert due is not None
        assert due.unfinished == unfinished
        ledger.wait(READER_LEASE_SECONDS * 2**unfinished - 1)
        assert ledger.take_collect() is None
        ledger.wait(1)
    due = ledger.take_collect()
    assert due is not None

    with Peer(lambda talk: None) as api:
        settings = Settings(symbl_base_url=api.url, symbl_access_token=SecretStr("t"))
        _Reading(ledger.store, SYMBL.open(settings), ACCOUNT, due, 100.0).read(NOBODY)

        assert api.talks == []
    assert ledger.collecting() == 0
    assert ledger.result(attempt)["insights_error"] == "5 readings came to no end"


def test_a_reading_that_comes_to_an_end_forgets_those_that_did_not(ledger: Books) -> None:
    attempt = ledger.confirmed()
    for _ in range(2):
        taken(ledger)
        ledger.wait(READER_LEASE_SECONDS * 2)

    ledger.postpone_collect(taken(ledger), delay=0.0)

    due = ledger.take_collect()
    assert due is not None
    assert (due.attempt, due.reads, due.unfinished) == (attempt, 1, 0)


# What is kept -------------------------------------------------------------------------------------


def test_a_result_has_what_was_collected(ledger: Books) -> None:
    attempt = ledger.confirmed()
    assert "transcript" not in ledger.result(attempt)

    ledger.keep_collected(taken(ledger), SAID)

    kept = ledger.result(attempt)
    assert kept["transcript"] == SAID["transcript"]
    assert kept["insights"] == {"topics": SAID["topics"], "summary": SAID["summary"]}
    assert "insights_error" not in kept
    assert kept == views.result(ledger.store, "c", attempt.row)


def test_that_nothing_was_recorded_is_a_result(ledger: Books) -> None:
    attempt = ledger.confirmed()

    ledger.keep_collected(taken(ledger), None)

    kept = ledger.result(attempt)
    assert (kept["transcript"], kept["insights"]) == ([], {})
    assert "insights_error" not in kept
    assert ledger.collecting() == 0


def test_what_could_not_be_read_says_why(ledger: Books) -> None:
    attempt = ledger.confirmed()

    ledger.keep_collected(taken(ledger), {"transcript": []}, error="summary: 500")

    assert ledger.result(attempt)["insights_error"] == "summary: 500"


def test_what_the_stop_says_of_summary_pages_is_in_the_result(ledger: Books) -> None:
    attempt = ledger.connected()
    pages = [{"url": "https://s/1", "user_id": "ana", "name": "Ana"}]

    ledger.confirm(attempt, summaries=json.dumps(pages))

    assert ledger.result(attempt)["summary_pages"] == pages


def test_it_is_kept_compactly_and_without_a_loss(ledger: Books) -> None:
    attempt = ledger.confirmed()
    line = {"speaker": "Ana", "text": "Good morning, how are you? Ünïcödé.", "started_at": 1.5}
    said = {"transcript": [line] * 500}

    ledger.keep_collected(attempt, said)

    (key,) = ledger.store.redis.keys("callsched:attempt:*:insights")
    assert ledger.store.redis.strlen(key) < len(json.dumps(said)) / 20
    assert insights.collected(ledger.store, [str(attempt), "c:9:1"]) == [said, None]


def test_live_lines_pass_soon_after_what_was_said_is_kept(ledger: Books) -> None:
    attempt = ledger.confirmed()
    listeners.note(ledger.store, [LiveLine(attempt, "message", "Good morning.")])

    ledger.keep_collected(attempt, SAID)

    of_call = f"{keys.call('c', attempt.row)}:said"
    assert 0 < ledger.store.redis.ttl(of_call) <= TAIL_SECONDS


def test_a_campaign_is_finished_though_it_is_still_read(ledger: Books) -> None:
    ledger.campaign(1, "short")
    attempt = ledger.claimed(only="short")
    ledger.begin(attempt)
    ledger.connect(attempt)
    ledger.confirm(attempt)

    assert ledger.campaign_state("short") == "finished"
    assert ledger.collecting("short") == 1
    ledger.keep_collected(taken(ledger), SAID)
    assert ledger.collecting("short") == 0


# What goes away in the middle ---------------------------------------------------------------------


def test_what_belongs_to_a_campaign_that_is_gone_is_not_read(ledger: Books) -> None:
    ledger.campaign(1, "gone")
    attempt = ledger.claimed(only="gone")
    ledger.begin(attempt)
    ledger.connect(attempt)
    ledger.confirm(attempt)
    ledger.store.redis.delete(keys.campaign("gone", "meta"))
    stays = ledger.confirmed()

    assert taken(ledger) == stays
    assert ledger.take_collect() is None
    assert set(ledger.collects()) == {stays}


def test_a_campaign_that_collects_no_more_owes_nothing_new(ledger: Books) -> None:
    before = ledger.confirmed()

    erasure.collect_no_more(ledger.store, "c")
    ledger.confirmed()

    assert set(ledger.collects()) == {before}


# Whose it is --------------------------------------------------------------------------------------


def test_a_row_is_found_by_id_number_and_place(ledger: Books) -> None:
    ledger.create("people")
    sip = Row(Contact("sip:room@example.com", sip_uri="sip:room@example.com"), 4)
    pressing = Contact("+12025550143,11#", "+12025550143", dtmf="11#")
    everyone = [named("ana", 1), *rows(2), sip, Row(pressing, 5)]
    ledger.load(everyone, campaign_id="people")

    found = [
        views.find_row(ledger.store, "people", who)
        for who in (
            *("ana", contact(1).phone_number, contact(2).phone_number),
            *("sip:room@example.com", "+12025550143,11#", "#3"),
        )
    ]

    assert found == [1, 1, 2, 3, 4, 3]


def test_who_is_nobody_is_said_to_be_missing(ledger: Books) -> None:
    with pytest.raises(LedgerError, match="no contact bob"):
        views.find_row(ledger.store, "c", "bob")
    with pytest.raises(LedgerError, match="no campaign nowhere"):
        views.find_row(ledger.store, "nowhere", "bob")
    with pytest.raises(LedgerError, match="no row 99"):
        views.result(ledger.store, "c", 99)


def test_every_row_that_reaches_a_number_is_found(ledger: Books) -> None:
    ledger.create("many")
    number = contact(7).phone_number
    meeting = [Row(Contact(f"{number},{n}#", number, dtmf=f"{n}#"), n) for n in range(2, 5)]
    noted = Row(Contact("x", contact(8).phone_number, variables={"note": number}), 9, has_id=True)
    ledger.load([*rows(1, 2), *meeting, noted], campaign_id="many")

    assert list(views.rows_to(ledger.store, "many", number)) == [3, 4, 5]
    assert list(views.rows_to(ledger.store, "many", "+12025559999")) == []
