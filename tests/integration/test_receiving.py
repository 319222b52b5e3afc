"""Whom the receiver hears, and what `doctor` says of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from scheduler.accounts import Account, Accounts
from scheduler.campaign.route import first_provider
from scheduler.ledger.health import Level
from scheduler.ledger.identity import identity, known_identity
from scheduler.ledger.ledger import Ledger
from scheduler.operations import doctor
from scheduler.providers import CallbackPlace, CallsBack, Provider, Reply, kind_of
from scheduler.providers.base import Heard
from scheduler.settings import Settings
from scheduler.web import desks as desks_module
from scheduler.web.desks import Desks
from tests.toy_provider import TOY, Toy


class CallingBack(Toy):
    """A toy that calls back, and signs it with a key that not every account has."""

    def __init__(self, can_verify: bool) -> None:
        super().__init__()
        self.can_verify = can_verify

    def hear(self, callback: object) -> Heard:
        raise AssertionError

    def reply(self, script: object, place: CallbackPlace, **rest: Any) -> Reply:
        raise AssertionError


KIND = replace(TOY, abilities=TOY.abilities | {CallsBack})


class Desk:
    """Notes for whom it was opened."""

    def __init__(self, ledger: object, provider: Provider, account: str, public_url: str) -> None:
        self.provider, self.account, self.public_url = provider, account, public_url


@pytest.fixture
def desks(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Desks:
    monkeypatch.setattr(desks_module, "CallbackDesk", Desk)
    monkeypatch.setattr(
        desks_module, "kind_of", lambda account: KIND if account.provider == "toy" else TOY
    )
    monkeypatch.setattr(
        desks_module,
        "open_provider",
        lambda account: CallingBack(account.credentials != "no key"),
    )
    return Desks(ledger, "https://calls.example.com")


def accounts(*every: Account) -> Accounts:
    return Accounts({account.name: account for account in every}, None)


def test_every_account_that_can_verify_has_a_desk(
    desks: Desks, caplog: pytest.LogCaptureFixture
) -> None:
    known = accounts(
        Account("north", "toy", "a key"),
        Account("south", "toy", "no key"),
        Account("east", "another", "a key"),
    )
    desks.follow(known)
    desks.follow(known)

    assert desks.names == ("north",)
    assert (desks.of("south"), desks.of("east"), desks.of("nobody")) == (None, None, None)
    assert [line for line in caplog.messages if "south" in line] == caplog.messages[:1]


def test_an_account_that_changes_has_a_new_desk_and_one_that_leaves_keeps_its_own(
    desks: Desks,
) -> None:
    desks.follow(accounts(Account("north", "toy", "a key"), Account("south", "toy", "no key")))
    before = desks.of("north")
    desks.follow(accounts(Account("north", "toy", "a key"), Account("south", "toy", "a key")))
    assert desks.of("north") is before
    assert desks.of("south") is not None

    desks.follow(accounts(Account("north", "toy", "another key")))
    assert desks.of("north") is not before
    assert desks.of("south") is not None


# What doctor says ---------------------------------------------------------------------------------


class _Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        is_health = self.path == "/healthz"
        self.send_response(self.server.status if is_health else 404)  # type: ignore[attr-defined]
        self.end_headers()
        self.wfile.write(json.dumps(self.server.told).encode())  # type: ignore[attr-defined]

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Any]:
    with HTTPServer(("127.0.0.1", 0), _Answering) as server:
        server.told, server.status = {}, 200  # type: ignore[attr-defined]
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def said(ledger: Ledger, port: int, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Level, str]]:
    monkeypatch.setattr(doctor, "kind_of", lambda account: KIND)
    settings = Settings(public_url=f"http://127.0.0.1:{port}")
    found = doctor._receiver(settings, ledger, accounts(Account("north", "toy")))
    return [(one.level, f"{one.text}; {one.remedy}") for one in found]


def test_doctor_compares_the_ledger_at_the_public_url(
    ledger: Ledger, receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = receiver.server_address[1]
    receiver.told = {"ledger": "another"}
    [(level, text)] = said(ledger, port, monkeypatch)
    assert (level, known_identity(ledger)) == (Level.FAIL, "")  # who looks changes nothing
    assert "another ledger" in text

    receiver.told = {"ledger": identity(ledger)}
    [(level, text)] = said(ledger, port, monkeypatch)
    assert (level, known_identity(ledger)) == (Level.OK, receiver.told["ledger"])

    receiver.status = 503
    [(level, text)] = said(ledger, port, monkeypatch)
    assert level is Level.FAIL
    assert "it answers 503" in text


def test_doctor_says_what_to_start_where_nobody_receives(
    ledger: Ledger, receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = receiver.server_address[1]
    receiver.shutdown()
    receiver.server_close()

    [(level, text)] = said(ledger, port, monkeypatch)
    assert level is Level.WARN
    assert "callsched web --callbacks-only" in text


@pytest.mark.parametrize(("can_verify", "level"), [(True, Level.OK), (False, Level.FAIL)])
def test_doctor_says_whether_requests_can_be_verified(can_verify: bool, level: Level) -> None:
    places, account = doctor._Places("", "THE_CREDENTIALS", ""), first_provider(None).account
    told = partial(doctor._signatures, account, places, CallingBack(can_verify))
    [found] = told(is_public=True)

    assert found.level is level
    assert can_verify or "THE_CREDENTIALS" in found.remedy
    assert can_verify or kind_of(account).signed_with in found.remedy
    assert not list(told(is_public=False))


def test_a_ledger_has_one_id_for_everybody(ledger: Ledger, other: Ledger) -> None:
    assert known_identity(other) == ""
    assert identity(ledger) == identity(other) == known_identity(other)
