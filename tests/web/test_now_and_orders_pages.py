"""The pages of now and of orders: what they show, and that what they foretold is what happens."""

from __future__ import annotations

import re
import time
from html import unescape

import pytest
from pytest import MonkeyPatch
from requests import Response
from starlette.requests import Request

from scheduler.ledger import campaigns, controls, keys, limits, views
from scheduler.ledger.ledger import Control
from scheduler.live.board import Board
from scheduler.rights import Scope, Visitor
from scheduler.web.console import orders
from scheduler.web.site import May
from tests.integration.ledger import ACCOUNT, Books
from tests.waiting import wait_until
from tests.web.running import RunningSite

MARKUP = '<script>alert("x")</script>'


@pytest.fixture
def books(site: RunningSite, monkeypatch: MonkeyPatch) -> Books:
    """A campaign of five calls, of which one is live."""
    monkeypatch.setattr(orders, "PATIENCE_SECONDS", 0.1)
    # Pictures are kept for a second, and the ledger is another one for each test.
    site.app.state.board = Board(site.ledger, lambda _: 5)
    books = Books(site.ledger, site.ledger.redis)
    books.now = time.time()
    books.campaign(5)
    books.connected()
    return books


def page(site: RunningSite, path: str) -> str:
    answer = site.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def hidden(html: str) -> dict[str, str]:
    """Return what the first form of a page carries."""
    form = html[html.index("<form method") : html.index("</form>", html.index("<form method"))]
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)
    return {name: unescape(value) for name, value in found}


def post(site: RunningSite, path: str, form: dict[str, str]) -> Response:
    return site.ask("POST", path, data=form)


def come_as(monkeypatch: MonkeyPatch, visitor: Visitor) -> None:
    def who(_: May, request: Request) -> Visitor:
        request.state.visitor = visitor
        return visitor

    monkeypatch.setattr(May, "__call__", who)


# Now ----------------------------------------------------------------------------------------------


def test_now_shows_campaigns_live_calls_and_what_is_wrong(site: RunningSite, books: Books) -> None:
    full = {"at": time.time() - 30, "load": "3 4 3 0"}
    site.ledger.redis.xadd(keys.account(ACCOUNT, "load"), full)
    html = page(site, f"/?account={ACCOUNT}")
    text = text_of(html)
    assert "at most 3 slots were in use; 3 are now, of 4" in text
    assert "wait 4 under way 1 ended 0 in all 5" in text
    assert "…0001 c connected" in text
    assert "+12025550001" not in html
    assert "no worker runs: nobody ends 1 live call on time" in text
    assert '<svg class="chart"' in html
    for href in ("/live/c:1:1/stop", "/campaigns/c/order/pause", f"/accounts/{ACCOUNT}/limit"):
        assert f'href="{href}"' in html
    assert not re.search(r"<script>|\sstyle=|\son\w+=", html)


def test_now_says_which_rule_holds_a_campaign_up(site: RunningSite, books: Books) -> None:
    held = {"held_at": time.time(), "held_why": f"calling_hours {MARKUP}"}
    site.ledger.redis.hset(keys.campaign("c", "meta"), mapping=held)
    html = page(site, f"/?account={ACCOUNT}")
    assert "Held up: calling_hours" in text_of(html)
    assert MARKUP not in html


def test_now_is_of_the_accounts_that_somebody_may_see(
    site: RunningSite, books: Books, monkeypatch: MonkeyPatch
) -> None:
    Books(site.ledger, site.ledger.redis, "beta").campaign(1, "b")
    come_as(monkeypatch, Visitor("ana", Scope.LOOK, frozenset({"beta"})))
    html = page(site, "/")
    assert "beta" in html
    assert ACCOUNT not in html
    assert "/order/" not in html  # who only looks is offered no order
    assert site.get(f"/?account={ACCOUNT}").status_code == 404


def test_the_findings_of_the_doctor_come_when_it_has_looked(
    site: RunningSite, books: Books
) -> None:
    site.ledger.redis.hset(keys.account(ACCOUNT, "meta"), "probe_at", time.time() + 60)
    site.app.state.quick_check._asked_at = None
    page(site, "/")
    wait_until(lambda: "outage" in page(site, f"/?account={ACCOUNT}"))


# Orders on campaigns ------------------------------------------------------------------------------


def test_a_cancel_does_what_its_page_foretold(site: RunningSite, books: Books) -> None:
    html = page(site, "/campaigns/c/order/cancel")
    assert "4 calls that wait are never made" in text_of(html)
    assert "1 call under way go on to their ends" in text_of(html)

    answer = post(site, "/campaigns/c/order/cancel", hidden(html) | {"name": "c", "note": "done"})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/campaigns/c?done=cancel")
    view = views.campaign(site.ledger, "c")
    assert view.dispositions == {"skipped:cancelled": 4}
    assert view.open == 1
    (record,) = controls.of_campaign(site.ledger, "c")
    assert (record.what, record.who, record.note) == ("cancel", "CALLSCHED_WEB_TOKEN", "done")


@pytest.mark.parametrize("what", ["pause", "priority"])
def test_an_order_without_a_typed_name(site: RunningSite, books: Books, what: str) -> None:
    form = hidden(page(site, f"/campaigns/c/order/{what}")) | {"priority": "9"}
    assert post(site, f"/campaigns/c/order/{what}", form).status_code == 303
    view = views.campaign(site.ledger, "c")
    assert (view.paused_by != "", view.priority) == (what == "pause", 9 * (what == "priority"))


@pytest.mark.parametrize("what", ["cancel", "abort"])
@pytest.mark.parametrize("name", ["", "C", "other"])
def test_what_can_not_be_undone_needs_the_name(
    site: RunningSite, books: Books, what: str, name: str
) -> None:
    form = hidden(page(site, f"/campaigns/c/order/{what}")) | {"name": name}
    answer = post(site, f"/campaigns/c/order/{what}", form)
    assert answer.status_code == 422
    assert "not that of the campaign" in answer.text
    assert controls.of_campaign(site.ledger, "c") == []


@pytest.mark.parametrize("what", orders.ORDERS)
def test_an_order_on_what_has_moved_on_is_refused_with_the_numbers_of_now(
    site: RunningSite, books: Books, what: str
) -> None:
    form = hidden(page(site, f"/campaigns/c/order/{what}")) | {"name": "c", "note": MARKUP}
    campaigns.cancel(site.ledger, "c", Control("ben@desk"))
    campaigns.end_pending(site.ledger, "c")

    answer = post(site, f"/campaigns/c/order/{what}", form)

    assert answer.status_code == 412
    assert "has changed since this page was shown" in answer.text
    assert "Ended 4" in text_of(answer.text)
    assert MARKUP not in answer.text
    assert len(controls.of_campaign(site.ledger, "c")) == 1
    assert hidden(answer.text)["seen"] != form["seen"]


def test_an_abort_says_when_calls_are_still_to_end(site: RunningSite, books: Books) -> None:
    html = page(site, "/campaigns/c/order/abort")
    assert "1 live call is ended now" in text_of(html)
    answer = post(site, "/campaigns/c/order/abort", hidden(html) | {"name": "c"})
    assert answer.headers["Location"] == "/campaigns/c?done=aborting"


def test_orders_of_others_and_those_that_there_are_not(
    site: RunningSite, books: Books, monkeypatch: MonkeyPatch
) -> None:
    assert site.get("/campaigns/c/order/nothing").status_code == 404
    assert site.get("/live/c:1:1/nothing").status_code == 404
    come_as(monkeypatch, Visitor("ana", Scope.ADMIN, frozenset({"beta"})))
    for path in ("/campaigns/c/order/pause", "/live/c:1:1/stop", f"/accounts/{ACCOUNT}/limit"):
        form = {"seen": "", "learned": "4"}
        assert {site.get(path).status_code, post(site, path, form).status_code} == {404}


# Live calls and limits ----------------------------------------------------------------------------


def test_a_live_call_is_stopped_from_its_page(site: RunningSite, books: Books) -> None:
    html = page(site, "/live/c:1:1/stop")
    assert "+12025550001" not in html
    answer = post(site, "/live/c:1:1/stop", hidden(html))
    assert answer.headers["Location"] == "/?done=stopping"
    assert "on record; its end is not confirmed yet" in page(site, "/?done=stopping")


def test_a_deadline_that_has_moved_is_not_moved_again(site: RunningSite, books: Books) -> None:
    form = hidden(page(site, "/live/c:1:1/extend")) | {"by": "nonsense"}
    wrong = post(site, "/live/c:1:1/extend", form)
    assert wrong.status_code == 422
    site.ledger.redis.zincrby(keys.account(ACCOUNT, "live"), 30, "c:1:1")
    answer = post(site, "/live/c:1:1/extend", form | {"by": "2m"})
    assert answer.status_code == 412
    assert "deadline has moved" in answer.text


def test_a_limit_is_set_in_view_of_what_was_shown(site: RunningSite, books: Books) -> None:
    path = f"/accounts/{ACCOUNT}/limit"
    form = hidden(page(site, path)) | {"slots": "20"}
    assert post(site, path, form).status_code == 303
    assert limits.read(site.ledger, ACCOUNT).limit.learned == 20
    assert post(site, path, form | {"slots": "30"}).status_code == 412
    assert limits.read(site.ledger, ACCOUNT).limit.learned == 20


def test_what_was_done_is_said_in_our_words_alone(site: RunningSite, books: Books) -> None:
    assert "The limit is changed." in page(site, "/?done=limit")
    assert "nonsense" not in text_of(page(site, "/?done=nonsense"))
