"""Calling some contacts again from the pages."""

from __future__ import annotations

import re

import pytest

from scheduler.ledger import campaigns, controls, views
from scheduler.ledger.ledger import Control
from tests.web.running import RunningSite

GOOD = [f"+120255501{n:02}" for n in range(3)]
PATH = "/campaigns/one/again"


@pytest.fixture
def ended(site: RunningSite) -> RunningSite:
    """A campaign whose calls were called off."""
    contacts = [{"phone_number": each} for each in GOOD]
    body = {"contacts": contacts, "call": {"script": [{"say": "x"}]}, "max_duration": "2m"}
    assert site.ask("PUT", "/api/v1/campaigns/one", json=body).status_code == 201
    cancel(site)
    return site


def cancel(site: RunningSite) -> None:

    campaigns.cancel(site.ledger, "one", Control("test"))
    campaigns.end_pending(site.ledger, "one")


def hidden(page: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page):
        found.setdefault(name, []).append(value)
    return found


def test_those_that_were_counted_are_called_again_once(ended: RunningSite) -> None:
    page = ended.get(PATH).text
    assert "skipped: cancelled (3)" in page
    page = ended.get(f"{PATH}?end=skipped:cancelled").text
    assert "<strong>3 contacts</strong> on account default" in page
    assert "6 minutes at worst" in page
    form = hidden(page)
    answer = ended.ask("POST", PATH, data=form)
    assert answer.status_code == 303, answer.text
    taker = form["campaign_id"][0]
    assert answer.headers["location"] == f"/campaigns/{taker}?done=launched"
    assert views.campaign(ended.ledger, taker).total == 3
    (noted,) = controls.of_campaign(ended.ledger, taker)
    assert (noted.what, noted.note) == ("launch", "again for skipped:cancelled of one")
    again = ended.ask("POST", PATH, data=form)
    assert again.status_code == 409
    assert "Nothing to do" in ended.get(f"{PATH}?end=skipped:cancelled").text
    assert len(views.campaign_ids(ended.ledger)) == 2


def test_a_count_that_has_moved_on_calls_nobody(ended: RunningSite) -> None:
    form = hidden(ended.get(f"{PATH}?end=skipped:cancelled").text)
    for changed in ({"count": "2"}, {"campaign_id": "other"}, {"end": "rejected"}):
        assert ended.ask("POST", PATH, data=form | changed).status_code == 409
    assert views.campaign_ids(ended.ledger) == ["one"]


def test_an_end_that_is_none_is_said_on_the_page(ended: RunningSite) -> None:
    answer = ended.get(f"{PATH}?end=<b>")
    assert answer.status_code == 422
    assert "&lt;b&gt;" in answer.text
    assert ended.get("/campaigns/none/again").status_code == 404
