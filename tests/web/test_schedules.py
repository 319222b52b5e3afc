"""Schedules over the API and as pages: when they fire, what became of it, and their controls."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from scheduler.ledger import schedules
from scheduler.ledger.schedules import Firing, Launch
from scheduler.models import FiringState, Schedule
from scheduler.operations.schedules import FIRE_WITHIN_SECONDS
from scheduler.rights import Scope
from tests.web.running import RunningSite
from tests.web.visitors import ann, seen_by

LIST = "/api/v1/schedules"
MARKUP = "<img src=x>"


def add(site: RunningSite, name: str = "nightly", account: str = "default") -> None:
    rule = Schedule(cron="0 9 * * *", timezone="America/New_York")
    launch = Launch(f"/srv/{name}.yaml", "utf-8", rule)
    next_at = time.time() + 60
    schedules.add(site.ledger, name, account, launch, next_at=next_at, who="ana@desk")


def told(site: RunningSite, state: FiringState, why: str, account: str = "default") -> None:
    """Write down what became of a firing that was asked for, as a worker does."""
    schedules.ask_firing(site.ledger, "nightly", at=1_790_000_000.0, who="ana")
    taken = schedules.take(site.ledger, account, "t")
    assert taken is not None
    firing = Firing(taken.waiting[0][0], taken.waiting[0][1], state, why)
    assert schedules.record(site.ledger, taken, [firing], next_at=time.time() + 60)


def api(site: RunningSite, method: str, path: str, **body: Any) -> requests.Response:
    return site.ask(method, f"{LIST}/nightly{path}", json=body)


def post(site: RunningSite, path: str, **fields: object) -> requests.Response:
    return site.ask("POST", f"/schedules/nightly{path}", data=fields)


def state_of(site: RunningSite) -> str:
    return schedules.view(site.ledger, "nightly").state


# The API ------------------------------------------------------------------------------------------


def test_a_schedule_says_when_it_fires_and_what_became_of_it(site: RunningSite) -> None:
    add(site)
    told(site, FiringState.FAILED, "line 7: +12025550143 is no number")
    found = site.get(f"{LIST}/nightly").json()
    assert (found["cron"], found["timezone"], found["state"]) == (
        "0 9 * * *",
        "America/New_York",
        "active",
    )
    assert len(found["next"]) == 5
    assert found["next"][0]["at"] < found["next"][1]["at"]
    assert " 09:00:00 E" in found["next"][0]["local"]
    assert found["firings"][0]["state"] == "failed"
    assert found["wrong"]
    with seen_by(site, ann(Scope.LOOK)):
        assert "5550143" not in site.get(f"{LIST}/nightly").text


def test_schedules_are_turned_by_cursors_and_those_of_others_hidden(site: RunningSite) -> None:
    for n in range(5):
        add(site, f"s{n}", "acme" if n % 2 else "globex")
    with seen_by(site, ann(Scope.LOOK, "globex")):
        first = site.get(f"{LIST}?limit=2").json()
        second = site.get(f"{LIST}?limit=2&cursor={first['next_cursor']}").json()
        names = [each["name"] for each in (*first["schedules"], *second["schedules"])]
        assert names == ["s4", "s2", "s0"]
        assert second["next_cursor"] is None
        assert site.get(f"{LIST}/s1").status_code == 404
        assert site.get("/schedules/s1").status_code == 404
        assert "s1" not in site.get("/schedules").text
    assert site.get(f"{LIST}?cursor=eA").json()["code"] == "cursor"


def test_an_empty_list_is_one(site: RunningSite) -> None:
    assert site.get(LIST).json() == {"schedules": [], "next_cursor": None}
    assert site.get(f"{LIST}/nightly").json()["code"] == "no_such_schedule"


def test_a_schedule_is_paused_with_a_note_and_resumed(site: RunningSite) -> None:
    add(site)
    with seen_by(site, ann(Scope.START)):
        for _ in range(2):
            paused = api(site, "POST", "/pause", note="the office is closed").json()
            assert paused["state"] == "paused"
        assert (paused["note"], paused["changed_by"]) == ("the office is closed", "ann")
        assert paused["changed_at"] == pytest.approx(time.time(), abs=30)
        assert api(site, "POST", "/pause").status_code == 422
        for _ in range(2):
            assert api(site, "POST", "/resume").json()["state"] == "active"


def test_a_firing_that_is_asked_for_twice_is_one(site: RunningSite) -> None:
    add(site)
    now = int(time.time())
    with seen_by(site, ann(Scope.START)):
        asked = [api(site, "POST", "/fire", at=now) for _ in range(2)]
    assert [each.status_code for each in asked] == [202, 202]
    (firing,) = site.get(f"{LIST}/nightly").json()["firings"]
    assert firing["campaign_id"] == asked[0].json()["campaign_id"]
    assert (firing["state"], firing["why"]) == ("waiting", "asked for by ann")
    assert site.ask("POST", f"{LIST}/nightly/fire").status_code == 202
    assert api(site, "POST", "/fire", at=now - FIRE_WITHIN_SECONDS - 5).status_code == 409
    assert api(site, "POST", "/fire", at=now + 3600).status_code == 409


def test_a_schedule_is_removed_and_that_is_on_record(site: RunningSite) -> None:
    add(site)
    with seen_by(site, ann(Scope.START)):
        assert api(site, "DELETE", "").status_code == 204
        assert api(site, "DELETE", "").status_code == 404
    (removed,) = schedules.removed(site.ledger)
    assert (removed.name, removed.who, removed.account) == ("nightly", "ann", "default")
    assert "nightly, by ann" in site.get("/schedules").text


def test_who_may_not_have_people_called_changes_no_schedule(site: RunningSite) -> None:
    add(site)
    with seen_by(site, ann(Scope.OPERATE)):
        for path in ("/pause", "/resume", "/fire"):
            assert api(site, "POST", path, note="n").status_code == 403
            assert post(site, path, note="n", at=1).status_code == 403
        assert api(site, "DELETE", "").status_code == 403
        page = site.get("/schedules/nightly").text
        assert 'method="post"' not in page
        assert "/fire" not in page
    assert state_of(site) == "active"


# The pages ----------------------------------------------------------------------------------------


def test_the_next_firings_stand_in_the_zone_of_the_schedule(site: RunningSite) -> None:
    add(site)
    for path in ("/schedules", "/schedules/nightly"):
        assert site.get(path).text.count('data-zone="America/New_York"') == 5


def test_what_was_skipped_says_why_and_markup_stays_text(site: RunningSite) -> None:
    add(site)
    told(site, FiringState.SKIPPED, f"paused: {MARKUP}")
    schedules.pause(site.ledger, "nightly", note=MARKUP, who=MARKUP)
    for path in ("/schedules", "/schedules/nightly"):
        page = site.get(path).text
        assert MARKUP not in page
        assert "&lt;img src=x&gt;" in page
    assert "skipped" in page


def test_a_page_that_is_stale_changes_nothing(site: RunningSite) -> None:
    add(site)
    assert post(site, "/pause", note="n", seen="active").status_code == 303
    answer = post(site, "/pause", note="another", seen="active")
    assert answer.status_code == 409
    assert "is paused by now" in answer.text
    assert schedules.view(site.ledger, "nightly").note == "n"
    assert post(site, "/resume", seen="paused").headers["location"].endswith("?done=resumed")
    assert post(site, "/pause", note=" ", seen="active").status_code == 422


def test_a_firing_is_confirmed_first_and_not_from_an_old_page(site: RunningSite) -> None:
    add(site)
    page = site.get("/schedules/nightly/fire").text
    at = int(page.partition('name="at" value="')[2].partition('"')[0])
    for _ in range(2):
        assert post(site, "/fire", at=at).status_code == 303
    assert len(schedules.firings_of(site.ledger, "nightly")) == 1
    old = post(site, "/fire", at=at - 3600)
    assert old.status_code == 409
    assert "nothing was fired" in old.text


def test_a_schedule_is_removed_by_its_typed_name(site: RunningSite) -> None:
    add(site)
    assert "Type its name" in site.get("/schedules/nightly/remove").text
    assert post(site, "/remove", typed="nightl").status_code == 409
    assert state_of(site) == "active"
    assert post(site, "/remove", typed="nightly").headers["location"] == "/schedules?done=removed"
    assert schedules.views(site.ledger) == []
