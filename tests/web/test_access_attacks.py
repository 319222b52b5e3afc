"""Who should not come in, and what they try."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from fastapi import Request

from scheduler.errors import LedgerUnreachable
from scheduler.ledger import keys
from scheduler.operations import access_tokens, users
from scheduler.rights import Scope
from scheduler.settings import Settings
from scheduler.web import gate
from scheduler.web.bounds import BODY_BYTES
from scheduler.web.console.sign_in import own_path
from scheduler.web.rates import BURST
from scheduler.web.site import Looks, OnSite
from tests.web.running import PASSWORD, TOKEN, Browser, RunningSite

PUBLIC = "https://calls.example.com"


def site_of(running: RunningSite, **settings: Any) -> RunningSite:
    """Return another site of the same ledger, whose settings let nobody in by themselves."""
    changed: Settings = running.settings.model_copy(update={"web_token": None, **settings})
    return RunningSite(running.ledger, changed)


@pytest.fixture(scope="module")
def local_site(running: RunningSite) -> Iterator[RunningSite]:
    with site_of(running) as site:
        yield site


@pytest.fixture(scope="module")
def public_site(running: RunningSite) -> Iterator[RunningSite]:
    with site_of(running, public_url=PUBLIC) as site:
        yield site


@pytest.fixture
def local(local_site: RunningSite, site: RunningSite) -> RunningSite:
    """A site on loopback, of an empty ledger."""
    return local_site


@pytest.fixture
def public(public_site: RunningSite, site: RunningSite) -> RunningSite:
    """A site with a public address, of an empty ledger."""
    return public_site


@pytest.fixture
def ada(site: RunningSite) -> Browser:
    return site.sign_in("ada", "admin")


def ask(site: RunningSite, path: str, **headers: str) -> requests.Response:
    return site.get(path, token=None, headers=headers)


# Closed by default


@pytest.mark.parametrize("path", ["/", "/sign-in", "/api/v1/campaigns", "/static/style.css"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example.com"},
        {"Host": "127.0.0.1:1"},
        {"Host": "localhost"},
        {"X-Forwarded-For": "192.0.2.1"},
        {"X-Forwarded-Anything": "x"},
        {"Forwarded": "for=192.0.2.1"},
        {"X-Real-IP": "192.0.2.1"},
        {"Via": "1.1 proxy"},
    ],
    ids=str,
)
def test_without_users_nobody_comes_in_from_elsewhere(
    local: RunningSite, path: str, headers: dict[str, str]
) -> None:
    answer = ask(local, path, **headers)
    assert answer.status_code == 404
    assert "callsched user add" in answer.text
    assert ask(local, "/healthz", **headers).status_code == 200
    assert local.ask("POST", "/callbacks/main/c-1:0:1/status", token=None).status_code == 403


def test_with_a_public_address_and_no_user_nobody_comes_in(public: RunningSite) -> None:
    key = public.app.state.site.first_key.make()
    for path in ("/", "/sign-in", f"/sign-in?key={key}", "/metrics", "/openapi.json"):
        for host in ({}, {"Host": "calls.example.com"}):
            assert ask(public, path, **host).status_code == 404, path
    assert ask(public, "/healthz").status_code == 200
    users.add(public.ledger, "ada", Scope.LOOK, PASSWORD, who="test")
    assert ask(public, "/sign-in", Host="calls.example.com").status_code == 200
    assert ask(public, "/metrics").status_code == 401
    _, token = access_tokens.create(public.ledger, "prometheus", Scope.LOOK, who="test")
    scraped = public.get("/metrics", token=token)
    assert 'callsched_web_requests_total{part="healthz",status="200"}' in scraped.text
    assert "callsched_web_ledger_up 1.0" in scraped.text


def test_a_public_path_that_is_one_of_the_console_still_leads_to_callbacks(
    running: RunningSite,
) -> None:
    with site_of(running, public_url=f"{PUBLIC}/campaigns") as site:
        running.ledger.redis.flushall()
        assert ask(site, "/campaigns/healthz").status_code == 200
        forged = site.ask("POST", "/campaigns/callbacks/main/c-1:0:1/status", token=None)
        assert forged.status_code == 403
        assert ask(site, "/campaigns").status_code == 404


def test_the_key_opens_the_console_once(local: RunningSite) -> None:
    key = local.app.state.site.first_key.make()
    assert ask(local, "/sign-in?key=" + "x" * 43).status_code == 403
    entered = ask(local, f"/sign-in?key={key}")
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    cookie = entered.headers["set-cookie"].partition(";")[0]
    page = ask(local, "/account", Cookie=cookie)
    assert page.status_code == 200
    assert "(key)" in page.text

    replayed = ask(local, f"/sign-in?key={key}")
    assert replayed.status_code == 403
    assert "set-cookie" not in replayed.headers
    # Nor does the session of the key get anybody in who comes by way of somewhere else.
    assert ask(local, "/account", Cookie=cookie, Via="1.1 x").status_code == 404


def test_no_key_opens_a_site_that_has_users(local: RunningSite) -> None:
    key = local.app.state.site.first_key.make()
    users.add(local.ledger, "ada", Scope.LOOK, PASSWORD, who="test")
    assert ask(local, f"/sign-in?key={key}").status_code == 403


def test_metrics_are_for_this_machine_and_for_who_may_look(local: RunningSite) -> None:
    assert ask(local, "/metrics").status_code == 200
    users.add(local.ledger, "ada", Scope.LOOK, PASSWORD, who="test")
    assert ask(local, "/metrics").status_code == 200
    assert ask(local, "/metrics", Via="1.1 x").status_code == 401


def test_a_ledger_of_a_newer_release_is_not_ready(site: RunningSite) -> None:
    assert ask(site, "/readyz").json()["ledger"]
    site.ledger.redis.set(f"{keys.ROOT}schema", keys.SCHEMA + 1)
    answer = ask(site, "/readyz")
    assert answer.status_code == 503
    assert "newer" in answer.json()["status"]


# Hosts


@pytest.mark.parametrize(
    "host", ["evil.example.com", "calls.example.com.evil.org", "127.0.0.1:1", "a b", "[::1", "@x"]
)
def test_a_host_that_is_not_ours_is_refused(public: RunningSite, host: str) -> None:
    users.add(public.ledger, "ada", Scope.LOOK, PASSWORD, who="test")
    assert ask(public, "/sign-in", Host=host).status_code == 421


@pytest.mark.parametrize("host", ["calls.example.com", "CALLS.example.com:443", "localhost:{}"])
def test_a_host_of_ours_is_answered(public: RunningSite, host: str) -> None:
    users.add(public.ledger, "ada", Scope.LOOK, PASSWORD, who="test")
    port = urlsplit(public.url).port
    assert ask(public, "/sign-in", Host=host.format(port)).status_code == 200


# Paths


@pytest.mark.parametrize(
    "path",
    [
        "//account",
        "/%2e%2e/account",
        "/static/../account",
        "/static/..%2faccount",
        "/static/%2e%2e/templates/base.html.j2",
        "/static/..%2f..%2fgate.py",
        "/static//etc/passwd",
        "/healthz/../account",
        "/callbacks/../account",
        "/callbacks/%2e%2e/api/v1/campaigns",
        "/readyz/",
        "/account/",
        "/sign-in/../account",
        "http://127.0.0.1/account",
        "/account%00",
        "/account;x",
    ],
)
def test_no_path_leads_around_a_rule(site: RunningSite, path: str) -> None:
    parts = urlsplit(site.url)
    connection = HTTPConnection(str(parts.hostname), parts.port or 0, timeout=30)
    connection.request("GET", path)  # as it is written: nothing makes it shorter
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    assert answer.status in (303, 400, 403, 404, 421)
    assert b"Your account" not in said
    assert b"{% block" not in said
    assert b"class Gate" not in said


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example.com",
        "/\\evil.example.com",
        "https://evil.example.com",
        "javascript:alert(1)",
        "evil.example.com",
        "/\t/evil.example.com",
        "/ok\\..\\x",
        "/\r\nSet-Cookie: a=b",
        "",
    ],
)
def test_nobody_is_led_elsewhere_after_signing_in(path: str) -> None:
    assert own_path(path) == "/"
    assert own_path("/campaigns?state=running&x=//y") == "/campaigns?state=running&x=//y"


# Requests of others' pages


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, 303),
        ({"X-CSRF-Token": ""}, 403),
        ({"X-CSRF-Token": "0" * 64}, 403),
        ({"Origin": "https://evil.example.com"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": None}, 303),
        ({"Origin": None}, 303),
        ({"Sec-Fetch-Site": None, "Origin": None}, 403),
    ],
    ids=str,
)
def test_what_changes_something_comes_from_a_page_of_ours(
    ada: Browser, changed: dict[str, str | None], status: int
) -> None:
    assert ada.post("/account/sessions", headers=changed).status_code == status


def test_a_form_carries_what_our_pages_know(ada: Browser, site: RunningSite) -> None:
    other = site.sign_in("bob", "look")
    without = {"X-CSRF-Token": None}

    def post(**options: Any) -> int:
        return ada.post("/account/sessions", headers=without, **options).status_code

    assert post(data={"csrf": ada.csrf}) == 303
    assert post(data={"csrf": other.csrf}) == 403
    assert post(data={"CSRF": ada.csrf}) == 403
    assert post(params={"csrf": ada.csrf}) == 303
    assert post(files={"csrf": (None, ada.csrf), "f": b"x" * 10_000}) == 303
    assert post(files={"csrf": (None, other.csrf)}) == 403
    assert post(files={"f": b"x" * 10_000, "csrf": (None, ada.csrf)}) == 403
    assert post(json={"csrf": ada.csrf}) == 403


def test_the_fields_of_a_form_reach_its_route_whole(ada: Browser) -> None:
    form = {"csrf": ada.csrf, "old": PASSWORD, "new": "another password", "again": "x" * 5000}
    answer = ada.post("/account/password", headers={"X-CSRF-Token": None}, data=form)
    assert answer.status_code == 422
    assert "not the same" in answer.text
    form["again"] = form["new"]
    changed = ada.post("/account/password", headers={"X-CSRF-Token": None}, data=form)
    assert changed.headers["location"] == "/account?done=password"
    assert ada.get("/account").status_code == 303  # its session is over, and there is a new one
    users.sign_in(ada.site.ledger, "ada", "another password", "127.0.0.1")


def test_a_page_of_somebody_else_signs_nobody_in(site: RunningSite, ada: Browser) -> None:
    form = {"name": "ada", "password": PASSWORD}
    for headers in ({"Origin": "https://evil.example.com"}, {}):
        answer = site.ask("POST", "/sign-in", token=None, data=form, headers=headers)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


def test_a_token_needs_no_page_and_a_wrong_one_makes_no_use_of_the_cookie(ada: Browser) -> None:
    _, token = access_tokens.create(ada.site.ledger, "load", Scope.LOOK, who="test")
    assert ada.site.ask("POST", "/sign-out", token=token).status_code == 303
    wrong = {"Authorization": "Bearer wrong"}
    assert ada.get("/account", headers=wrong).status_code == 303
    assert ada.get("/account", headers={"Authorization": f"Basic {TOKEN}"}).status_code == 303


# What is over


def test_what_is_removed_or_revoked_is_over_at_once(ada: Browser) -> None:
    site = ada.site
    _, token = access_tokens.create(site.ledger, "load", Scope.LOOK, who="test")
    assert ada.get("/account").status_code == 200
    assert site.get("/account", token=token).status_code == 200
    users.remove(site.ledger, "ada")
    access_tokens.revoke(site.ledger, "load")
    assert ada.get("/account").status_code == 303
    assert site.get("/account", token=token).status_code == 303


def test_signing_in_again_ends_the_session_of_before(ada: Browser) -> None:
    form = {"name": "ada", "password": PASSWORD}
    entered = ada.post("/sign-in", data=form)
    assert entered.status_code == 303
    assert ada.cookie not in entered.headers["set-cookie"]
    assert ada.get("/account").status_code == 303


def test_a_long_answer_can_find_out_that_its_reader_may_read_no_further(
    running: RunningSite,
) -> None:
    long = site_of(running)

    @long.app.get("/long")
    def answer(request: Request, visitor: Looks, site: OnSite) -> list[bool]:
        first = request.state.still_may()
        if visitor.session:
            users.remove(site.ledger, visitor.name)
        else:
            access_tokens.revoke(site.ledger, visitor.name.removeprefix("token "))
        return [first, request.state.still_may()]

    with long:
        running.ledger.redis.flushall()
        _, token = access_tokens.create(running.ledger, "load", Scope.LOOK, who="test")
        assert long.sign_in("ada", "look").get("/long").json() == [True, False]
        assert long.get("/long", token=token).json() == [True, False]


# How often


def test_passwords_are_tried_so_often_and_the_page_says_when_again(site: RunningSite) -> None:
    users.add(site.ledger, "ada", Scope.LOOK, PASSWORD, who="test")

    def enter(password: str) -> requests.Response:
        form = {"name": "ada", "password": password}
        return site.ask("POST", "/sign-in", token=None, data=form, headers={"Origin": site.url})

    for _ in range(users.TRIES_OF_USER):
        assert enter("wrong password").status_code == 401
    refused = enter(PASSWORD)
    assert refused.status_code == 429
    assert 800 < int(refused.headers["retry-after"]) <= 900
    assert "Try again in 15 min" in refused.text
    assert "set-cookie" not in refused.headers


def test_a_visitor_who_asks_too_often_is_to_come_again(
    site: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.web.rates.PER_SECOND", 0.01)
    _, token = access_tokens.create(site.ledger, "busy", Scope.LOOK, who="test")
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token}"
        url = f"{site.url}/api/v1/nothing"
        answers = [session.get(url, timeout=30) for _ in range(int(BURST) + 1)]
    assert {each.status_code for each in answers[:-1]} == {404}
    assert answers[-1].status_code == 429
    assert answers[-1].json()["code"] == "too_many_requests"
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert site.get("/account").status_code == 200


# How much


def test_a_body_has_its_bound(ada: Browser) -> None:
    form = {"csrf": ada.csrf, "old": "x" * BODY_BYTES}
    for headers in ({}, {"X-CSRF-Token": None}):
        answer = ada.post("/account/password", data=form, headers=headers)
        assert answer.status_code == 413
    assert ada.post("/sign-in", data={"name": "x" * BODY_BYTES}).status_code == 413
    pieces = iter([b"old=" + b"x" * BODY_BYTES])
    form_in_pieces = {"Content-Type": "application/x-www-form-urlencoded"}
    chunked = ada.post("/account/password", data=pieces, headers=form_in_pieces)
    assert chunked.status_code == 413


def test_an_upload_is_as_long_as_its_route_lets_it_be(running: RunningSite) -> None:
    uploading = site_of(running)

    @uploading.app.post("/upload")
    async def upload(request: Request, visitor: Looks) -> int:
        request.state.connection.be_patient()
        return sum([len(piece) async for piece in request.stream()])

    with uploading:
        running.ledger.redis.flushall()
        ada = uploading.sign_in("ada", "look")
        body = b"x" * 3_000_000
        assert ada.post("/upload", data=body).json() == len(body)
        in_the_form = {"X-CSRF-Token": None}
        form = {"csrf": (None, ada.csrf), "file": body}
        whole = ada.post("/upload", files=form, headers=in_the_form)
        assert whole.json() == int(whole.request.headers["content-length"])
        too_long = ada.post("/account/sessions", files=form, headers=in_the_form)
        assert too_long.status_code in (303, 413)  # this route reads no body
        assert ada.post("/account/password", files=form, headers=in_the_form).status_code == 413


# Headers


@pytest.mark.parametrize(
    "path", ["/", "/sign-in", "/api/v1/nothing", "/healthz", "/nothing", "/static/style.css"]
)
def test_every_answer_tells_a_browser_what_it_may_not(site: RunningSite, path: str) -> None:
    for token in (None, TOKEN):
        headers = site.get(path, token=token).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        is_static = path.startswith("/static/")
        assert headers["cache-control"] == ("max-age=300" if is_static else "no-store")
        assert ("etag" in headers) is is_static
        assert not any(name.lower().startswith("access-control-") for name in headers)
        assert "strict-transport-security" not in headers


def test_behind_tls_cookies_are_for_tls_alone(public: RunningSite) -> None:
    users.add(public.ledger, "ada", Scope.LOOK, PASSWORD, who="test")
    headers = {"Host": "calls.example.com", "Origin": PUBLIC, "X-Forwarded-Proto": "https"}
    form = {"name": "ada", "password": PASSWORD}
    answer = public.ask("POST", "/sign-in", token=None, data=form, headers=headers)
    kept = answer.headers["set-cookie"]
    assert kept.startswith("__Host-callsched=")
    assert "Secure" in kept
    assert "Path=/" in kept
    assert "Domain" not in kept
    assert answer.headers["strict-transport-security"].startswith("max-age=")
    cookie = kept.partition(";")[0]
    assert ask(public, "/account", Host="calls.example.com", Cookie=cookie).status_code == 200
    # What a neighbour without TLS may have put there counts for nothing.
    plain = cookie.removeprefix("__Host-")
    assert ask(public, "/account", Host="calls.example.com", Cookie=plain).status_code == 303
    downgraded = {**headers, "Origin": "http://calls.example.com"}
    refused = public.ask("POST", "/sign-in", token=None, data=form, headers=downgraded)
    assert refused.status_code == 403


def test_without_its_ledger_nobody_comes_in(
    site: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise LedgerUnreachable("Redis does not answer")

    monkeypatch.setattr(gate, "visitor_of", away)
    cookie = {"Cookie": "callsched=" + "0" * 64}
    answer = site.get("/api/v1/campaigns", token=None, headers=cookie)
    assert (answer.status_code, answer.json()["code"]) == (503, "ledger_away")
