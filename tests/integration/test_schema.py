"""Opening a ledger, reading it, and what happens when Redis is away."""

from __future__ import annotations

import socket

import pytest

from scheduler.errors import ConfigError, LedgerError, LedgerFault, LedgerUnreachable
from scheduler.ledger import census, keys, limits, views
from scheduler.ledger.ledger import Ledger
from scheduler.models import CallState, CampaignState, Disposition, Policy, Row
from tests.integration.ledger import ACCOUNT, Books, contact, rows

SCHEMA = f"{keys.ROOT}schema"


def test_a_new_ledger_gets_our_schema(ledger: Ledger) -> None:
    assert ledger.redis.get(SCHEMA) == str(keys.SCHEMA)


def test_a_ledger_of_our_schema_opens(ledger: Ledger) -> None:
    ledger.open()


@pytest.mark.parametrize(("upgrades", "after"), [(True, keys.SCHEMA), (False, keys.SCHEMA - 1)])
def test_an_older_schema_is_raised_by_whoever_has_calls_made(
    ledger: Ledger, upgrades: bool, after: int
) -> None:
    ledger.redis.set(SCHEMA, keys.SCHEMA - 1)

    ledger.open(upgrades=upgrades)

    assert ledger.redis.get(SCHEMA) == str(after)


def test_a_ledger_with_a_newer_schema_is_refused_and_left_alone(ledger: Ledger) -> None:
    ledger.redis.set(SCHEMA, keys.SCHEMA + 1)

    with pytest.raises(LedgerError, match="upgrade callsched"):
        ledger.open()

    assert ledger.redis.get(SCHEMA) == str(keys.SCHEMA + 1)


@pytest.mark.parametrize("rubbish", ["five", "-1", "9" * 5000])
def test_a_schema_that_is_no_number_is_somebody_else_s(ledger: Ledger, rubbish: str) -> None:
    ledger.redis.set(SCHEMA, rubbish)

    with pytest.raises(LedgerFault, match="another program has set it"):
        ledger.open()
    assert census.take(ledger, ACCOUNT).is_newer is False


def test_the_clock_is_the_servers_when_no_other_is_given(ledger: Ledger) -> None:
    seconds, microseconds = ledger.redis.time()

    now = limits.read(ledger, ACCOUNT).now

    assert 0 <= now - (seconds + microseconds / 1e6) < 5


def test_a_redis_that_is_away_is_told_from_a_fault_of_ours() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    ledger = Ledger(f"redis://127.0.0.1:{port}/0")

    with pytest.raises(LedgerUnreachable):
        ledger.open()

    ledger.close()


def test_a_url_that_is_none_names_the_variable() -> None:
    with pytest.raises(ConfigError, match="CALLSCHED_REDIS_URL"):
        Ledger("localhost:6379")


def test_a_redis_that_is_full_is_one_that_cannot_be_reached(books: Books) -> None:
    books.create()
    books.ledger.redis.config_set("maxmemory", 1)
    try:
        with pytest.raises(LedgerUnreachable):
            books.load(rows(1))
    finally:
        books.ledger.redis.config_set("maxmemory", 0)


def test_a_campaign_that_is_not_there_is_said_to_be_missing(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="no campaign nowhere"):
        views.campaign(ledger, "nowhere")


def test_campaigns_are_listed_the_newest_first(books: Books) -> None:
    for name in ("first", "second"):
        books.campaign(1, name)

    assert views.campaign_ids(books.ledger) == ["second", "first"]


def test_a_campaign_is_seen_as_it_stands(books: Books) -> None:
    began_at = books.now
    books.campaign(4, max_concurrency=3)
    books.connected()
    books.finish(books.claimed())

    view = views.campaign(books.ledger, "c")

    assert (view.state, view.account, view.name) == (CampaignState.ACTIVE, ACCOUNT, "trial")
    assert view.policy == Policy(60.0, 3)
    assert view.calls == {state: 0 for state in CallState} | {
        CallState.PENDING: 2,
        CallState.CONNECTED: 1,
        CallState.ENDED: 1,
    }
    assert (view.total, view.open) == (4, 1)
    assert view.dispositions == {"rejected": 1}
    assert (view.created_at, view.finished_at) == (began_at, None)
    assert view.next_due_at == pytest.approx(began_at, abs=0.001)


def test_a_finished_campaign_says_when(books: Books) -> None:
    books.campaign()
    attempt = books.connected()
    books.wait(30)
    books.confirm(attempt)

    view = views.campaign(books.ledger, "c")

    assert (view.state, view.finished_at) == (CampaignState.FINISHED, books.now)
    assert view.next_due_at is None


def test_an_account_is_seen_as_it_stands(books: Books) -> None:
    books.campaign(3)
    books.learn(7)
    books.connected(seconds=30)
    books.begun()
    limits.block(books.ledger, ACCOUNT, "fingerprint", "401")

    view = views.account(books.ledger, ACCOUNT)

    assert (view.slots, view.learned, view.live, view.overdue) == (2, 7, 1, 0)
    assert (view.blocks, view.outage) == ({"fingerprint": "401"}, False)


def test_a_stop_that_is_late_is_seen(books: Books) -> None:
    seconds, _ = books.ledger.redis.time()
    books.now = seconds - 100.0
    books.campaign()
    books.connected(seconds=40)

    view = views.account(books.ledger, ACCOUNT)

    assert view.overdue == 1
    assert view.oldest_overdue_seconds == pytest.approx(60, abs=5)


def test_live_calls_are_listed_the_soonest_first_and_by_campaign(books: Books) -> None:
    books.campaign(2, "a")
    books.campaign(1, "b")
    late, other, soon = (books.connected(seconds=seconds) for seconds in (30, 20, 10))

    listed = [attempt for attempt, _ in views.live_calls(books.ledger, ACCOUNT)]
    of_a = [attempt for attempt, _ in views.live_calls(books.ledger, ACCOUNT, "a")]

    assert listed == [str(soon), str(other), str(late)]
    assert of_a == [str(soon), str(late)]


def test_every_contact_has_one_result_in_the_order_of_the_file(books: Books) -> None:
    books.create()
    people = list(range(1, 1203))  # more than two pages
    books.load(rows(*people))
    books.seal()

    numbers = [result["phone_number"] for result in books.results()]

    assert numbers == [contact(n).phone_number for n in people]


def test_a_result_says_what_became_of_a_call(books: Books) -> None:
    books.create()
    books.load([Row(contact(1), 2)])
    books.seal()
    attempt = books.begun()
    books.wait(2)
    books.connect(attempt, "leg", ago=1.0)
    books.wait(41.5)
    books.confirm(attempt, Disposition.HUNG_UP, conversation_id="what was said")

    result = books.result(attempt)

    assert result["disposition"] == "hung_up"
    assert result["attempts"] == 1
    assert (result["connection_id"], result["conversation_id"]) == ("leg", "what was said")
    assert result["duration_seconds"] == 42.5
    assert result["started_at"] == pytest.approx(books.now - 42.5)
    assert result["ended_at"] == pytest.approx(books.now)


def test_the_result_of_a_call_that_waits_is_blank(books: Books) -> None:
    books.campaign()

    (result,) = books.results()

    assert (result["state"], result["attempts"]) == ("pending", 0)
    blank = {"disposition", "reason", "connection_id", "started_at", "ended_at", "error"}
    assert {result[name] for name in blank} == {None}


def test_an_error_of_an_earlier_attempt_is_not_the_results_of_a_later_one(books: Books) -> None:
    books.campaign()
    books.refuse(books.begun(), live=1, delay=0.0)
    attempt = books.connected()

    books.confirm(attempt)

    assert books.result(attempt)["error"] is None


def test_a_worker_whose_ledger_was_opened_by_a_newer_release_dials_no_more_and_still_stops(
    books: Books,
) -> None:
    books.campaign(3)
    attempt = books.connected(seconds=1.0)
    books.reader.set(SCHEMA, keys.SCHEMA + 1)

    assert books.claim() is None
    books.wait(1.0)
    books.expire()
    assert [order.attempt for order in books.take_stops()] == [attempt]
    assert books.confirm(attempt)
    books.reader.set(SCHEMA, keys.SCHEMA)
    assert books.claim() is not None
