"""Signing in and out over HTTP, and what a signed-in browser may."""

from __future__ import annotations

import re

import requests

from scheduler.operations import users
from scheduler.rights import Scope
from tests.web.running import PASSWORD, RunningSite


def sign_in(site: RunningSite, name: str, password: str, **fields: str) -> requests.Response:
    own = {"Origin": site.url}
    form = {"name": name, "password": password, **fields}
    return site.ask("POST", "/sign-in", token=None, data=form, headers=own)


def test_a_user_signs_in_and_out(site: RunningSite) -> None:
    site.sign_in("ada", "look")
    answer = sign_in(site, "ada", PASSWORD, next="/account?x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?x=1")
    kept = answer.headers["set-cookie"]
    assert "HttpOnly" in kept
    assert "SameSite=lax" in kept
    assert "Path=/" in kept
    cookie = {"Cookie": kept.partition(";")[0]}

    page = site.get("/account", token=None, headers=cookie)
    assert page.status_code == 200
    assert "ada" in page.text
    found = re.search(r'name="csrf" value="(\w+)"', page.text)
    assert found is not None
    own = {**cookie, "Origin": site.url}
    form = {"csrf": found[1]}
    left = site.ask("POST", "/sign-out", token=None, data=form, headers=own)
    assert left.headers["location"] == "/sign-in?done=out"
    again = site.get("/account", token=None, headers=cookie)
    assert again.headers["location"] == "/sign-in?next=%2Faccount"


def test_a_wrong_password_and_an_unknown_user_are_told_the_same(site: RunningSite) -> None:
    users.add(site.ledger, "ada", Scope.LOOK, PASSWORD, who="test")
    wrong, unknown = sign_in(site, "ada", "wrong" * 3), sign_in(site, "bob", "wrong" * 3)
    assert wrong.status_code == unknown.status_code == 401
    assert "The name or the password is wrong." in wrong.text
    assert wrong.text.replace("ada", "bob") == unknown.text
    assert "set-cookie" not in wrong.headers
