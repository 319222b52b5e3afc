"""Who is told that nobody dials a campaign, and by which command it goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.accounts import SANDBOX_ACCOUNT
from scheduler.ledger import campaigns, views, workers
from scheduler.ledger.workers import WorkerHealth
from scheduler.models import Policy
from scheduler.operations.orders import order_of
from scheduler.operations.serving import Serving
from scheduler.settings import Settings
from tests.integration.ledger import ACCOUNT, Books, rows

RUN = ("run", "/lists/ana's list.csv", "--sandbox")


def lack(books: Books, **settings: object) -> str:
    serving = Serving(books.ledger, Settings.model_validate({"account": ACCOUNT, **settings}))
    return serving.lack(views.campaign(books.ledger, "c"))


def beat(books: Books, name: str = "w", campaign_id: str = "", stops_only: str = "") -> None:
    health = WorkerHealth(0.0, "1", 4, campaign_id=campaign_id, stops_only=stops_only)
    workers.beat(books.ledger, ACCOUNT, name, health)


def launched(books: Books, *command: str) -> None:
    """Say of a campaign by which command it goes on, as whoever launches it does."""
    campaigns.create(
        *(books.ledger, "c"),
        account=ACCOUNT,
        name="c",
        policy=Policy(),
        digest="",
        launch=command,
        now=books.now,
    )


def test_a_worker_of_the_account_dials_unless_it_is_another_campaigns_or_only_stops(
    books: Books,
) -> None:
    books.campaign(2)
    assert lack(books) == f"no worker serves account {ACCOUNT}: `callsched worker` starts one"
    beat(books, "other", campaign_id="d")
    beat(books, "doubting", stops_only="unknown setting")
    assert lack(books)
    beat(books)
    assert lack(books) == ""


@pytest.mark.parametrize(
    ("settings", "start"),
    [
        ({"accounts": Path("accounts.yaml")}, f"`callsched worker --accounts {ACCOUNT}` starts"),
        ({"account": "mine"}, "start `callsched worker` with settings that have it"),
    ],
)
def test_the_command_is_one_that_serves_this_account(
    books: Books, settings: dict[str, object], start: str
) -> None:
    books.campaign(2)
    assert start in lack(books, **settings)


def test_nobody_is_sent_to_run_the_file_for_a_campaign_that_no_run_made(books: Books) -> None:
    """What `retry` took would get every other contact of the file besides."""
    campaigns.create(
        *(books.ledger, "c"),
        account=SANDBOX_ACCOUNT,
        name="c",
        policy=Policy(),
        digest="",
        now=books.now,
    )
    books.load(rows(1, 2))
    books.seal()
    assert "callsched run" not in lack(books)
    assert f"CALLSCHED_ACCOUNT={SANDBOX_ACCOUNT}" in lack(books)


def test_who_waits_for_a_word_or_has_no_call_left_lacks_no_worker(books: Books) -> None:
    books.campaign(2)
    campaigns.halt(books.ledger, "c", control=order_of("ana@desk"))
    assert lack(books) == ""
    campaigns.resume(books.ledger, "c")
    assert lack(books)
    campaigns.cancel(books.ledger, "c", order_of("ana@desk"))
    campaigns.end_pending(books.ledger, "c")
    assert lack(books) == ""


def test_what_a_run_launched_goes_on_with_the_same_run(books: Books) -> None:
    launched(books, *RUN)
    books.load(rows(1, 2))
    books.seal()
    again = "`callsched run '/lists/ana'\"'\"'s list.csv' --sandbox` continues it"
    assert lack(books) == f"nobody dials it: {again}"

    beat(books, campaign_id="c")
    assert lack(books) == ""
    campaigns.halt(books.ledger, "c", abort=True)  # as an interruption does
    assert lack(books) == f"its run was interrupted: {again}"

    launched(books, "worker")
    workers.leave(books.ledger, ACCOUNT, "w")
    campaigns.resume(books.ledger, "c")
    assert lack(books).startswith("no worker serves")


def test_a_campaign_of_the_release_before_and_one_of_rubbish_have_no_command(books: Books) -> None:
    books.campaign(1)
    for written in ("", "[", '"run"', "[1]", "{}"):
        books.ledger.redis.hset("callsched:campaign:c:meta", "launch", written)
        assert views.campaign(books.ledger, "c").launch == ()
        assert lack(books).startswith("no worker serves")


def test_of_many_each_sentence_is_said_once(books: Books) -> None:
    for name in "abc":
        books.campaign(1, name)
    launched(books, *RUN)
    every = [views.campaign(books.ledger, name) for name in "abc"]

    pool, run = Serving(books.ledger, Settings(account=ACCOUNT)).lacks(every)

    assert pool.startswith("no worker serves")
    assert run.startswith("campaign c: nobody dials it")
