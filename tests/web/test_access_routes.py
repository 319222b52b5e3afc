"""Every route has a rule, or stands on one list; and holds to it over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import APIRouter, FastAPI

from scheduler.operations import access_tokens
from scheduler.rights import Scope
from scheduler.web.problems import FOR_PROGRAMS
from scheduler.web.site import Looks
from tests.web.routes import Walked, every_route
from tests.web.running import Browser, RunningSite

#: For anybody. Callbacks are believed by their signatures alone; /metrics has a rule of its own.
OPEN = {
    "GET /sign-in",
    "POST /sign-in",
    "GET /static/{rest}",
    "GET /healthz",
    "HEAD /healthz",
    "GET /readyz",
    "GET /metrics",
    "GET /callbacks/{rest:path}",
    "HEAD /callbacks/{rest:path}",
    "POST /callbacks/{rest:path}",
}
#: What changes nothing but one's own account, or nothing at all, though it is sent by POST.
FOR_WHO_LOOKS = {
    "POST /sign-out",
    "POST /account/password",
    "POST /account/sessions",
    # To reveal a number: who sees all of them anyway needs no scope for that.
    "POST /campaigns/{campaign_id}/contacts/{contact:path}",
}


def guarded(site: RunningSite) -> list[Walked]:
    return [route for route in every_route(site.app) if str(route) not in OPEN]


def test_every_route_has_a_rule_or_is_on_the_list(site: RunningSite) -> None:
    assert [str(each) for each in guarded(site) if each.scope is None] == []
    assert {str(each) for each in every_route(site.app)} >= OPEN
    unsafe = {str(each) for each in guarded(site) if not each.is_safe and each.scope is Scope.LOOK}
    assert unsafe <= FOR_WHO_LOOKS


def test_the_walk_finds_a_route_without_a_rule_however_deep_it_is_included() -> None:
    inner, outer, app = APIRouter(), APIRouter(prefix="/api"), FastAPI(openapi_url=None)

    @inner.get("/open")
    def open_() -> None: ...

    @inner.post("/shut")
    def shut(visitor: Looks) -> None: ...

    outer.include_router(inner, prefix="/v1")
    app.include_router(outer)
    walked = {str(each): each.scope for each in every_route(app) if "/v1/" in each.path}
    assert walked == {"GET /api/v1/open": None, "POST /api/v1/shut": Scope.LOOK}


def test_nobody_gets_an_answer_of_any_route(site: RunningSite) -> None:
    for route in guarded(site):
        answer = site.ask(route.method, route.example, token=None)
        if route.path.startswith(FOR_PROGRAMS):
            assert answer.status_code == 401, route
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.headers["content-type"] == "application/problem+json"
        else:
            assert answer.status_code == 303, route
            assert answer.headers["location"].startswith("/sign-in"), route
        assert "set-cookie" not in answer.headers


@pytest.fixture
def lookers(site: RunningSite) -> Iterator[tuple[str, Browser]]:
    """Somebody who may look alone: by a token, and signed in."""
    _, token = access_tokens.create(site.ledger, "looker", Scope.LOOK, who="test")
    yield token, site.sign_in("looker", "look")


def test_who_looks_is_refused_whatever_changes_something(
    site: RunningSite, lookers: tuple[str, Browser]
) -> None:
    token, browser = lookers
    walked = [each for each in guarded(site) if each.scope is not Scope.LOOK]
    for route in walked:
        assert site.ask(route.method, route.example, token=token).status_code == 403, route
        assert browser.ask(route.method, route.example).status_code == 403, route


def test_no_page_of_somebody_else_changes_anything(
    site: RunningSite, lookers: tuple[str, Browser]
) -> None:
    admin = site.sign_in("ada", "admin")
    elsewhere = {"Origin": "https://evil.example.com", "Sec-Fetch-Site": "cross-site"}
    for route in guarded(site):
        if route.is_safe:
            continue
        crossed = admin.ask(route.method, route.example, headers=elsewhere)
        assert crossed.status_code == 403, route
        unknown = admin.ask(route.method, route.example, headers={"X-CSRF-Token": "0" * 64})
        assert unknown.status_code == 403, route
    assert admin.get("/account").status_code == 200
