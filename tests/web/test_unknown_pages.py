"""What needs a person, as pages: each works by links and forms alone."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
import requests

from scheduler.ledger import controls, keys, schedules, views
from scheduler.ledger.schedules import Launch
from scheduler.models import Attempt, Schedule
from scheduler.rights import Scope
from tests.web.lost import books_of, lose
from tests.web.running import RunningSite
from tests.web.visitors import ann, seen_by

MARKUP = "<img src=x>"


def lost_of(site: RunningSite, count: int = 1, campaign_id: str = "c", **how: Any) -> list[Attempt]:
    books = books_of(site, **how)
    books.campaign(count, campaign_id)
    return [lose(books, "no answer from +12025550101") for _ in range(count)]


def post(site: RunningSite, path: str, **fields: object) -> requests.Response:
    return site.ask("POST", path, data=fields)


def reason(site: RunningSite, attempt: Attempt) -> str | None:
    found = views.result(site.ledger, attempt.campaign_id, attempt.row)["reason"]
    assert found is None or isinstance(found, str)
    return found


def test_unknown_calls_are_shown_masked_with_a_button_for_each_verdict(site: RunningSite) -> None:
    lost_of(site)
    page = site.get("/attention").text
    assert "…0001" in page
    assert "5550001" not in page
    assert "5550101" not in page
    assert re.findall(r'name="verdict" value="(\w+)"', page) == [
        "placed",
        "not_placed",
        "redial",
        "attach",
        "end",
    ]
    assert "The provider&#39;s answer" in page or "The provider's answer" in page


def test_who_may_only_look_is_offered_no_verdict(site: RunningSite) -> None:
    lost_of(site)
    with seen_by(site, ann(Scope.LOOK)):
        page = site.get("/attention").text
        assert "…0001" in page
        assert 'method="post"' not in page
        assert "/attention/settle" not in page
        assert site.get("/attention/settle?verdict=placed").status_code == 403


def test_markup_in_a_name_stays_text(site: RunningSite) -> None:
    lost_of(site, 1, f"n{MARKUP}")
    site.ledger.redis.hset(keys.campaign(f"n{MARKUP}", "meta"), "name", MARKUP)
    for path in ("/attention", f"/attention?campaign={MARKUP}", "/attention/settle?verdict=placed"):
        page = site.get(path).text
        assert MARKUP not in page
    assert "&lt;img src=x&gt;" in page


def test_a_verdict_leads_back_to_the_same_filter(site: RunningSite) -> None:
    (attempt,) = lost_of(site)
    fields = {"attempt": attempt, "verdict": "placed", "campaign": "c", "account": "default"}
    answer = post(site, "/attention/settle-one", **fields)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/attention?account=default&campaign=c&done=placed"
    assert reason(site, attempt) == "placed"
    page = site.get(answer.headers["location"]).text
    assert "never dialled again" in page
    assert str(attempt) not in page


def test_before_a_phone_rings_again_somebody_has_to_insist(site: RunningSite) -> None:
    (attempt,) = lost_of(site)
    fields = {"attempt": attempt, "verdict": "redial"}
    answer = post(site, "/attention/settle-one", **fields)
    assert answer.status_code == 409
    assert 'name="asks" value="not"' in answer.text
    assert reason(site, attempt) == "answer_lost"
    assert post(site, "/attention/settle-one", asks="not", **fields).status_code == 303
    assert reason(site, attempt) is None


def test_a_call_that_is_unknown_no_longer_is_not_settled(site: RunningSite) -> None:
    books = books_of(site)
    books.campaign(1)
    attempt = books.confirmed()
    answer = post(site, "/attention/settle-one", attempt=attempt, verdict="placed")
    assert answer.status_code == 409
    assert "not unknown any more: stopped" in answer.text
    assert 'name="asks"' not in answer.text


def test_in_bulk_the_numbers_are_shown_first_and_held_to(site: RunningSite) -> None:
    first, *_ = lost_of(site, 3)
    lost_of(site, 1, "other")
    page = site.get("/attention/settle?verdict=placed&campaign=c").text
    assert "3 unknown calls" in page
    assert 'name="count" value="3"' in page
    post(site, "/attention/settle-one", attempt=first, verdict="placed")
    fields = {"verdict": "placed", "campaign": "c", "note": "I rang them"}
    moved = post(site, "/attention/settle", count=3, **fields)
    assert moved.status_code == 409
    assert "this would now settle 2 calls, not 3" in moved.text
    assert 'name="count" value="2"' in moved.text
    done = post(site, "/attention/settle", count=2, **fields)
    assert done.headers["location"] == "/attention?campaign=c&settled=2&left=0"
    assert "2 calls are settled" in site.get(done.headers["location"]).text
    assert (
        controls.of_campaign(site.ledger, "c")[0].note == "2 unknown calls as placed: I rang them"
    )


@pytest.mark.parametrize("verdict", ["attach", "perhaps", ""])
def test_what_is_for_one_call_is_not_said_of_many(site: RunningSite, verdict: str) -> None:
    assert site.get(f"/attention/settle?verdict={verdict}").status_code == 422
    assert post(site, "/attention/settle", verdict=verdict, count=0).status_code == 422


def test_what_stands_still_is_shown_with_its_reason(site: RunningSite) -> None:
    books = books_of(site)
    books.campaign(2, "halted")
    books.finish(books.begun())
    meta = {"state": "paused", "stopped_itself": "12 of the last 20 calls failed"}
    site.ledger.redis.hset(keys.campaign("halted", "meta"), mapping=meta)
    site.ledger.redis.hset(keys.account("default", "blocks"), "f", "401: refused")
    launch = Launch("/srv/c.yaml", "utf-8", Schedule(cron="0 9 * * *", timezone="UTC"))
    next_at = time.time() + 60
    schedules.add(site.ledger, "nightly", "default", launch, next_at=next_at, who="ana")
    site.ledger.redis.hset(keys.schedule("nightly"), "error", "c.yaml: no such file")
    page = site.get("/attention").text
    for expected in (
        "12 of the last 20 calls failed",
        'href="/campaigns/halted"',
        "Blocked: 401: refused",
        '<a href="/schedules/nightly">nightly</a>: c.yaml: no such file',
        'href="/campaigns/halted/rejects"',
    ):
        assert expected in page
    with seen_by(site, ann(Scope.LOOK, "acme")):
        page = site.get("/attention").text
        assert "halted" not in page
        assert "nightly" not in page
        assert "Blocked" not in page
