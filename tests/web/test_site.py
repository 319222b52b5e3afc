"""What holds for the site as a whole."""

from __future__ import annotations

import pytest

from tests.web.running import RunningSite


def test_healthz_is_for_anybody_and_has_the_id_of_the_ledger(site: RunningSite) -> None:
    answer = site.get("/healthz", token=None)
    assert answer.status_code == 200
    assert answer.json()["ledger"]


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/campaigns/../nothing"])
def test_a_path_of_the_api_that_there_is_none_of_is_a_problem(site: RunningSite, path: str) -> None:
    answer = site.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "not_found"
