"""`callsched user` and `callsched token`, on a real ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scheduler.cli.token import token
from scheduler.cli.user import user
from scheduler.errors import ConfigError, LedgerError
from scheduler.ledger.ledger import Ledger
from scheduler.operations import access_tokens, users
from scheduler.operations.access_tokens import Uses
from scheduler.settings import settings_of_worker

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def environment(
    redis_url: str, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[None]:
    monkeypatch.setenv("CALLSCHED_REDIS_URL", redis_url)
    monkeypatch.setenv("CALLSCHED_STATE_DIR", str(tmp_path))
    settings_of_worker.cache_clear()
    yield
    settings_of_worker.cache_clear()


def call(group: Any, *words: str, given: str = "") -> Any:
    """Run a command; return what it printed, as JSON where it is."""
    done = CliRunner().invoke(group, words, input=given, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout) if "--json" in words else done.stdout


def test_users_are_added_listed_changed_and_removed(ledger: Ledger) -> None:
    may = ("--role", "operate", "--account", "main", "--see-numbers")
    call(user, "add", "ada", *may, "--password-stdin", given=PASSWORD + "\n")
    users.sign_in(ledger, "ada", PASSWORD, "192.0.2.1")

    (listed,) = call(user, "list", "--json")["users"]
    assert listed["created_at"] > 0
    assert "@" in listed["created_by"]
    assert (listed["name"], listed["role"], listed["accounts"], listed["sees_numbers"]) == (
        *("ada", "operate", ["main"]),
        True,
    )
    call(user, "password", "ada", "--password-stdin", given="another password\n")
    users.sign_in(ledger, "ada", "another password", "192.0.2.1")
    assert call(user, "remove", "ada", "--json")["removed"] == "ada"
    assert "callsched user add NAME" in call(user, "list")


def test_a_token_is_shown_once_and_revoked(ledger: Ledger) -> None:
    written = call(token, "create", "load", "--scope", "start").strip()
    assert access_tokens.visitor_of(ledger, written, Uses(ledger))

    (listed,) = call(token, "list", "--json")["tokens"]
    assert (listed["name"], listed["scope"], listed["accounts"]) == ("load", "start", None)
    assert listed["last_used_at"] >= listed["created_at"] - 1
    assert written.rpartition("_")[2] not in json.dumps(listed)
    assert "load" in call(token, "list")
    assert call(token, "revoke", "load", "--json")["revoked"] == "load"
    assert access_tokens.visitor_of(ledger, written, Uses(ledger)) is None
    with pytest.raises(LedgerError, match="`callsched token list`"):
        call(token, "revoke", "load")


def test_without_a_terminal_and_without_a_password_nobody_is_added(ledger: Ledger) -> None:
    with pytest.raises(ConfigError, match="--password-stdin"):
        call(user, "add", "ada", "--role", "look")
    with pytest.raises(ConfigError, match="at least 10 characters"):
        call(user, "add", "ada", "--role", "look", "--password-stdin", given="short\n")
    assert "no users yet" in call(user, "list")
