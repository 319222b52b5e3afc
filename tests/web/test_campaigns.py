"""Campaigns over HTTP: the list, one of them, who did what, and the results as a file."""

from __future__ import annotations

import csv
import gc
import io
import json
import re
import threading
from typing import Any
from zipfile import ZipFile

import pytest

from scheduler.ledger import campaigns, controls, views
from scheduler.models import Contact, Row
from scheduler.operations import browse
from scheduler.operations.orders import order_of, seen_of
from scheduler.web import cursors
from scheduler.web.api import campaigns_models as models
from tests.integration.ledger import Books, rows
from tests.waiting import wait_until
from tests.web.looking import NUMBER, books_of, full_of_numbers, looker, seen_as
from tests.web.running import RunningSite

SEVEN_DIGITS = re.compile(r"\d(?:[ \t().\-/]{0,3}\d){6}")


@pytest.fixture
def books(site: RunningSite) -> Books:
    return books_of(site)


def ids(answer: Any) -> list[str]:
    return [each["campaign_id"] for each in answer.json()["campaigns"]]


def many(books: Books, count: int, **how: Any) -> None:
    for number in range(count):
        books.create(f"c{number}", **how)
        books.wait(1)


# The list


def test_campaigns_are_listed_newest_first_and_none_twice_while_others_come_in(
    site: RunningSite, books: Books
) -> None:
    many(books, 5)
    first = site.get("/api/v1/campaigns?limit=2")
    assert ids(first) == ["c4", "c3"]
    books.create("newer")

    second = site.get(f"/api/v1/campaigns?limit=2&cursor={first.json()['next_cursor']}")
    third = site.get(f"/api/v1/campaigns?limit=2&cursor={second.json()['next_cursor']}")

    assert ids(second) == ["c2", "c1"]
    assert ids(third) == ["c0"]
    assert third.json()["next_cursor"] is None
    models.Campaigns.model_validate(first.json(), extra="forbid")


def test_the_list_goes_on_where_a_campaign_that_is_gone_stood(
    site: RunningSite, books: Books
) -> None:
    many(books, 4)
    cursor = site.get("/api/v1/campaigns?limit=2").json()["next_cursor"]
    books.ledger.redis.zrem("callsched:campaigns", "c2")
    assert ids(site.get(f"/api/v1/campaigns?cursor={cursor}")) == ["c1", "c0"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("state=active", ["other"]),
        ("account=north", ["other"]),
        ("q=OTH", ["other"]),
        ("q=tri", ["other", "c1", "c0"]),
        ("q=%2A", []),
        ("state=paused", []),
    ],
)
def test_campaigns_are_filtered(
    site: RunningSite, books: Books, asked: str, found: list[str]
) -> None:
    many(books, 2)
    books.account = "north"
    books.create("other")
    books.load(rows(1), campaign_id="other")
    books.seal("other")
    assert ids(site.get(f"/api/v1/campaigns?{asked}")) == found


def test_a_page_costs_a_page_however_many_campaigns_there_are(
    site: RunningSite, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(books, 30)
    read: list[int] = []
    whole = views.campaigns

    def noted(ledger: Any, some: Any) -> Any:
        read.append(len(some))
        return whole(ledger, some)

    monkeypatch.setattr(views, "campaigns", noted)
    assert len(ids(site.get("/api/v1/campaigns?limit=10"))) == 10
    assert len(ids(site.get("/api/v1/campaigns?limit=10&q=trial"))) == 10
    assert read == [10, 10]


def test_a_filter_that_nothing_holds_for_ends_with_a_cursor(
    site: RunningSite, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browse, "CHUNK", 2)
    monkeypatch.setattr(browse, "MOST_LOOKED_AT", 4)
    many(books, 6)
    page = site.get("/api/v1/campaigns?q=c0").json()
    assert page["campaigns"] == []
    assert ids(site.get(f"/api/v1/campaigns?q=c0&cursor={page['next_cursor']}")) == ["c0"]


@pytest.mark.parametrize("place", ["none", "nan:c", "inf:c", "1e999:c", "c:1"])
@pytest.mark.parametrize("path", ["/campaigns", "/campaigns/c/contacts"])
def test_what_is_no_cursor_is_refused(
    site: RunningSite, books: Books, path: str, place: str
) -> None:
    books.campaign()
    answer = site.get(f"/api/v1{path}?cursor={cursors.written(place)}")
    assert (answer.status_code, answer.json()["code"]) == (422, "cursor")


@pytest.mark.parametrize("place", ["none", "nan:c", "1:c#x", "#", "1:c#-5"])
def test_a_page_whose_address_was_mended_by_hand_is_no_fault_of_ours(
    site: RunningSite, books: Books, place: str
) -> None:
    books.campaign()
    cursor = cursors.written(place)
    for path in ("/campaigns?q=x", "/contacts?q=x", "/contacts?q=x&among=names"):
        assert site.get(f"{path}&cursor={cursor}").status_code in (200, 422)


def test_campaigns_of_other_accounts_are_not_there(site: RunningSite, books: Books) -> None:
    books.campaign()
    with seen_as(site, looker(accounts=frozenset({"north"}))):
        assert ids(site.get("/api/v1/campaigns")) == []
        for path in ("", "/orders", "/contacts", "/contacts/%231", "/results"):
            assert site.get(f"/api/v1/campaigns/c{path}").status_code == 404
        assert site.get("/api/v1/explain?campaign=c&number=%231").status_code == 404


# One of them


def test_a_campaign_says_what_is_expected_and_why_the_rest_waits(
    site: RunningSite, books: Books
) -> None:
    books.campaign(3)
    books.connected()
    answer = site.get("/api/v1/campaigns/c")
    record = answer.json()
    models.CampaignInFull.model_validate(record, extra="forbid")
    assert answer.headers["etag"] == f'"{seen_of(views.campaign(site.ledger, "c"))}"'
    assert sum(record["calls"].values()) == record["total"] == 3
    assert record["expected"] == "no pace yet"
    assert record["waiting"]["pending"] == 2
    assert record["nobody_dials"].startswith(f"no worker serves account {books.account}: ")

    campaigns.halt(books.ledger, "c", control=order_of("ana@desk"))
    record = site.get("/api/v1/campaigns/c").json()
    assert record["waiting"]["needs_a_person"]
    assert record["expected"] == "paused by ana@desk"
    assert record["nobody_dials"] is None


def test_a_campaign_that_there_is_none_of_is_404(site: RunningSite) -> None:
    answer = site.get("/api/v1/campaigns/none")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_campaign")
    assert (
        answer.json()["detail"] == "there is no campaign none; the list of campaigns names them all"
    )


def test_the_orders_say_who_did_what(site: RunningSite, books: Books) -> None:
    books.campaign()
    controls.note(books.ledger, "c", "launch", order_of("ana"))
    controls.note(books.ledger, "c", "reveal", order_of("bob", "#1"))
    answer = site.get("/api/v1/campaigns/c/orders").json()
    models.Orders.model_validate(answer, extra="forbid")
    assert [(each["what"], each["who"], each["note"]) for each in answer["orders"]] == [
        ("reveal", "bob", "#1"),
        ("launch", "ana", None),
    ]


# Results as a file


def test_results_are_jsonl_csv_or_a_workbook(site: RunningSite, books: Books) -> None:
    books.campaign(2)
    lines = site.get("/api/v1/campaigns/c/results")
    assert lines.headers["content-type"].startswith("application/x-ndjson")
    assert [json.loads(line)["line"] for line in lines.text.splitlines()] == [2, 3]

    table = site.get("/api/v1/campaigns/c/results", headers={"Accept": "text/csv"})
    assert table.headers["content-disposition"] == 'attachment; filename="c-results.csv"'
    assert [each["line"] for each in csv.DictReader(io.StringIO(table.text))] == ["2", "3"]

    book = site.get("/api/v1/campaigns/c/results?format=xlsx")
    assert int(book.headers["content-length"]) == len(book.content)
    assert "xl/workbook.xml" in ZipFile(io.BytesIO(book.content)).namelist()


def test_only_the_columns_that_are_asked_for_are_written(site: RunningSite, books: Books) -> None:
    books.create("c")
    person = Contact("c-1", "+12025550100", variables={"city": "Bern", "state": "TX"})
    books.load([Row(person, 2, has_id=True)])
    asked = "columns=state,%20line"
    assert site.get(f"/api/v1/campaigns/c/results?format=csv&{asked}").text == (
        "state,line\npending,2\n"
    )
    line = site.get(f"/api/v1/campaigns/c/results?{asked}").text
    assert json.loads(line) == {"state": "pending", "line": 2}
    theirs = site.get("/api/v1/campaigns/c/results?format=csv&columns=city,file_state,variables")
    assert theirs.text.splitlines()[1] == 'Bern,TX,"{""city"": ""Bern"", ""state"": ""TX""}"'
    answer = site.get("/api/v1/campaigns/c/results?columns=nothing")
    assert (answer.status_code, answer.json()["code"]) == (422, "column")


def test_a_cell_that_a_spreadsheet_would_run_is_text(site: RunningSite, books: Books) -> None:
    books.create("c")
    row = rows(1)[0]
    object.__setattr__(row.contact, "name", "=cmd|'/c calc'!A0")
    books.load([row])
    text = site.get("/api/v1/campaigns/c/results?format=csv&columns=name").text
    assert text == "name\n'=cmd|'/c calc'!A0\n"


def test_results_are_sent_while_they_are_read_and_only_as_long_as_somebody_reads(
    site: RunningSite, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    books.create("c")
    books.load(rows(*range(20_000)))
    read: list[int] = []
    is_over = threading.Event()
    whole = views.results

    def noted(ledger: Any, campaign_id: str) -> Any:
        try:
            for number, record in enumerate(whole(ledger, campaign_id), start=1):
                read[:] = [number]
                yield record
        finally:
            is_over.set()

    def is_left() -> bool:
        gc.collect()  # the framework's own objects hold each other
        return is_over.is_set()

    monkeypatch.setattr(views, "results", noted)
    with site.get("/api/v1/campaigns/c/results", stream=True) as answer:
        pieces = answer.iter_content(1 << 14)
        lines = next(pieces).count(b"\n")
        at_first = read[0]
        lines += sum(piece.count(b"\n") for piece in pieces)
    assert at_first < lines == 20_000

    is_over.clear()
    with site.get("/api/v1/campaigns/c/results", stream=True) as answer:
        next(answer.iter_content(1 << 14))
    wait_until(is_left)
    assert read[0] < 20_000


# Numbers


def strings(value: Any) -> list[str]:
    match value:
        case dict():
            return [one for pair in value.items() for each in pair for one in strings(each)]
        case list():
            return [one for each in value for one in strings(each)]
        case str():
            return [value]
        case _:
            return []


PATHS = (
    "/campaigns",
    "/campaigns/n",
    "/campaigns/n/orders",
    "/campaigns/n/contacts",
    "/campaigns/n/contacts?q=Ana",
    f"/campaigns/n/contacts?q=%2B{NUMBER[1:]}",
    "/campaigns/n/contacts/%231",
    "/campaigns/n/contacts/%232",
    "/campaigns/n/contacts/%233",
    f"/campaigns/n/contacts/%2B{NUMBER[1:]},4711%23",
    "/explain?campaign=n&number=%231",
)


@pytest.mark.parametrize("path", PATHS)
def test_no_number_is_shown_to_who_may_not_see_numbers(
    site: RunningSite, books: Books, path: str
) -> None:
    full_of_numbers(books)
    with seen_as(site, looker()):
        answer = site.get(f"/api/v1{path}")
    assert answer.status_code == 200
    shown = [each for each in strings(answer.json()) if SEVEN_DIGITS.search(each)]
    # Instants that the ledger has as texts are no numbers.
    assert [each for each in shown if not re.fullmatch(r"1\d{9}(\.\d+)?", each)] == []
    assert NUMBER[2:] not in answer.text


@pytest.mark.parametrize("format_", ["jsonl", "csv"])
def test_no_number_is_in_a_file_for_who_may_not_see_numbers(
    site: RunningSite, books: Books, format_: str
) -> None:
    full_of_numbers(books)
    with seen_as(site, looker()):
        text = site.get(f"/api/v1/campaigns/n/results?format={format_}").text
    assert "2025550143" not in text
    assert "555-0143" not in text
    assert "555 0143" not in text
    assert "…0143" in text or "\\u20260143" in text


def test_whoever_may_see_numbers_sees_them(site: RunningSite, books: Books) -> None:
    full_of_numbers(books)
    record = site.get("/api/v1/campaigns/n/contacts/%231").json()
    assert record["phone_number"] == NUMBER
    assert record["variables"]["code"] == "2025550143"
