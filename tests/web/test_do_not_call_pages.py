"""The do-not-call list as pages, which work by links and forms alone."""

from __future__ import annotations

import pytest
import requests

from scheduler.ledger import do_not_call
from scheduler.rights import Scope
from scheduler.web.api import do_not_call as api
from tests.web.running import RunningSite
from tests.web.visitors import ann, seen_by

PAGE = "/do-not-call"
NUMBER = "+12025550143"
MARKUP = "<img src=x>"


def post(site: RunningSite, path: str, **fields: str) -> requests.Response:
    return site.ask("POST", PAGE + path, data=fields)


def on_list(site: RunningSite) -> dict[str, str]:
    return {entry: listing.why for entry, listing in do_not_call.entries(site.ledger)}


def test_a_number_is_put_on_the_list_and_found_there(site: RunningSite) -> None:
    entries = "(202) 555-0143\r\n\r\n+1202*"
    with seen_by(site, ann()):
        answer = post(site, "/add", entries=entries, why="by mail", region="US")
    assert answer.status_code == 303
    assert "2 put on the list; 0 were" in site.get(answer.headers["location"]).text
    assert on_list(site) == {NUMBER: "by mail (ann)", "+1202*": "by mail (ann)"}
    page = site.get(f"{PAGE}?number=%2B12025550143").text
    assert "…0143 is not called" in page
    page = site.get(f"{PAGE}?number=202-555-0199&region=US").text
    assert "because of the prefix +1202*" in page
    assert "is not on the list" in site.get(f"{PAGE}?number=%2B13125550143").text


def test_the_list_is_masked_and_turned_by_links(site: RunningSite) -> None:
    do_not_call.import_entries(site.ledger, (f"+1202555{n:04d}" for n in range(600)), MARKUP)
    page = site.get(PAGE).text
    assert "600 entries in all" in page
    assert "…0" in page
    assert "+1202555" not in page
    assert MARKUP not in page
    link = page.split('">Next page')[0].rpartition('href="')[2]
    assert "Next page" in site.get(link.partition("#")[0]).text


def test_what_is_no_entry_changes_nothing(site: RunningSite) -> None:
    answer = post(site, "/add", entries=f"{NUMBER}\n{MARKUP}", why="by mail")
    assert answer.status_code == 422
    assert MARKUP not in answer.text
    assert on_list(site) == {}
    assert MARKUP not in site.get(f"{PAGE}?number={MARKUP}").text


def test_only_what_somebody_may_do_is_offered(site: RunningSite) -> None:
    do_not_call.bar(site.ledger, NUMBER, "")
    search = f"{PAGE}?number=%2B12025550143"
    with seen_by(site, ann(Scope.LOOK)):
        assert 'method="post"' not in site.get(search).text
        assert post(site, "/add", entries=NUMBER, why="w").status_code == 403
    with seen_by(site, ann(Scope.OPERATE)):
        page = site.get(search).text
        assert 'action="/do-not-call/add"' in page
        assert "/do-not-call/remove" not in page
        fields = {"entry": NUMBER, "why": "w", "confirmed": "yes"}
        assert post(site, "/remove", **fields).status_code == 403
    assert on_list(site) == {NUMBER: ""}


def test_a_number_is_taken_off_with_a_reason_and_that_is_shown(site: RunningSite) -> None:
    do_not_call.bar(site.ledger, NUMBER, "by mail")
    page = post(site, "/remove", entry=NUMBER)
    assert page.status_code == 200
    assert "this one number" in page.text
    assert post(site, "/remove", entry=NUMBER, confirmed="yes").status_code == 409
    assert on_list(site) == {NUMBER: "by mail"}
    with seen_by(site, ann(Scope.ADMIN)):
        done = post(site, "/remove", entry=NUMBER, confirmed="yes", why="a typing error")
    assert done.status_code == 303
    assert on_list(site) == {}
    page = site.get(done.headers["location"])
    assert "1 taken off the list" in page.text
    assert "a typing error" in page.text
    assert "5550143" not in page.text


def test_a_prefix_is_taken_off_only_when_it_is_typed_again(site: RunningSite) -> None:
    do_not_call.bar(site.ledger, "+1202*", "")
    page = post(site, "/remove", entry="+1202*", why="w", confirmed="yes")
    assert page.status_code == 409
    assert "up to 10,000,000 numbers" in page.text
    assert on_list(site) == {"+1202*": ""}
    assert post(site, "/remove", entry="+1202*", why="w", confirmed="+1202*").status_code == 303
    assert on_list(site) == {}


def upload(site: RunningSite, name: str, content: bytes, **fields: str) -> requests.Response:
    files = {"file": (name, content)}
    return site.ask("POST", f"{PAGE}/import", data=fields, files=files)


def test_a_file_is_imported(site: RunningSite) -> None:
    with seen_by(site, ann()):
        done = upload(site, f"{MARKUP}.csv", b"phone_number\n202-555-0143\n", region="us")
    assert done.status_code == 303
    assert on_list(site) == {NUMBER: f"from {MARKUP}.csv (ann)"}
    assert MARKUP not in site.get(done.headers["location"]).text
    assert upload(site, "a.csv", NUMBER.encode(), why="registry").status_code == 303


@pytest.mark.parametrize("content", [b"nobody\n", b"", b"PK\x03\x04\0\0"])
def test_a_file_that_can_not_be_read_is_named_by_line(site: RunningSite, content: bytes) -> None:
    answer = upload(site, "a.csv", content)
    if content:
        assert answer.status_code == 422
        assert "Nothing was changed" in answer.text
    assert on_list(site) == {}


def test_a_file_that_is_too_long_is_not_taken(
    site: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "MOST_BYTES", 1000)
    assert upload(site, "a.csv", b"\n" * (1 << 17)).status_code == 413
