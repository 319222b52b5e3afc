"""What `callsched web` says when it starts: who may come in, how, and what is missing."""

from __future__ import annotations

from typing import Any

import pytest

from scheduler.operations import users
from scheduler.rights import Scope
from scheduler.web.site import Site
from scheduler.web.welcome import welcome
from tests.web.running import PASSWORD, RunningSite

PUBLIC = "https://calls.example.com"


def started(running: RunningSite, **settings: Any) -> Site:
    """Start a site whose settings let nobody in by themselves."""
    changed = running.settings.model_copy(update={"web_token": None, **settings})
    site = Site(changed, running.ledger)
    welcome(site, 8080, ".venv/bin/callsched")
    return site


@pytest.fixture(autouse=True)
def hears_everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")


def test_without_users_one_address_opens_it_once(
    site: RunningSite, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    begun = started(site)
    (printed,) = capsys.readouterr().out.splitlines()
    where, _, key = printed.partition("?key=")
    assert where == "http://127.0.0.1:8080/sign-in"
    assert printed in caplog.text
    assert begun.first_key.take(key)
    assert not begun.first_key.take(key)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"web_host": "192.0.2.7"},
            ["`.venv/bin/callsched user add NAME --role admin`", "no TLS in front of 192.0.2.7"],
        ),
        ({"public_url": PUBLIC}, ["nobody has access yet"]),
        ({"public_url": PUBLIC, "web_host": "192.0.2.7"}, ["let only the proxy reach it"]),
        ({"public_url": "http://127.0.0.1:9"}, ["no TLS in front of http://127.0.0.1:9"]),
    ],
    ids=str,
)
def test_elsewhere_no_key_is_made_and_what_is_missing_is_said(
    site: RunningSite,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    settings: dict[str, str],
    said: list[str],
) -> None:
    begun = started(site, **settings)
    assert capsys.readouterr().out == ""
    assert not begun.first_key.take("")
    assert [words for words in said if words not in caplog.text] == []


def test_with_a_user_it_says_where_the_console_is(
    site: RunningSite, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    users.add(site.ledger, "ada", Scope.LOOK, PASSWORD, who="test")
    begun = started(site)
    assert "the console is at http://127.0.0.1:8080/" in caplog.text
    assert "key" not in caplog.text + capsys.readouterr().out
    assert not begun.first_key.take("")
