"""Unknown calls over the API: listed with their evidence, settled once, one by one and in bulk."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests

from scheduler.ledger import controls, keys, views
from scheduler.models import Attempt, OnUnknown
from scheduler.operations import unknown_calls
from scheduler.rights import Scope
from tests.web.lost import books_of, lose
from tests.web.running import RunningSite
from tests.web.visitors import ann, seen_by

UNKNOWN = "/api/v1/unknown"


def lost_of(site: RunningSite, count: int = 1, campaign_id: str = "c", **how: Any) -> list[Attempt]:
    """Return attempts of a campaign of the site, all of them lost."""
    books = books_of(site, **how)
    books.campaign(count, campaign_id)
    return [lose(books, "no answer from +12025550101") for _ in range(count)]


def settle(site: RunningSite, attempt: object, verdict: str, **said: Any) -> requests.Response:
    said = {"lookup": False} | said
    return site.ask("POST", f"{UNKNOWN}/{attempt}", json={"verdict": verdict, **said})


def settle_all(site: RunningSite, verdict: str, count: int, **said: Any) -> requests.Response:
    said = {"lookup": False} | said
    return site.ask("POST", UNKNOWN, json={"verdict": verdict, "count": count, **said})


def ending(site: RunningSite, attempt: Attempt) -> tuple[str, str | None, str | None]:
    found = views.result(site.ledger, attempt.campaign_id, attempt.row)
    return found["state"], found["disposition"], found["reason"]


# Listed -------------------------------------------------------------------------------------------


def test_an_unknown_call_is_listed_with_its_evidence(site: RunningSite) -> None:
    (attempt,) = lost_of(site)
    site.ledger.redis.zadd(keys.account("default", "searches"), {str(attempt): 1.8e9})
    site.ledger.redis.hset(keys.attempt(str(attempt)), "candidates", "CA1\nCA2")
    found = site.get(UNKNOWN).json()
    assert found["count"] == 1
    assert found["next_cursor"] is None
    (call,) = found["unknown"]
    assert call["attempt"] == str(attempt)
    assert (call["campaign_id"], call["account"], call["row"]) == ("c", "default", 1)
    assert call["reason"] == "answer_lost"
    assert call["phone_number"] == "+12025550001"
    assert call["held_until"] > call["begun_at"] > 0
    assert call["search_at"] == 1.8e9
    assert call["candidates"] == ["CA1", "CA2"]
    assert call["error"] == "no answer from +12025550101"


def test_one_that_was_settled_as_placed_is_listed_when_asked_for(site: RunningSite) -> None:
    first, second = lost_of(site, 2)
    assert settle(site, first, "placed").status_code == 200
    found = site.get(UNKNOWN).json()
    assert [each["attempt"] for each in found["unknown"]] == [str(second)]
    found = site.get(f"{UNKNOWN}?settled=true").json()
    assert [each["reason"] for each in found["unknown"]] == ["placed", "answer_lost"]
    assert found["count"] == 1


def test_one_that_is_dialled_again_by_itself_says_when_and_is_not_counted(
    site: RunningSite,
) -> None:
    books = books_of(site)
    books.campaign(1, on_unknown=OnUnknown.REDIAL)
    lose(books)
    found = site.get(UNKNOWN).json()
    assert found["count"] == 0
    assert found["unknown"][0]["reason"] is None
    assert found["unknown"][0]["redial_at"] == pytest.approx(found["unknown"][0]["held_until"])


def test_the_list_is_turned_by_cursors(site: RunningSite) -> None:
    attempts = [*lost_of(site, 3, "older"), *lost_of(site, 2, "newer")]
    seen: list[str] = []
    cursor = ""
    while True:
        page = site.get(f"{UNKNOWN}?limit=2{cursor}").json()
        seen += [each["attempt"] for each in page["unknown"]]
        assert len(page["unknown"]) <= 2
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert sorted(seen) == sorted(map(str, attempts))
    assert seen[0].startswith("newer")


def test_a_page_looks_at_so_many_rows_and_the_next_one_goes_on(
    site: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unknown_calls, "_MOST_ROWS", 3)
    books = books_of(site)
    books.campaign(8)
    for _ in range(7):
        books.finish(books.begun())
    attempt = lose(books)
    pages = []
    cursor = ""
    for _ in range(3):
        page = site.get(f"{UNKNOWN}?{cursor}").json()
        pages.append([each["attempt"] for each in page["unknown"]])
        cursor = f"cursor={page['next_cursor']}"
    assert pages == [[], [], [str(attempt)]]
    assert page["next_cursor"] is None


def test_campaigns_without_unknown_calls_cost_no_look_at_their_rows(
    site: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = books_of(site)
    books.campaign(5)
    monkeypatch.setattr(unknown_calls, "_of_campaign", None)
    assert site.get(UNKNOWN).json() == {"unknown": [], "count": 0, "next_cursor": None}


@pytest.mark.parametrize("cursor", ["!", "AAAA", "MSAx", "%00"])
def test_what_is_no_cursor_is_refused(site: RunningSite, cursor: str) -> None:
    lost_of(site)
    answer = site.get(f"{UNKNOWN}?cursor={cursor}")
    assert (answer.status_code, answer.json()["code"]) == (422, "cursor")


def test_calls_of_other_accounts_are_hidden_and_numbers_masked(site: RunningSite) -> None:
    lost_of(site, 1, "ours", account="acme")
    (theirs,) = lost_of(site, 1, "theirs", account="globex")
    with seen_by(site, ann(Scope.OPERATE, "acme")):
        answer = site.get(UNKNOWN)
        assert [each["campaign_id"] for each in answer.json()["unknown"]] == ["ours"]
        assert answer.json()["count"] == 1
        assert re.search(r"\d{7}", re.sub(r"\d+\.\d+", "", answer.text)) is None
        assert site.get(f"{UNKNOWN}?campaign=theirs").json()["unknown"] == []
        assert settle(site, theirs, "placed").status_code == 404
        assert settle_all(site, "placed", 2).json()["code"] == "count_moved"
        assert settle_all(site, "placed", 1).json()["settled"] == 1
    assert ending(site, theirs) == ("ended", "unknown", "answer_lost")


def test_who_may_only_look_settles_nothing(site: RunningSite) -> None:
    (attempt,) = lost_of(site)
    with seen_by(site, ann(Scope.LOOK)):
        assert site.get(UNKNOWN).status_code == 200
        assert settle(site, attempt, "placed").status_code == 403
        assert settle_all(site, "placed", 1).status_code == 403
        assert site.ask("POST", f"{UNKNOWN}/lookup", json={"campaign": "c"}).status_code == 403


def test_what_another_program_has_changed_keeps_nobody_from_the_others(site: RunningSite) -> None:
    attempts = lost_of(site, 3)
    other = site.ledger.redis
    other.hset(keys.call("c", 2), "attempt", "x")
    other.hset(keys.campaign("c", "dispositions"), "unknown:lease", "many")
    other.set(keys.campaign("d", "meta"), "rubbish")
    other.zadd("callsched:campaigns", {"d": 1, "e": 2})
    other.hset(keys.campaign("e", "meta"), mapping={"account": "default", "total": "x"})
    other.set(keys.campaign("e", "dispositions"), "rubbish")
    found = site.get(UNKNOWN).json()["unknown"]
    assert [each["attempt"] for each in found] == [str(attempts[0]), str(attempts[2])]
    assert site.get("/attention").status_code == 200


# Settled one by one -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        ("placed", ("ended", "unknown", "placed")),
        ("not_placed", ("ended", "skipped", "not_placed")),
        ("redial", ("pending", None, None)),
    ],
)
def test_a_verdict_is_done_once_and_may_be_said_again(
    site: RunningSite, verdict: str, expected: tuple[str, str | None, str | None]
) -> None:
    (attempt,) = lost_of(site)
    with seen_by(site, ann()):
        answers = [settle(site, attempt, verdict, note="by mail") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    told = answers[0].json()
    assert (told["state"], told["disposition"], told["reason"]) == expected
    assert ending(site, attempt) == expected
    (order,) = controls.of_campaign(site.ledger, "c")
    assert (order.what, order.who) == ("settle", "ann")
    assert order.note.startswith("row 1 as")
    assert order.note.endswith("by mail")


def test_a_call_that_is_unknown_no_longer_says_how_it_ended(site: RunningSite) -> None:
    books = books_of(site)
    books.campaign(1)
    attempt = books.confirmed()
    answer = settle(site, attempt, "not_placed")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_unknown")
    assert "stopped" in answer.json()["detail"]
    assert controls.of_campaign(site.ledger, "c") == []


def test_another_attempt_of_the_call_is_not_settled(site: RunningSite) -> None:
    lost_of(site)
    answer = settle(site, "c:1:9", "placed")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_unknown")


@pytest.mark.parametrize("attempt", ["c", "c:1", "c:9:1", "c:0:1", "none:1:1", "c:1:1:1:x"])
def test_an_attempt_that_there_is_none_of_is_not_found(site: RunningSite, attempt: str) -> None:
    lost_of(site)
    assert settle(site, attempt, "placed").status_code == 404


@pytest.mark.parametrize("body", [{}, {"verdict": "perhaps"}, {"verdict": "placed", "more": 1}])
def test_what_is_no_verdict_is_refused(site: RunningSite, body: dict[str, Any]) -> None:
    (attempt,) = lost_of(site)
    assert site.ask("POST", f"{UNKNOWN}/{attempt}", json=body).status_code == 422
    assert ending(site, attempt)[1] == "unknown"


def test_no_phone_rings_again_while_the_provider_can_not_be_asked(site: RunningSite) -> None:
    (attempt,) = lost_of(site)
    answer = settle(site, attempt, "redial", lookup=True)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_asked")
    assert ending(site, attempt) == ("ended", "unknown", "answer_lost")
    assert settle(site, attempt, "placed", lookup=True).status_code == 200  # rings nobody


def test_no_phone_rings_again_whose_conversation_was_found(site: RunningSite) -> None:
    (attempt,) = lost_of(site)
    site.ledger.redis.hset(keys.attempt(str(attempt)), "conversation_id", "heard")
    answer = settle(site, attempt, "not_placed")
    assert (answer.status_code, answer.json()["code"]) == (409, "may_be_placed")
    assert ending(site, attempt)[1] == "unknown"


def test_a_call_that_somebody_has_found_is_attached_once(site: RunningSite) -> None:
    (attempt,) = lost_of(site)
    answers = [settle(site, attempt, "attach", call="CA77") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert ending(site, attempt)[0] == "connected"
    (order,) = controls.of_campaign(site.ledger, "c")
    assert order.note == "row 1 is CA77"


def test_a_call_that_it_may_be_is_ended(site: RunningSite) -> None:
    (attempt,) = lost_of(site)
    assert settle(site, attempt, "end").status_code == 409
    assert settle(site, attempt, "end", call="CA77").status_code == 200
    assert "CA77" in site.ledger.redis.hgetall(keys.account("default", "orphans"))
    assert ending(site, attempt)[1] == "unknown"


# Looked up ----------------------------------------------------------------------------------------


def test_a_look_up_says_when_the_provider_can_not_be_asked(site: RunningSite) -> None:
    lost_of(site)
    answer = site.ask("POST", f"{UNKNOWN}/lookup", json={"campaign": "c"})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_asked")


def test_a_look_up_needs_the_credentials_of_the_account(site: RunningSite) -> None:
    lost_of(site, account="acme")
    answer = site.ask("POST", f"{UNKNOWN}/lookup", json={"campaign": "c"})
    assert (answer.status_code, answer.json()["code"]) == (422, "settings")


def test_a_look_up_of_nothing_asks_nobody(site: RunningSite) -> None:
    books_of(site).campaign(1)
    answer = site.ask("POST", f"{UNKNOWN}/lookup", json={"campaign": "c"})
    assert answer.json() == {"campaign_id": "c", "calls": [], "errors": []}


# In bulk ------------------------------------------------------------------------------------------


def test_all_that_a_filter_has_are_settled(site: RunningSite) -> None:
    ours = lost_of(site, 3, "ours")
    others = lost_of(site, 2, "others")
    with seen_by(site, ann()):
        answer = settle_all(site, "not_placed", 3, campaign="ours", note="the trunk was down")
    assert answer.json() == {"count": 3, "settled": 3, "proven": 0, "candidates": 0, "stale": 0}
    assert {ending(site, each) for each in ours} == {("ended", "skipped", "not_placed")}
    assert {ending(site, each)[1] for each in others} == {"unknown"}
    (order,) = controls.of_campaign(site.ledger, "ours")
    assert (order.what, order.who) == ("settle", "ann")
    assert order.note == "3 unknown calls as not placed: the trunk was down"


@pytest.mark.parametrize("count", [0, 2, 4])
def test_nothing_is_settled_when_the_count_has_moved(site: RunningSite, count: int) -> None:
    attempts = lost_of(site, 3)
    answer = settle_all(site, "placed", count)
    assert (answer.status_code, answer.json()["code"]) == (409, "count_moved")
    assert "3 calls" in answer.json()["detail"]
    assert {ending(site, each)[2] for each in attempts} == {"answer_lost"}


def test_one_that_is_dialled_again_by_itself_is_not_meant_by_a_filter(site: RunningSite) -> None:
    books = books_of(site)
    books.campaign(2, on_unknown=OnUnknown.REDIAL)
    waiting = lose(books)
    assert settle_all(site, "placed", 0).json()["settled"] == 0
    assert ending(site, waiting)[0] == "pending"


def test_in_bulk_too_the_provider_is_asked_first(site: RunningSite) -> None:
    attempts = lost_of(site, 2)
    answer = settle_all(site, "not_placed", 2, lookup=True)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_asked")
    assert {ending(site, each)[1] for each in attempts} == {"unknown"}


def test_proven_calls_are_left_alone_in_bulk(site: RunningSite) -> None:
    first, second = lost_of(site, 2)
    site.ledger.redis.hset(keys.attempt(str(first)), "conversation_id", "heard")
    told = settle_all(site, "not_placed", 2).json()
    assert (told["settled"], told["proven"]) == (1, 1)
    assert (ending(site, first)[1], ending(site, second)[1]) == ("unknown", "skipped")


@pytest.mark.parametrize("verdict", ["attach", "end"])
def test_what_is_for_one_call_is_not_said_of_many(site: RunningSite, verdict: str) -> None:
    assert settle_all(site, verdict, 0).status_code == 422
