"""What happens, as streams of events: whose it is, where it goes on, and how many there may be."""

from __future__ import annotations

import time
from contextlib import ExitStack

import pytest
from pytest import MonkeyPatch
from starlette.requests import Request

from scheduler.ledger import keys
from scheduler.ledger.ledger import Ledger
from scheduler.models import Disposition
from scheduler.rights import Scope, Visitor
from scheduler.web import feed as feeds
from scheduler.web.api import events
from scheduler.web.feed import Feed
from scheduler.web.site import May
from tests.integration.ledger import ACCOUNT, Books
from tests.waiting import wait_until
from tests.web.listener import Listener
from tests.web.running import RunningSite

NUMBER = "+12025550142"


@pytest.fixture(autouse=True)
def quick(monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(feeds, "PULSE_SECONDS", 0.1)


@pytest.fixture
def feed(site: RunningSite) -> Feed:
    """The site's feed, which nobody listens to any more."""
    feed: Feed = site.app.state.feed
    wait_until(lambda: not len(feed))
    return feed


@pytest.fixture
def books(site: RunningSite) -> Books:
    books = Books(site.ledger, site.ledger.redis)
    books.now = time.time()
    books.campaign(2)
    return books


def happens(ledger: Ledger, *details: str, account: str = ACCOUNT, which: str = "c:1:1") -> None:
    with ledger.redis.pipeline() as pipe:
        for detail in details:
            entry = {"at": time.time(), "what": "ended", "which": which, "detail": detail}
            pipe.xadd(keys.account(account, "events"), entry, maxlen=1000)
        pipe.execute()


def come_as(monkeypatch: MonkeyPatch, visitor: Visitor, **state: object) -> None:
    """Let whoever comes be this one."""

    def who(_: May, request: Request) -> Visitor:
        for name, value in state.items():
            setattr(request.state, name, value)
        return visitor

    monkeypatch.setattr(May, "__call__", who)


def details(told: list[dict[str, str]]) -> list[str]:
    return [each["detail"] for each in told]


def test_an_event_says_what_happened_to_which_call(site: RunningSite, books: Books) -> None:
    with Listener(site).opened() as listener:
        attempt = books.connected()
        assert books.confirm(attempt, Disposition.COMPLETED) or books.over(attempt)
        while (told := listener.messages(1)[0])["what"] != "ended":
            pass

    assert told["account"] == ACCOUNT
    assert (told["campaign_id"], told["attempt"], told["detail"]) == ("c", "c:1:1", "completed")


def test_who_comes_back_goes_on_without_loss_and_without_a_repeat(
    site: RunningSite, books: Books
) -> None:
    wanted = [f"{number}" for number in range(60)]
    with Listener(site).opened() as listener:
        happens(site.ledger, *wanted[:20])
        got = details(listener.messages(15))  # it leaves while more is on its way
    happens(site.ledger, *wanted[20:40])
    with Listener(site, last=listener.last_id).opened() as again:
        happens(site.ledger, *wanted[40:])
        got += details(again.messages(45))

    assert got == wanted


def test_two_accounts_that_go_on_at_once_lose_nothing(site: RunningSite, books: Books) -> None:
    Books(site.ledger, site.ledger.redis, "beta").campaign(1, "b")
    start = site.ledger.redis.time()[0] * 1000
    for number in range(30):  # many of them in the same millisecond
        happens(site.ledger, f"a{number}")
        happens(site.ledger, f"b{number}", account="beta", which="b:1:1")
    got: list[str] = []
    last = f"{start}-0"
    while len(got) < 60:
        with Listener(site, last=last).opened() as listener:
            got += details(listener.messages(min(7, 60 - len(got))))
            last = listener.last_id

    wanted = [f"{of}{number}" for number in range(30) for of in "ab"]
    assert sorted(got) == sorted(wanted)
    assert len(set(got)) == 60


def test_after_stands_for_a_header_that_a_program_can_not_send(
    site: RunningSite, books: Books
) -> None:
    happens(site.ledger, "one", "two")
    (first, *_), *_ = site.ledger.redis.xrange(keys.account(ACCOUNT, "events"))[-2:]
    with Listener(site, f"?after={first}@{ACCOUNT}").opened() as listener:
        assert details(listener.messages(1)) == ["two"]


def test_a_gap_is_said_where_the_ledger_has_forgotten(site: RunningSite, books: Books) -> None:
    happens(site.ledger, *map(str, range(1100)))
    with Listener(site, "?after=1-0").opened() as listener:
        kind, _ = listener.next()
        assert kind == "gap"
        assert details(listener.messages(1000))[-1] == "1099"


def test_what_is_no_id_of_an_event_is_refused(site: RunningSite, feed: Feed) -> None:
    answer = site.get("/api/v1/events?after=yesterday")
    assert (answer.status_code, answer.json()["code"]) == (422, "event_id")


def test_nobody_listens_without_a_right(site: RunningSite, feed: Feed) -> None:
    assert site.get("/api/v1/events", token=None).status_code == 401
    assert len(feed) == 0


def test_accounts_of_others_are_hidden_and_numbers_masked(
    site: RunningSite, books: Books, monkeypatch: MonkeyPatch
) -> None:
    Books(site.ledger, site.ledger.redis, "beta").campaign(1, "b")
    come_as(monkeypatch, Visitor("ana", Scope.LOOK, frozenset({"beta"})))
    with Listener(site).opened() as listener:
        happens(site.ledger, "not theirs")
        happens(site.ledger, f"busy at {NUMBER}", account="beta", which="b:1:1")
        (told,) = listener.messages(1)

    assert told["campaign_id"] == "b"
    assert "busy at" in told["detail"]
    assert NUMBER not in str(told)
    for query in (f"?account={ACCOUNT}", "?campaign=c", "?campaign=nobody"):
        assert site.get(f"/api/v1/events{query}").status_code == 404


def test_a_campaign_can_be_listened_to_alone(site: RunningSite, books: Books) -> None:
    books.campaign(1, "other")
    with Listener(site, "?campaign=other").opened() as listener:
        happens(site.ledger, "of c")
        happens(site.ledger, "of other", which="other:1:1")
        assert details(listener.messages(1)) == ["of other"]


def test_the_stream_of_a_revoked_visitor_ends(
    site: RunningSite, books: Books, monkeypatch: MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "LOOK_SECONDS", 0.05)
    rights = {"hold": True}
    come_as(monkeypatch, Visitor("ana", Scope.LOOK), still_may=lambda: rights["hold"])
    with Listener(site).opened() as listener:
        happens(site.ledger, "before")
        assert details(listener.messages(1)) == ["before"]
        rights["hold"] = False
        assert listener.next() == ("end", None)


def test_a_pulse_comes_for_what_is_no_event_too_and_says_nothing(
    site: RunningSite, books: Books
) -> None:
    with Listener(site, "?pulse=1").opened() as listener:
        assert listener.next() == ("pulse", None)  # its page may be older than the stream
        books.claimed()  # a slot is taken
        assert listener.next() == ("pulse", None)


def test_a_stream_that_joins_others_gets_its_first_pulse_at_once(
    site: RunningSite, books: Books
) -> None:
    with Listener(site, "?pulse=1").opened() as first:
        assert first.next() == ("pulse", None)
        with Listener(site, "?pulse=1").opened() as second:
            assert second.next() == ("pulse", None)


def test_who_reads_too_slowly_gets_a_gap_and_goes_on(
    site: RunningSite, books: Books, feed: Feed, monkeypatch: MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "MOST_WAITING", 10)
    with Listener(site).opened() as listener:
        happens(site.ledger, *map(str, range(200)))
        while listener.next()[0] != "gap":  # of two milliseconds, the first may be read alone
            pass
        happens(site.ledger, "then")
        assert details(listener.messages(1)) == ["then"]


def test_too_many_streams_are_refused(
    site: RunningSite, books: Books, feed: Feed, monkeypatch: MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MOST_STREAMS", 1)
    with Listener(site).opened():
        answer = site.get("/api/v1/events")
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_streams")
        assert answer.headers["Retry-After"]


def test_a_thousand_streams_leave_room_for_everybody_else(
    site: RunningSite, books: Books, feed: Feed
) -> None:
    many = 1000  # more than there may be connections of any other kind
    with ExitStack() as stack:
        listeners: list[Listener] = []
        for _ in range(many // 100):
            some = [stack.enter_context(Listener(site)) for _ in range(100)]
            listeners += [each.opened() for each in some]
        assert len(feed) == many
        assert site.get("/healthz", token=None).status_code == 200
        happens(site.ledger, "for all")
        assert {each.messages(1)[0]["detail"] for each in listeners} == {"for all"}
    wait_until(lambda: not len(feed))


def test_streams_end_when_the_server_leaves(site: RunningSite, books: Books) -> None:
    with RunningSite(site.ledger, site.settings) as other, Listener(other) as listener:
        listener.opened()
        other.leave()
        assert listener.next() == ("end", None)
