"""Orders on campaigns, live calls and limits over the API: done, on record, and in view of what."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from urllib.parse import urlsplit

import pytest
from pytest import MonkeyPatch
from redis import Redis
from starlette.requests import Request

from scheduler.ledger import campaigns, controls, limits, views
from scheduler.ledger.ledger import Control
from scheduler.models import CampaignState, Disposition
from scheduler.operations.orders import seen_of
from scheduler.rights import Scope, Visitor
from scheduler.web.api import do_not_call, live, orders
from scheduler.web.site import May
from tests.integration.ledger import ACCOUNT, DURATION, Books, contact, named
from tests.waiting import wait_until
from tests.web.running import TOKEN, RunningSite

WHO = "CALLSCHED_WEB_TOKEN"


@pytest.fixture
def books(site: RunningSite) -> Iterator[Books]:
    """A campaign of five calls."""
    assert site.settings.redis_url is not None
    url = site.settings.redis_url.get_secret_value()
    with Redis.from_url(url, decode_responses=True, encoding_errors="backslashreplace") as reader:
        books = Books(site.ledger, reader)
        books.now = time.time()
        books.campaign(5)
        yield books


@pytest.fixture
def impatient(monkeypatch: MonkeyPatch) -> None:
    for module in (orders, live, do_not_call):
        monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.3)


@pytest.fixture
def worker(books: Books) -> Iterator[None]:
    """Ends each call whose stop is on record."""
    is_over = threading.Event()

    def work() -> None:
        while not is_over.wait(0.02):
            books.now = time.time()
            for order in books.take_stops():
                books.confirm(order.attempt, Disposition.ABORTED)

    thread = threading.Thread(target=work)
    thread.start()
    yield
    is_over.set()
    thread.join()


def tag(site: RunningSite) -> str:
    return f'"{seen_of(views.campaign(site.ledger, "c"))}"'


def come_as(monkeypatch: MonkeyPatch, visitor: Visitor) -> None:
    def who(_: May, request: Request) -> Visitor:
        return visitor

    monkeypatch.setattr(May, "__call__", who)


def test_pause_and_resume_are_on_record_with_who_and_why(site: RunningSite, books: Books) -> None:
    paused = site.ask("POST", "/api/v1/campaigns/c/pause", json={"note": "complaints"})
    assert (paused.status_code, paused.json()["state"]) == (200, "paused")
    assert paused.json()["paused_by"] == WHO

    resumed = site.ask("POST", "/api/v1/campaigns/c/resume")
    assert (resumed.status_code, resumed.json()["state"]) == (200, "active")
    known = [(each.what, each.who, each.note) for each in controls.of_campaign(site.ledger, "c")]
    assert known == [("resume", WHO, ""), ("pause", WHO, "complaints")]


@pytest.mark.parametrize("what", ["pause", "resume", "cancel", "abort", "priority"])
def test_an_order_in_view_of_what_is_no_longer_so_is_refused(
    site: RunningSite, books: Books, impatient: None, what: str
) -> None:
    seen = tag(site)
    campaigns.halt(site.ledger, "c", control=Control("ben@desk"))
    as_it_stood = books.everything()
    body = {"priority": 3} if what == "priority" else {}

    path = f"/api/v1/campaigns/c/{what}"
    answer = site.ask("POST", path, json=body, headers={"If-Match": seen})
    assert (answer.status_code, answer.json()["code"]) == (412, "moved_on")
    assert books.everything() == as_it_stood

    again = site.ask("POST", path, json=body, headers={"If-Match": f'"old", W/{tag(site)}'})
    assert again.status_code == 200
    assert again.headers["ETag"] == tag(site) != seen


def test_a_cancel_ends_what_waits_and_leaves_what_is_live(site: RunningSite, books: Books) -> None:
    books.connected()

    cancelled = site.ask("POST", "/api/v1/campaigns/c/cancel", headers={"If-Match": "*"}).json()

    assert cancelled["dispositions"] == {"skipped:cancelled": 4}
    assert cancelled["calls"]["connected"] == 1
    assert cancelled["cancelled_by"] == WHO


def test_an_abort_tells_what_became_of_each_live_call(
    site: RunningSite, books: Books, worker: None
) -> None:
    books.connected()

    answer = site.ask("POST", "/api/v1/campaigns/c/abort")

    assert answer.status_code == 200
    aborted = answer.json()
    assert (aborted["state"], aborted["left"]) == ("finished", 0)
    assert [each["disposition"] for each in aborted["ended"]] == ["aborted"]


def test_an_abort_that_takes_longer_says_what_is_live_and_is_on_record(
    site: RunningSite, books: Books, impatient: None
) -> None:
    books.connected()

    answer = site.ask("POST", "/api/v1/campaigns/c/abort")

    assert answer.status_code == 202
    aborted = answer.json()
    assert (aborted["left"], aborted["calls"]["stopping"]) == (1, 1)
    assert [each["is_over"] for each in aborted["ended"]] == [False]


def test_a_cancel_goes_on_when_its_client_leaves(
    site: RunningSite, books: Books, monkeypatch: MonkeyPatch
) -> None:
    books.campaign(2000, "big")
    monkeypatch.setattr(campaigns, "end_pending", partial(campaigns.end_pending, most=20))
    ask = (
        f"POST /api/v1/campaigns/big/cancel HTTP/1.1\r\nHost: {site.host}\r\nContent-Length: 0\r\n"
    )
    ask += f"Authorization: Bearer {TOKEN}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", urlsplit(site.url).port or 0)) as client:
        client.sendall(ask.encode())
        wait_until(lambda: views.campaign(site.ledger, "big").cancelled_by)
    assert views.campaign(site.ledger, "big").state is CampaignState.PAUSED

    wait_until(lambda: views.campaign(site.ledger, "big").state is CampaignState.FINISHED)


def test_priority_and_weight_change(site: RunningSite, books: Books) -> None:
    body = {"priority": 7, "weight": 2.5}
    changed = site.ask("POST", "/api/v1/campaigns/c/priority", json=body).json()
    assert (changed["priority"], changed["weight"]) == (7, 2.5)
    wrong = site.ask("POST", "/api/v1/campaigns/c/priority", json={"priority": 101})
    assert wrong.status_code == 422


def test_orders_need_a_scope_and_an_account(
    site: RunningSite, books: Books, monkeypatch: MonkeyPatch
) -> None:
    attempt = books.connected()
    as_it_stood = books.everything()
    paths = ["campaigns/c/pause", "campaigns/c/abort", f"live/{attempt}/stop"]
    assert {site.ask("POST", f"/api/v1/{path}", token=None).status_code for path in paths} == {401}

    come_as(monkeypatch, Visitor("ana", Scope.ADMIN, frozenset({"beta"})))
    paths += [f"live/{attempt}/extend", f"accounts/{ACCOUNT}/limit", "live/nonsense/stop"]
    bodies = [{}, {}, {}, {"by": "1m"}, {"slots": 3}, {}]
    answers = [
        site.ask("POST", f"/api/v1/{path}", json=body).status_code
        for path, body in zip(paths, bodies, strict=True)
    ]
    assert answers == [404] * 6
    assert site.get("/api/v1/live").json()["live"] == []
    assert books.everything() == as_it_stood


# Live calls --------------------------------------------------------------------------------------


def test_live_calls_are_listed_by_deadline_a_page_at_a_time(
    site: RunningSite, books: Books
) -> None:
    attempts = [str(books.connected(seconds=DURATION + at)) for at in range(5)]
    got, cursor = [], ""
    for _ in range(3):
        page = site.get(f"/api/v1/live?campaign=c&limit=2{cursor}").json()
        got += page["live"]
        cursor = f"&cursor={page['next_cursor']}"

    assert page["next_cursor"] is None
    assert [each["attempt"] for each in got] == attempts
    assert {each["state"] for each in got} == {"connected"}
    assert got[0]["seconds_left"] == pytest.approx(DURATION, abs=5)
    assert got[0]["phone_number"] == "+12025550001"


def test_numbers_are_masked_for_who_may_not_see_them(
    site: RunningSite, books: Books, monkeypatch: MonkeyPatch
) -> None:
    books.connected()
    come_as(monkeypatch, Visitor("ana", Scope.LOOK))
    assert "+12025550001" not in site.get("/api/v1/live").text


def test_a_live_call_is_stopped(site: RunningSite, books: Books, worker: None) -> None:
    attempt = books.connected()

    answer = site.ask("POST", f"/api/v1/live/{attempt}/stop", json={"note": "asked for"})

    assert answer.status_code == 200
    assert answer.json()["is_over"]
    assert answer.json()["ended"]["disposition"] == "aborted"
    (stopped,) = controls.of_campaign(site.ledger, "c")
    assert (stopped.what, stopped.who, stopped.note) == ("stop", WHO, "#1: asked for")
    again = site.ask("POST", f"/api/v1/live/{attempt}/stop")
    assert (again.status_code, again.json()["code"]) == (409, "not_live")


def test_a_complaint_ends_the_live_call_and_says_where_calls_wait(
    site: RunningSite, books: Books, worker: None
) -> None:
    first, second = books.connected(), books.connected()
    books.create("w")
    books.load([named("x", first.row), named("y", second.row)], campaign_id="w")
    books.seal("w")
    body = {"entries": [contact(first.row).phone_number], "why": "complained"}
    form = {"entries": contact(second.row).phone_number, "why": "complained"}

    went_on = site.ask("POST", "/api/v1/do-not-call", json=body).json()
    ended = site.ask("POST", "/api/v1/do-not-call", json={**body, "hang_up": True})
    lives = site.ask("POST", "/do-not-call/add", data=form)
    over = site.ask("POST", "/do-not-call/add", data={**form, "hang_up": "yes"})

    assert [(one["campaign_id"], one["row"]) for one in went_on["live"]] == [("c", first.row)]
    assert went_on["ended"] is None
    assert (ended.status_code, ended.json()["not_confirmed"]) == (200, 0)
    assert [one["disposition"] for one in ended.json()["ended"]] == ["aborted"]
    assert ended.json()["waiting"] == [{"campaign_id": "w", "calls": 1}]
    told = site.get(lives.headers["location"]).text
    assert "1 call to them is live and goes on." in told
    assert "1 campaign that waits to call them will skip it." in told
    assert "1 live call to them has ended." in site.get(over.headers["location"]).text
    who = {(one.what, one.who, one.note) for one in controls.of_campaign(site.ledger, "c")}
    assert who == {("stop", WHO, f"#{each.row}: complained") for each in (first, second)}


def test_a_complaint_whose_calls_are_not_over_yet_says_so(
    site: RunningSite, books: Books, impatient: None
) -> None:
    first = books.connected()
    number = contact(first.row).phone_number

    body = {"entries": [number], "why": "complained", "hang_up": True}
    answer = site.ask("POST", "/api/v1/do-not-call", json=body)
    form = {"entries": number, "why": "complained", "hang_up": "yes"}
    page = site.get(site.ask("POST", "/do-not-call/add", data=form).headers["location"]).text

    assert (answer.status_code, answer.json()["not_confirmed"]) == (202, 1)
    assert "1 call to them is being stopped: its end is not confirmed yet." in page


def test_a_stop_that_is_not_confirmed_yet_is_on_record(
    site: RunningSite, books: Books, impatient: None
) -> None:
    answer = site.ask("POST", f"/api/v1/live/{books.connected()}/stop")
    assert (answer.status_code, answer.json()["is_over"]) == (202, False)


@pytest.mark.parametrize("how", ["by", "until"])
def test_a_live_call_is_extended(
    site: RunningSite, books: Books, monkeypatch: MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(live, "provider_with", lambda *_: nullcontext())
    attempt = books.connected()
    ((_, deadline),) = views.live_calls(site.ledger, ACCOUNT)

    body = {"by": "2m"} if how == "by" else {"until": deadline + 120}
    answer = site.ask("POST", f"/api/v1/live/{attempt}/extend", json=body)

    assert answer.status_code == 200, answer.text
    assert answer.json()["deadline"] == pytest.approx(deadline + 120, abs=0.001)


@pytest.mark.parametrize("body", [{}, {"by": "2m", "until": 1}, {"by": "long"}, {"until": 1.0}])
def test_an_extension_that_says_nothing_is_refused(
    site: RunningSite, books: Books, body: dict[str, object]
) -> None:
    answer = site.ask("POST", f"/api/v1/live/{books.connected()}/extend", json=body)
    assert answer.status_code == 422


# Accounts ----------------------------------------------------------------------------------------


def test_an_account_tells_its_limit_and_what_is_in_use(site: RunningSite, books: Books) -> None:
    books.connected()
    listed = site.get("/api/v1/accounts").json()["accounts"]
    (acme,) = [each for each in listed if each["account"] == ACCOUNT]
    assert (acme["slots"], acme["live"], acme["due"], acme["workers"]) == (1, 1, 4, [])
    assert site.get(f"/api/v1/accounts/{ACCOUNT}").json()["live"] == 1
    assert site.get("/api/v1/accounts/nobody").status_code == 404


def test_a_limit_is_set_and_forgotten_and_on_record(site: RunningSite, books: Books) -> None:
    path = f"/api/v1/accounts/{ACCOUNT}/limit"
    set_ = site.ask("POST", path, json={"slots": 20, "note": "contract"}).json()
    assert set_["learned"] == 20
    assert (set_["controls"][0]["who"], set_["controls"][0]["note"]) == (WHO, "20: contract")

    site.ask("POST", path, json={"forget": True})
    assert limits.read(site.ledger, ACCOUNT).limit.learned == 4
    assert site.ask("POST", path, json={}).status_code == 422
