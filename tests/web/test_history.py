"""When a number was called, over HTTP and in the console: for whom, and how much of it."""

from __future__ import annotations

import pytest

from scheduler.ledger import do_not_call
from scheduler.models import Contact, Row
from scheduler.rights import Scope
from tests.integration.ledger import Books
from tests.web.looking import books_of, looker, seen_as
from tests.web.running import RunningSite

NUMBER = "+12025550143"
API, PAGE = "/api/v1/history?number=%2B12025550143", "/history?number=202-555-0143&region=us"
OF_CONTACT = "/history?campaign=c&row=1"


@pytest.fixture
def books(site: RunningSite) -> Books:
    """A number that was called by one campaign, and that another one is to call."""
    books = books_of(site)
    for campaign_id, dtmf in (("c", ""), ("d", "4711#")):
        books.create(campaign_id, columns=(), insights=())
        person = Contact("ana", NUMBER, name="Ana", dtmf=dtmf)
        books.load([Row(person, 2, has_id=True)], campaign_id=campaign_id)
        books.seal(campaign_id)
        if campaign_id == "c":
            books.learn(5)
            books.confirm(books.connected())
    do_not_call.bar(books.ledger, NUMBER, f"call {NUMBER} back (ann)", books.now)
    return books


def test_every_call_to_a_number_is_told_masked_unless_somebody_sees_numbers(
    site: RunningSite, books: Books
) -> None:
    with seen_as(site, looker(scope=Scope.OPERATE)):
        masked = site.get(API)
    with seen_as(site, looker(scope=Scope.OPERATE, sees_numbers=True)):
        whole = site.get(API).json()

    told = masked.json()
    assert [(each["campaign_id"], each["state"]) for each in told["calls"]] == [
        ("c", "ended"),
        ("d", "pending"),
    ]
    assert told["calls"][0]["attempts"][0]["disposition"] == "stopped"
    assert (told["number"], told["listed"]["entry"]) == ("…0143", "…0143")
    assert "2025550143" not in masked.text and "4711" not in masked.text
    assert (whole["number"], whole["listed"]["why"]) == (NUMBER, f"call {NUMBER} back (ann)")


@pytest.mark.parametrize("path", [PAGE, OF_CONTACT])
def test_a_page_has_every_call_and_no_number(site: RunningSite, books: Books, path: str) -> None:
    shown = site.get(path).text

    assert shown.count('href="/campaigns/c/contacts/%231"') == 1
    assert shown.count('href="/campaigns/d/contacts/%231"') == 1
    assert "It is on the do-not-call list since" in shown
    assert "2025550143" not in shown
    assert OF_CONTACT.replace("&", "&amp;") in site.get("/campaigns/c/contacts/%231").text


def test_who_may_not_ask_for_numbers_is_told_none(site: RunningSite, books: Books) -> None:
    with seen_as(site, looker(scope=Scope.LOOK)):
        assert [site.get(each).status_code for each in (API, PAGE, OF_CONTACT)] == [403] * 3
        assert "/history" not in site.get("/campaigns/c/contacts/%231").text
    with seen_as(site, looker(scope=Scope.OPERATE, accounts=frozenset({"north"}))):
        assert site.get(API).json()["calls"] == []
        assert site.get(OF_CONTACT).status_code == 404


def test_what_is_no_number_is_refused(site: RunningSite, books: Books) -> None:
    answer = site.get("/api/v1/history?number=ana")
    assert (answer.status_code, answer.json()["code"]) == (422, "number")
    assert site.get("/api/v1/history?number=202&region=XX").json()["code"] == "region"
    assert "<img" not in site.get("/history?number=<img>").text
    assert site.get("/history?campaign=c&row=9").status_code == 404
