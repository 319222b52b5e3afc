"""Contacts over HTTP: pages of them, filtered, and all that is known of one."""

from __future__ import annotations

from typing import Any

import pytest

from scheduler.ledger import pages
from scheduler.models import Contact, Disposition, Row
from scheduler.operations import browse
from scheduler.operations.explain import explain
from scheduler.rights import Scope
from scheduler.web.api import contacts_models as models
from tests.integration.ledger import Books, contact, rows
from tests.web.looking import NUMBER, books_of, full_of_numbers, looker, seen_as
from tests.web.running import RunningSite


@pytest.fixture
def books(site: RunningSite) -> Books:
    return books_of(site)


def found(answer: Any) -> list[int]:
    return [each["row"] for each in answer.json()["contacts"]]


def test_contacts_come_a_page_at_a_time(site: RunningSite, books: Books) -> None:
    books.campaign(5)
    seen, cursor = [], ""
    for _ in range(3):
        page = site.get(f"/api/v1/campaigns/c/contacts?limit=2{cursor}")
        models.Contacts.model_validate(page.json())
        seen.append(found(page))
        cursor = f"&cursor={page.json()['next_cursor']}"
    assert seen == [[1, 2], [3, 4], [5]]
    assert cursor == "&cursor=None"


@pytest.mark.parametrize(
    ("asked", "rows_"),
    [
        ("disposition=stopped", [1]),
        ("disposition=rejected", [2]),
        ("disposition=rejected:busy", []),
        ("state=pending", [3, 4]),
        ("state=ended&limit=1", [1]),
        ("q=%233", []),
        ("q=%2B12025550003", [3]),
        ("q=(202)%20555-0003", [3]),
        ("q=0004", [4]),
        ("q=2025550", [1, 2, 3, 4]),
    ],
)
def test_contacts_are_filtered(
    site: RunningSite, books: Books, asked: str, rows_: list[int]
) -> None:
    books.create("c", default_region="US")
    books.load(rows(1, 2, 3, 4))
    books.seal()
    books.learn(10)
    assert books.confirm(books.connected())
    books.finish(books.begun(), Disposition.REJECTED)
    assert found(site.get(f"/api/v1/campaigns/c/contacts?{asked}")) == rows_


def test_a_part_of_a_number_finds_nobody_for_who_sees_none(site: RunningSite, books: Books) -> None:
    books.campaign(3)
    with seen_as(site, looker()):
        assert found(site.get("/api/v1/campaigns/c/contacts?q=202555000")) == []
        assert found(site.get("/api/v1/campaigns/c/contacts?q=0002")) == [2]
        assert found(site.get("/api/v1/campaigns/c/contacts?q=%2B12025550002")) == [2]


def test_a_filtered_page_reads_only_so_much_and_hands_out_a_cursor(
    site: RunningSite, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browse, "CHUNK", 10)
    monkeypatch.setattr(browse, "MOST_LOOKED_AT", 20)
    books.campaign(45)
    read: list[int] = []
    whole = pages.contacts

    def noted(*args: Any) -> Any:
        some = whole(*args)
        read.append(len(some))
        return some

    monkeypatch.setattr(pages, "contacts", noted)
    page = site.get("/api/v1/campaigns/c/contacts?q=0044")
    assert (found(page), read) == ([], [10, 10])
    page = site.get(f"/api/v1/campaigns/c/contacts?q=0044&cursor={page.json()['next_cursor']}")
    assert found(page) == []
    page = site.get(f"/api/v1/campaigns/c/contacts?q=0044&cursor={page.json()['next_cursor']}")
    assert (found(page), page.json()["next_cursor"]) == ([44], None)


def test_no_contact_is_left_out_between_two_filtered_pages(site: RunningSite, books: Books) -> None:
    books.campaign(7)
    seen, cursor = [], ""
    while cursor != "&cursor=None":
        page = site.get(f"/api/v1/campaigns/c/contacts?state=pending&limit=2{cursor}")
        seen += found(page)
        cursor = f"&cursor={page.json()['next_cursor']}"
    assert seen == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("who", ["%231", "%2B12025550001", "c-1/x"])
def test_a_contact_is_told_with_its_rules_and_attempts(
    site: RunningSite, books: Books, who: str
) -> None:
    books.create("c")
    books.load([Row(Contact("c-1/x", contact(1).phone_number), 2, has_id=True)])
    books.seal()
    books.learn(5)
    attempt = books.connected()
    books.confirm(attempt)
    answer = site.get(f"/api/v1/campaigns/c/contacts/{who}")
    record = answer.json()
    models.ContactInFull.model_validate(record)
    assert (record["row"], record["disposition"]) == (1, "stopped")
    assert [each["rule"] for each in record["rules"]]
    (told,) = record["history"]
    assert (told["number"], told["connection_id"]) == (1, f"connection {attempt}")
    assert told["begun_at"] <= told["started_at"] <= told["ended_at"]
    assert "token" not in told


def test_what_was_said_and_recorded_is_told_of_each_attempt(
    site: RunningSite, books: Books
) -> None:
    full_of_numbers(books)
    (told,) = site.get("/api/v1/campaigns/n/contacts/%231").json()["history"]
    assert told["recordings"][0]["recording_id"] == "RE1"
    assert told["answers"] == {"callback": "2025550143"}
    assert told["transcript"][0]["speaker"] == NUMBER


def test_explain_says_what_the_command_line_says(site: RunningSite, books: Books) -> None:
    books.campaign(1)
    books.connected()
    answer = site.get("/api/v1/explain?campaign=c&number=%231").json()
    models.Explained.model_validate(answer, extra="forbid")
    expected = explain(books.ledger, "c", "#1").as_record()
    assert answer.keys() == expected.keys()
    assert answer["attempts"] == expected["attempts"]


@pytest.mark.parametrize("scope", [Scope.LOOK, Scope.START])
def test_explain_keeps_back_where_a_call_can_be_listened_to(
    site: RunningSite, books: Books, scope: Scope
) -> None:
    books.campaign(1)
    attempt = books.connected()
    books.ledger.redis.hset(f"callsched:attempt:{attempt}", "event_url", "wss://x.example/1")
    with seen_as(site, looker(scope=scope, sees_numbers=True)):
        answer = site.get("/api/v1/explain?campaign=c&number=%231")
    assert "wss://" not in answer.text
    assert "token" not in answer.json()["attempts"][0]


@pytest.mark.parametrize(
    "path", ["/campaigns/c/contacts/nobody", "/explain?campaign=c&number=%2399"]
)
def test_nobody_is_404(site: RunningSite, books: Books, path: str) -> None:
    books.campaign(1)
    answer = site.get(f"/api/v1{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_contact")
