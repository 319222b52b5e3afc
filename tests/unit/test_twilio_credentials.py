"""Which account at Twilio the environment names, and what is wrong with it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from scheduler.errors import ConfigError
from scheduler.providers.twilio.credentials import Proof, TwilioCredentials
from scheduler.settings import (
    Settings,
    environment_of_child,
    override,
    read_settings,
    settings_of_worker,
)

SID = "AC" + "0123456789abcdef" * 2
OTHER = "AC" + "f" * 32
KEY = "SK" + "0123456789abcdef" * 2
TOKEN = "token-of-the-account"
SECRET = "secret-of-the-key"

OWN = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_API_KEY", "TWILIO_API_SECRET")
pytestmark = pytest.mark.usefixtures("place")


def said() -> tuple[str | None, ...]:
    """The four of the account as the settings have them."""
    chosen = read_settings()
    token, secret = (
        one.get_secret_value() if one is not None else None
        for one in (chosen.twilio_auth_token, chosen.twilio_api_secret)
    )
    return chosen.twilio_account_sid, token, chosen.twilio_api_key, secret


def proof(**given: str) -> Proof:
    return TwilioCredentials.model_validate(given).proof()


# Where they come from


def test_our_variables_name_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in zip(OWN, (SID, TOKEN, KEY, SECRET), strict=True):
        monkeypatch.setenv(f"CALLSCHED_{name}", value)

    assert said() == (SID, TOKEN, KEY, SECRET)


def test_so_do_twilio_s_own_in_the_environment_and_in_the_file(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / ".env").write_text(f"TWILIO_ACCOUNT_SID={OTHER}\nTWILIO_AUTH_TOKEN={TOKEN}\n")
    assert said() == (OTHER, TOKEN, None, None)

    monkeypatch.setenv("twilio_account_sid", SID)
    monkeypatch.setenv("TWILIO_API_KEY", "")
    assert said() == (SID, TOKEN, None, None)


@pytest.mark.parametrize("ours", OWN)
@pytest.mark.parametrize("in_file", [True, False])
def test_one_variable_of_ours_turns_all_of_twilio_s_off(
    place: Path, monkeypatch: pytest.MonkeyPatch, ours: str, *, in_file: bool
) -> None:
    for name in OWN:
        monkeypatch.setenv(name, "theirs")
    if in_file:
        (place / ".env").write_text(f"CALLSCHED_{ours}=ours\n")
    else:
        monkeypatch.setenv(f"callsched_{ours}", "ours")

    assert said() == tuple("ours" if name == ours else None for name in OWN)


def test_an_empty_variable_of_ours_turns_nothing_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLSCHED_TWILIO_API_KEY", "")
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", SID)

    assert said()[0] == SID


def test_both_can_be_overridden_and_unset(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / ".env").write_text(f"TWILIO_AUTH_TOKEN={TOKEN}\n")
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", SID)
    monkeypatch.setenv("CALLSCHED_TWILIO_API_KEY", KEY)

    assert read_settings({"TWILIO_ACCOUNT_SID": OTHER}).twilio_account_sid is None
    unset = {"CALLSCHED_TWILIO_API_KEY": None}
    assert read_settings(unset).twilio_account_sid == SID
    assert read_settings({**unset, "TWILIO_ACCOUNT_SID": OTHER}).twilio_account_sid == OTHER
    none = read_settings({**unset, "TWILIO_ACCOUNT_SID": None, "TWILIO_AUTH_TOKEN": None})
    assert (none.twilio_account_sid, none.twilio_auth_token) == (None, None)
    ours = read_settings({"CALLSCHED_TWILIO_ACCOUNT_SID": SID})
    assert (ours.twilio_account_sid, ours.twilio_auth_token) == (SID, None)


def test_a_child_is_without_what_is_unset_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OWN:
        monkeypatch.setenv(name, "theirs")

    seen = environment_of_child(dict.fromkeys(OWN))

    assert not set(OWN) & set(seen)
    assert set(OWN) <= set(os.environ)


# What is wrong with them


def test_a_key_goes_before_the_token() -> None:
    url = "https://api.twilio.com"

    assert proof(account_sid=SID, auth_token=TOKEN) == Proof(url, SID, SID, TOKEN)
    with_key = {"account_sid": SID, "api_key": KEY, "api_secret": SECRET}
    assert proof(**with_key) == Proof(url, SID, KEY, SECRET)
    assert proof(**with_key, auth_token=TOKEN) == Proof(url, SID, KEY, SECRET)


@pytest.mark.parametrize(
    ("given", "suffice"),
    [
        ({}, False),
        ({"account_sid": SID}, False),
        ({"auth_token": TOKEN}, False),
        ({"account_sid": SID, "api_key": KEY}, False),
        ({"account_sid": SID, "auth_token": TOKEN}, True),
        ({"account_sid": SID, "api_key": KEY, "api_secret": SECRET}, True),
    ],
)
def test_whether_they_suffice(given: dict[str, str], suffice: bool) -> None:
    assert TwilioCredentials.model_validate(given).suffice is suffice


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "no credentials: set CALLSCHED_TWILIO_ACCOUNT_SID and"),
        ({"auth_token": TOKEN}, "no credentials: set CALLSCHED_TWILIO_ACCOUNT_SID"),
        ({"account_sid": SID}, "set CALLSCHED_TWILIO_AUTH_TOKEN as well, or CALLSCHED_TWILIO_API"),
        ({"account_sid": TOKEN}, "CALLSCHED_TWILIO_ACCOUNT_SID: expected AC and 32 hexadecimal"),
        ({"account_sid": SID + "0"}, "CALLSCHED_TWILIO_ACCOUNT_SID: expected AC"),
        ({"account_sid": KEY}, "got an API key, which belongs into CALLSCHED_TWILIO_API_KEY"),
        (
            {"account_sid": SID, "api_key": SID, "api_secret": SECRET},
            "CALLSCHED_TWILIO_API_KEY: expected SK and 32 hexadecimal digits$",
        ),
        (
            {"account_sid": SID, "auth_token": TOKEN, "api_key": KEY},
            "CALLSCHED_TWILIO_API_SECRET is missing: CALLSCHED_TWILIO_API_KEY is set",
        ),
        (
            {"account_sid": SID, "auth_token": TOKEN, "api_secret": SECRET},
            "CALLSCHED_TWILIO_API_KEY is missing: CALLSCHED_TWILIO_API_SECRET is set",
        ),
        ({"account_sid": SID, "auth_token": "t\u00f6ken"}, "_AUTH_TOKEN: has characters that no"),
        (
            {"account_sid": SID, "auth_token": TOKEN, "intelligence_service": "mine"},
            "CALLSCHED_TWILIO_INTELLIGENCE_SERVICE: expected GA",
        ),
    ],
)
def test_what_is_wrong_is_said_without_a_secret(given: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigError, match=told) as raised:
        proof(**given)

    assert not any(value in str(raised.value) for value in (TOKEN, SECRET, SID))


def test_a_secret_is_shown_nowhere() -> None:
    given = {"account_sid": SID, "auth_token": TOKEN, "api_key": KEY, "api_secret": SECRET}
    credentials = TwilioCredentials.model_validate(given)

    shown = repr(credentials) + str(credentials) + repr(credentials.proof())

    assert TOKEN not in shown
    assert SECRET not in shown


def test_line_breaks_of_a_file_are_no_part_of_them() -> None:
    assert proof(account_sid=f"{SID}\n", auth_token=f"{TOKEN}\n").password == TOKEN


def test_they_are_made_of_the_settings() -> None:
    settings = Settings(
        twilio_base_url="http://127.0.0.1:1/",
        twilio_account_sid=SID,
        twilio_auth_token=SecretStr(TOKEN),
    )

    credentials = TwilioCredentials.of(settings)

    assert credentials.suffice
    assert credentials.address == "http://127.0.0.1:1"
    assert credentials.called_countries() is None


# The other settings


def test_caller_ids_are_read_as_all_numbers_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLSCHED_CALLER_ID", "+1 (202) 555-0143, +15005550006")

    assert read_settings().caller_id == ("+12025550143", "+15005550006")


@pytest.mark.parametrize(
    "written", ["2025550143", "+1202555", "acme", "sip:a@example.com", "+12025550143,sip:a@b.org"]
)
def test_what_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("CALLSCHED_CALLER_ID", written)

    with pytest.raises(ConfigError, match="CALLSCHED_CALLER_ID: expected"):
        read_settings()


def test_a_worker_goes_on_without_them_and_is_in_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLSCHED_CALLER_ID", "acme")
    monkeypatch.setenv("CALLSCHED_ALLOWED_NUMBERS", "nobody")

    chosen = settings_of_worker()

    assert chosen.caller_id == chosen.allowed_numbers == ()
    assert len(chosen.doubts) == 2


def test_an_account_is_shared_unless_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not read_settings().exclusive

    monkeypatch.setenv("CALLSCHED_EXCLUSIVE", "true")
    assert read_settings().exclusive


def test_overrides_of_a_process_are_read_too() -> None:
    override({"TWILIO_ACCOUNT_SID": SID})

    assert settings_of_worker().twilio_account_sid == SID
