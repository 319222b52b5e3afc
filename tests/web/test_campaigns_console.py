"""The pages of campaigns and contacts: what they show, to whom, and that nothing in them acts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any

import pytest

from scheduler.ledger import campaigns, controls
from scheduler.models import Contact, Disposition, Row
from scheduler.operations import browse, finding
from scheduler.operations.orders import order_of
from scheduler.rights import Scope
from scheduler.web import sounds
from scheduler.web.console import contacts as pages_of_contacts
from tests.integration.ledger import ACCOUNT, Books, rows
from tests.toy_provider.shelf import SOUND, Shelf
from tests.web.looking import MARKUP, NUMBER, RTL, books_of, full_of_numbers, looker, seen_as
from tests.web.running import RunningSite


@pytest.fixture
def books(site: RunningSite) -> Books:
    return books_of(site)


class Elements(HTMLParser):
    """The names and the attributes of all elements of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def links(self) -> list[str]:
        return [each.get("href") or "" for tag, each in self.found if tag == "a"]


def page(site: RunningSite, path: str) -> Elements:
    answer = site.get(path)
    assert answer.status_code == 200, answer.text
    return Elements(answer.text)


def evil(books: Books) -> None:
    """Make a campaign in which everything that a person may have written would act."""
    books.create("evil")
    name = MARKUP + RTL + "n" * 5_000
    contact = Contact(f"x{MARKUP}", "+12025550111", name=name, variables={MARKUP: MARKUP + RTL})
    books.load([Row(contact, 2, has_id=True)], campaign_id="evil")
    books.seal("evil")
    books.learn(5)
    meta = {"name": name, "stopped_itself": MARKUP, "paused_by": MARKUP, "held_why": MARKUP}
    attempt = books.connected()
    books.ledger.redis.hset("callsched:campaign:evil:meta", mapping=meta)
    error = {"second_error": MARKUP, "caller_id": MARKUP, "answer:a": MARKUP, "answered_by": MARKUP}
    books.ledger.redis.hset(f"callsched:attempt:{attempt}", mapping=error)
    books.confirm(attempt)
    said = {"transcript": [{"text": MARKUP + RTL}, {"speaker": MARKUP, "text": "x"}]}
    books.take_collect()
    books.keep_collected(attempt, said)
    controls.note(books.ledger, "evil", "launch", order_of(MARKUP, MARKUP))


PAGES = (
    "/campaigns",
    "/campaigns/evil",
    "/campaigns/evil/contacts/%231",
    "/contacts?q=script&among=names",
    "/campaigns/evil/report?transcripts=true",
)


@pytest.mark.parametrize("path", PAGES)
def test_nothing_that_somebody_wrote_acts_in_a_page(
    site: RunningSite, books: Books, path: str
) -> None:
    evil(books)
    shown = page(site, path)
    scripts = [each for tag, each in shown.found if tag == "script"]
    assert all((each.get("src") or "").startswith(("/static/", "/campaigns/")) for each in scripts)
    assert not [tag for tag, _ in shown.found if tag in ("img", "style", "iframe")]
    attributes = [name for _, each in shown.found for name in each]
    assert not [name for name in attributes if name.startswith("on") or name == "style"]
    assert "\u202e" not in shown.text
    assert "<script>alert(1)" in shown.text
    if "report" not in path:
        assert "n" * 400 not in shown.text


@pytest.mark.parametrize("q", ['"><script>alert(1)</script>', "' onfocus=alert(1) x='"])
@pytest.mark.parametrize("path", ["/campaigns?q=", "/contacts?q=", "/campaigns/evil?q="])
def test_what_is_looked_for_does_not_act_either(
    site: RunningSite, books: Books, path: str, q: str
) -> None:
    evil(books)
    shown = page(site, path + "".join(f"%{each:02x}" for each in q.encode()))
    values = [each.get("value") for tag, each in shown.found if tag == "input"]
    assert q in values
    assert "<script>alert(1)" not in site.get(path).text.replace("&lt;", "")


@pytest.mark.parametrize(
    "path",
    [
        "/campaigns",
        "/campaigns/n",
        "/campaigns/n/report?transcripts=true",
        "/campaigns/n/contacts/%231",
        "/contacts?q=Ana&among=names",
    ],
)
def test_no_page_shows_a_number_even_to_who_may_see_numbers(
    site: RunningSite, books: Books, path: str
) -> None:
    full_of_numbers(books)
    text = site.get(path).text
    assert "…0143" in text
    for written in ("2025550143", "555-0143", "555 0143", "7654321"):
        assert written not in text


# The list and one of them


def test_the_list_is_filtered_by_its_address_and_turned_by_its_links(
    site: RunningSite, books: Books
) -> None:
    for number in range(51):
        books.create(f"c{number}")
    shown = page(site, "/campaigns?q=c")
    (next_page,) = (each for each in shown.links() if "cursor=" in each)
    assert "q=c" in next_page
    assert [each for each in page(site, next_page).links() if each == "/campaigns/c0"]
    assert "None of the 51 campaigns" in page(site, "/campaigns?q=zzz").text


def test_the_tiles_of_a_campaign_add_up_to_its_total(site: RunningSite, books: Books) -> None:
    books.campaign(5)
    assert books.confirm(books.connected())
    books.finish(books.begun(), Disposition.REJECTED)
    books.connected()
    text = re.sub(r"\s+", " ", page(site, "/campaigns/c").text)
    (tiles,) = re.findall(r"waiting.*?= 5", text)
    assert re.findall(r"[a-z ]+\d|= 5", tiles) == [
        *("waiting2", " under way1", " rejected1", " stopped1", "= 5")
    ]


def test_the_page_says_who_paused_it_and_until_when_the_rest_waits(
    site: RunningSite, books: Books
) -> None:
    books.campaign(2)
    campaigns.halt(books.ledger, "c", control=order_of("ana@desk", "lunch"))
    text = page(site, "/campaigns/c").text
    assert "paused by ana@desk" in text
    assert "lunch" in text
    assert "not before somebody says so" in text
    assert "No worker serves" not in text

    campaigns.resume(books.ledger, "c")
    assert f"No worker serves account {ACCOUNT}" in page(site, "/campaigns/c").text
    assert "but no worker serves" in page(site, "/campaigns/c/contacts/%231").text


@pytest.mark.parametrize(
    ("scope", "orders"),
    [
        (Scope.LOOK, set()),
        (Scope.OPERATE, {"pause", "cancel", "abort"}),
        (Scope.START, {"pause", "cancel", "abort", "copy"}),
    ],
)
def test_only_what_one_may_do_is_offered(
    site: RunningSite, books: Books, scope: Scope, orders: set[str]
) -> None:
    books.campaign()
    with seen_as(site, looker(scope=scope)):
        links = page(site, "/campaigns/c").links()
    known = {"pause", "resume", "cancel", "abort", "again", "copy"}
    assert {
        one for one in known if any(f"/order/{one}" in to or f"{one}=" in to for to in links)
    } == (orders)


def test_the_results_of_a_campaign_are_had_from_its_page(site: RunningSite, books: Books) -> None:
    books.campaign(2)
    links = [each for each in page(site, "/campaigns/c").links() if "/results" in each]
    assert [site.get(each).status_code for each in links] == [200] * 3
    with seen_as(site, looker()):
        assert "…0001" in site.get(links[0]).text


def test_a_report_is_a_page_of_its_own_and_its_parts_are_files(
    site: RunningSite, books: Books
) -> None:
    books.campaign(1)
    attempt = books.connected()
    books.confirm(attempt)
    books.take_collect()
    books.keep_collected(attempt, {"transcript": [{"text": "call +12025550143 back"}]})
    shown = page(site, "/campaigns/c/report")
    said = page(site, "/campaigns/c/report?transcripts=true").text
    assert "call …0143 back" in said and "back" not in shown.text
    assert "callsched report c --transcripts" in shown.text
    parts = [
        each.get("src") or each.get("href")
        for tag, each in shown.found
        if tag in ("script", "link")
    ]
    assert parts == ["/campaigns/c/report/page.css", "/campaigns/c/report/page.js"]
    assert [site.get(str(each)).headers["content-type"] for each in parts] == [
        "text/css; charset=utf-8",
        "text/javascript; charset=utf-8",
    ]
    assert site.get("/campaigns/c/report/page.py").status_code == 422


def test_campaigns_of_other_accounts_have_no_page(site: RunningSite, books: Books) -> None:
    books.campaign()
    with seen_as(site, looker(accounts=frozenset({"north"}))):
        for path in ("", "/report", "/results", "/contacts/%231", "/report/page.css"):
            assert site.get(f"/campaigns/c{path}").status_code == 404
        assert "/campaigns/c" not in site.get("/contacts?q=%2B12025550001").text
        assert "/campaigns/c" not in site.get("/contacts?q=0001&among=names").text


# Somebody


def test_somebody_is_found_by_number_id_or_name_in_whatever_campaign(
    site: RunningSite, books: Books
) -> None:
    books.campaign(2, "a")
    books.campaign(1, "b")
    books.create("c")
    contact = Contact("k-7", "+12025550155", name="Zoë Ångström")
    books.load([Row(contact, 2, has_id=True)])
    own = "/campaigns/c/contacts/%231"
    for asked in ("%2B12025550155", "k-7", "%C3%A5ngstr&among=names", "0155&among=names"):
        links = page(site, f"/contacts?q={asked}").links()
        assert [each for each in links if "/contacts/%23" in each] == [own]


def test_a_search_of_names_goes_on_where_it_stopped(
    site: RunningSite, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browse, "CHUNK", 5)
    monkeypatch.setattr(browse, "MOST_LOOKED_AT", 10)
    for campaign_id in ("a", "b"):
        books.create(campaign_id)
        books.load(rows(*range(1, 14)), campaign_id=campaign_id)
    seen, path = [], "/contacts?q=0013&among=names"
    while path:
        links = page(site, path).links()
        seen += [each for each in links if "/contacts/%23" in each]
        path = next((each for each in links if "cursor=" in each), "")
    assert seen == ["/campaigns/b/contacts/%2313", "/campaigns/a/contacts/%2313"]


def test_a_cursor_opens_no_campaign_of_another_account(site: RunningSite, books: Books) -> None:
    books.campaign(1)
    created_at = books.ledger.redis.zscore("callsched:campaigns", "c")
    found = finding.find_names(books.ledger, "0001", frozenset({"north"}), f"{created_at!r}:c#0", 5)
    assert found.found == []


def test_a_contact_says_of_whom_it_is_a_duplicate_and_who_cancelled_it(
    site: RunningSite, books: Books
) -> None:
    books.create("d")
    books.load([*rows(1), *rows(1)], campaign_id="d")
    campaigns.cancel(books.ledger, "d", order_of("ana@desk", "call 2025550142 first"))
    campaigns.end_pending(books.ledger, "d")

    twin = re.sub(r"\s+", " ", page(site, "/campaigns/d/contacts/%232").text)
    first = re.sub(r"\s+", " ", page(site, "/campaigns/d/contacts/%231").text)

    assert "#1 in line 2, which has the same id" in twin
    assert "ana@desk: cancel at" in first
    assert "call …0142 first" in first


def test_a_contact_has_every_rule_with_its_verdict_and_every_attempt(
    site: RunningSite, books: Books
) -> None:
    full_of_numbers(books)
    shown = page(site, "/campaigns/n/contacts/%231")
    text = re.sub(r"\s+", " ", shown.text)
    assert "do not call passes nobody is on the list" in text
    assert "Attempt 1 stopped" in text
    assert "I am at call …0143" in text
    (audio,) = (each for tag, each in shown.found if tag == "audio")
    assert audio["src"] == "/campaigns/n/contacts/%231/recordings/RE1"
    assert audio["preload"] == "none"
    zones = {each["data-zone"] for tag, each in shown.found if tag == "time"}
    assert "America/New_York" in zones


def test_the_number_is_shown_once_to_who_asks_and_that_is_on_record(
    site: RunningSite, books: Books
) -> None:
    books.create("c")
    books.load([Row(Contact("k-7", NUMBER, name="Ana"), 2, has_id=True)])
    own = "/campaigns/c/contacts/%231"
    with seen_as(site, looker(scope=Scope.OPERATE)):
        answer = site.ask("POST", own, data={"order": "reveal", "csrf": ""})
        assert NUMBER in answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert "data-live" not in answer.text
        for path in (own, f"{own}?revealed=1", f"{own}?order=reveal"):
            assert NUMBER not in site.get(path).text
    (done,) = controls.of_campaign(books.ledger, "c")
    assert (done.what, done.who, done.note) == ("reveal", "lou", "#1")


def test_who_may_only_look_is_refused_the_number(site: RunningSite, books: Books) -> None:
    books.campaign(1)
    own = "/campaigns/c/contacts/%231"
    with seen_as(site, looker()):
        assert "Show the number" not in site.get(own).text
        answer = site.ask("POST", own, data={"order": "reveal"})
        assert answer.status_code == 403
        assert "+1202" not in answer.text
    assert controls.of_campaign(books.ledger, "c") == []
    assert site.ask("POST", own, data={"order": "other"}).status_code == 422


# Recordings


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    shelf = Shelf()

    @contextmanager
    def opened(*_: Any) -> Iterator[Shelf]:
        yield shelf

    monkeypatch.setattr(pages_of_contacts, "provider_with", opened)
    monkeypatch.setattr(pages_of_contacts, "_sounds", sounds.Sounds())
    return shelf


PLAYED = "/campaigns/n/contacts/%231/recordings/RE1"


@pytest.mark.parametrize(
    ("wanted", "status", "part"),
    [
        ("", 200, SOUND),
        ("bytes=0-", 206, SOUND),
        ("bytes=2-4", 206, SOUND[2:5]),
        ("bytes=-3", 206, SOUND[-3:]),
        ("bytes=1-99999", 206, SOUND[1:]),
        ("bytes=0-1,3-4", 200, SOUND),
        ("bytes=99999-", 416, None),
    ],
)
def test_a_recording_is_played_from_any_place(
    site: RunningSite, books: Books, shelf: Shelf, wanted: str, status: int, part: bytes | None
) -> None:
    full_of_numbers(books)
    answer = site.get(PLAYED, headers={"Range": wanted} if wanted else {})
    assert answer.status_code == status
    if part is not None:
        assert answer.content == part
        assert answer.headers["content-type"] == "audio/wav"
    if status == 206:
        end = SOUND.index(part or b"") + len(part or b"") - 1
        assert answer.headers["content-range"].endswith(f"-{end}/{len(SOUND)}")


def test_who_listens_is_on_record_once_and_the_provider_is_asked_once(
    site: RunningSite, books: Books, shelf: Shelf
) -> None:
    full_of_numbers(books)
    for wanted in ("bytes=0-", "bytes=3-", "bytes=1-2"):
        site.get(PLAYED, headers={"Range": wanted})
    assert shelf.downloads == [("RE1", 0)]
    heard = [each for each in controls.of_campaign(books.ledger, "n") if each.what == "listen"]
    assert [(each.who, each.note) for each in heard] == [
        ("CALLSCHED_WEB_TOKEN", "#1, recording RE1")
    ]


def test_a_recording_of_somebody_else_or_an_erased_one_is_not_played(
    site: RunningSite, books: Books, shelf: Shelf
) -> None:
    attempt = full_of_numbers(books)
    assert site.get(PLAYED.replace("RE1", "RE2")).status_code == 404
    assert site.get(PLAYED.replace("%231", "%232")).status_code == 404
    assert site.get(PLAYED).status_code == 200
    books.ledger.redis.hset(f"callsched:attempt:{attempt}", "erased", "1")
    assert site.get(PLAYED).status_code == 404
    assert shelf.downloads == [("RE1", 0)]


def test_a_campaign_tells_what_ended_late(site: RunningSite, books: Books) -> None:
    books.campaign(2)
    late = {"late": 2, "late_worst": "71.4", "late_worst_of": "c:1:1", "late:api": 2}
    late |= {"late_from": "1800000000", "late_until": "1800000080", "late_said": f"no {NUMBER}"}
    assert "ended late" not in page(site, "/campaigns/c").text
    books.ledger.redis.hset("callsched:campaign:c:meta", mapping=late)

    told = " ".join(page(site, "/campaigns/c").text.split())

    assert "2 calls ended late, the worst (#1) by 71.4 s, from 2027-01-15 08:00:00" in told
    assert "why: the API did not confirm the stops; the API said last: no …" in told
    assert NUMBER not in told
    assert "2 ended late" in page(site, "/campaigns").text
    attempt = books.connected(10)
    books.wait(10)
    books.expire()
    books.wait(20)
    books.confirm(attempt)
    assert "it ended 20.0 s late; why:" in page(site, "/campaigns/c/contacts/%231").text
