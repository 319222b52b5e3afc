"""The do-not-call list over the API: who is on it, by what, and who put or took whom."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from scheduler.ledger import do_not_call
from scheduler.operations import do_not_call as operations
from scheduler.rights import Scope
from scheduler.web.api import do_not_call as api
from tests.web.running import RunningSite
from tests.web.visitors import ann, seen_by

LIST = "/api/v1/do-not-call"
NUMBER = "+12025550143"


def add(site: RunningSite, *entries: str, **said: Any) -> requests.Response:
    body = {"entries": list(entries), "why": "asked by phone"} | said
    return site.ask("POST", LIST, json=body)


def remove(site: RunningSite, *entries: str, **said: Any) -> requests.Response:
    body = {"entries": list(entries), "why": "a typing error"} | said
    return site.ask("DELETE", LIST, json=body)


def upload(
    site: RunningSite, body: object, kind: str = "text/csv", query: str = ""
) -> requests.Response:
    headers = {"Content-Type": kind}
    return site.ask("POST", f"{LIST}/import{query}", data=body, headers=headers)


def on_list(site: RunningSite) -> set[str]:
    return {entry for entry, _ in do_not_call.entries(site.ledger)}


def test_who_asks_not_to_be_called_is_on_the_list_with_who_wrote_it_down(site: RunningSite) -> None:
    with seen_by(site, ann(sees_numbers=True)):
        told = add(site, NUMBER).json()
        assert (told["added"], told["known"], told["live"], told["ended"]) == (
            [NUMBER],
            [],
            [],
            None,
        )
        assert add(site, "(202) 555-0143", region="us", why="again").json()["known"] == [NUMBER]
    found = site.get(f"{LIST}?number=202-555-0143&region=US").json()
    assert found["number"]["listed"]
    assert found["number"]["number"] == NUMBER
    assert found["number"]["by"]["why"] == "asked by phone (ann)"
    assert found["entries"] == [found["number"]["by"]]


def test_a_number_is_barred_by_a_prefix(site: RunningSite) -> None:
    add(site, "+1202*")
    by = site.get(f"{LIST}?number=%2B12025550143").json()["number"]["by"]
    assert (by["entry"], by["kind"]) == ("+1202*", "prefix")
    found = site.get(f"{LIST}?number=%2B13125550143").json()
    assert not found["number"]["listed"]
    assert (found["entries"], found["count"]) == ([], 1)


@pytest.mark.parametrize("count", [7, 700])
def test_the_list_is_turned_by_cursors(site: RunningSite, count: int) -> None:
    expected = {f"+1202555{n:04d}" for n in range(count)}
    do_not_call.import_entries(site.ledger, sorted(expected), "")
    seen: list[str] = []
    cursor, limit = "", 3 if count == 7 else 200
    while True:
        page = site.get(f"{LIST}?limit={limit}{cursor}").json()
        assert page["count"] == count
        assert len(page["entries"]) <= limit
        seen += [each["entry"] for each in page["entries"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert sorted(seen) == sorted(expected)


@pytest.mark.parametrize("cursor", ["!", "eA", "LTEg", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OSA"])
def test_what_is_no_cursor_is_refused(site: RunningSite, cursor: str) -> None:
    assert site.get(f"{LIST}?cursor={cursor}").status_code == 422


def test_numbers_are_masked_and_prefixes_shown(site: RunningSite) -> None:
    add(site, NUMBER, "+1202*", "+12025550*", "sip:12025550143@example.com", why=f"for {NUMBER}")
    with seen_by(site, ann()):
        answer = site.get(LIST)
        assert re.search(r"\d{7}", re.sub(r"\d+\.\d+", "", answer.text)) is None
        kinds = {each["kind"]: each["entry"] for each in answer.json()["entries"]}
        assert kinds["number"] == "…0143"
        assert {"+1202*"} < {each["entry"] for each in answer.json()["entries"]}
        for each in (
            site.get(f"{LIST}?number=%2B12025550143"),
            add(site, NUMBER),
            site.get(f"{LIST}/removals"),
        ):
            assert each.status_code == 200
            assert "5550143" not in each.text


@pytest.mark.parametrize(
    ("scope", "adds", "removes"),
    [(Scope.LOOK, 403, 403), (Scope.OPERATE, 200, 403), (Scope.ADMIN, 200, 200)],
)
def test_adding_protects_and_removing_exposes(
    site: RunningSite, scope: Scope, adds: int, removes: int
) -> None:
    with seen_by(site, ann(scope)):
        assert add(site, NUMBER).status_code == adds
        assert upload(site, NUMBER).status_code == adds
        assert remove(site, NUMBER).status_code == removes


def test_a_removal_is_on_record_with_who_and_why(site: RunningSite) -> None:
    add(site, NUMBER, "+12025550144", "+1202555*")
    with seen_by(site, ann(Scope.ADMIN, sees_numbers=True)):
        done = remove(site, NUMBER, "+12025550199").json()
    assert done == {
        "removed": [NUMBER],
        "missing": ["+12025550199"],
        "kept_by": {NUMBER: "+1202555*", "+12025550199": "+1202555*"},
    }
    (record,) = site.get(f"{LIST}/removals").json()["removals"]
    assert (record["who"], record["why"], record["count"]) == ("ann", "a typing error", 1)
    assert record["entries"] == ["…0143", "…0199"]
    assert NUMBER not in on_list(site)


def test_what_was_not_on_the_list_leaves_no_record(site: RunningSite) -> None:
    assert remove(site, NUMBER).json()["missing"] == [NUMBER]
    assert site.get(f"{LIST}/removals").json() == {"removals": []}


def test_a_prefix_is_taken_off_only_for_everybody(site: RunningSite) -> None:
    add(site, "+1*", NUMBER)
    answer = remove(site, NUMBER, "+1*")
    assert (answer.status_code, answer.json()["code"]) == (409, "prefix")
    assert on_list(site) == {"+1*", NUMBER}
    assert remove(site, "+1*", everybody=True).json()["removed"] == ["+1*"]


def test_entries_that_are_none_are_named_and_none_is_taken(site: RunningSite) -> None:
    answer = add(site, NUMBER, "202-555-0144", "nobody")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_entry")
    assert [fault["key"] for fault in answer.json()["errors"]] == ["entries.1", "entries.2"]
    assert "default_region" not in answer.text
    assert on_list(site) == set()
    assert add(site, NUMBER, region="XX").json()["code"] == "region"
    assert add(site, NUMBER, why="").status_code == 422


# Files --------------------------------------------------------------------------------------------


def test_a_file_of_a_hundred_thousand_lines_is_streamed(site: RunningSite) -> None:
    def lines() -> Iterator[bytes]:
        yield b"phone_number\n"
        for hundred in range(1000):
            yield b"".join(b"+1202%07d\n" % (5_000_000 + 100 * hundred + n) for n in range(100))

    with seen_by(site, ann()):
        done = upload(site, lines(), query="?name=registry.csv").json()
    assert (done["lines"], done["header"], done["listed"]) == (100_001, 1, 100_000)
    assert (done["added"], done["known"]) == (100_000, 0)
    found = site.get(f"{LIST}?number=%2B12025099999").json()["number"]["by"]
    assert found["why"] == "from registry.csv (ann)"
    again = upload(site, f"{NUMBER}\n+12025000001\n", "text/plain").json()
    assert (again["added"], again["known"]) == (1, 1)


def test_of_a_file_with_a_line_that_can_not_be_read_nothing_is_taken(site: RunningSite) -> None:
    answer = upload(site, f"{NUMBER}\nnobody at 202-555-0144\n", query="?name=a.txt")
    assert answer.status_code == 422
    assert [fault["line"] for fault in answer.json()["errors"]] == [2]
    assert "5550144" not in answer.text
    assert on_list(site) == set()


def test_a_file_may_be_compressed(site: RunningSite) -> None:
    body = gzip.compress(f"{NUMBER}\n".encode())
    assert upload(site, body, "application/gzip").json()["added"] == 1


def test_what_inflates_beyond_all_bounds_is_refused(
    site: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "MOST_BYTES", 1 << 20)
    bomb = gzip.compress(b"\n" * (8 << 20))
    assert len(bomb) < 1 << 16
    answer = upload(site, bomb, "application/gzip")
    assert (answer.status_code, answer.json()["code"]) == (422, "file")
    assert "at most 1 MiB" in answer.json()["detail"]


def test_more_prefixes_than_memory_should_be_given_to_are_refused(
    site: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "_MOST_OTHERS", 2)
    assert upload(site, "+1202*\n+1203*\n+12025550143\n", "text/plain").json()["added"] == 3
    assert upload(site, "+1204*\n+1205*\nsip:a@example.com\n", "text/plain").status_code == 422
    assert len(on_list(site)) == 3


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_file_that_is_too_long_is_cut_off(
    site: RunningSite, monkeypatch: pytest.MonkeyPatch, is_chunked: bool
) -> None:
    monkeypatch.setattr(api, "MOST_BYTES", 1000)
    body = b"+12025550143\n" * 200
    answer = upload(site, iter([body]) if is_chunked else body)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_long")
    assert on_list(site) == set()


def test_what_is_no_text_is_refused(site: RunningSite) -> None:
    assert upload(site, NUMBER, "application/pdf").status_code == 415
    assert upload(site, b"PK\x03\x04" + b"\0" * 100).status_code == 422
    assert upload(site, NUMBER, query="?encoding=none-such").status_code == 422
    assert on_list(site) == set()
