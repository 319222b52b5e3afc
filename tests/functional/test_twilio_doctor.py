"""What `doctor` says of an account at Twilio."""

from __future__ import annotations

from typing import Any

import pytest

from tests.functional.campaign import Site
from tests.functional.test_doctor import checks
from tests.wire import Peer, Talk, http

pytestmark = pytest.mark.timeout(120)

SID = "AC" + "0" * 32
TOKEN = "hush-hush-token"
NOTHING: dict[str, Any] = {"calls": [], "next_page_uri": None}
ONE = {"calls": [{"sid": "CA1", "status": "queued"}], "next_page_uri": None}


def found(site: Site, answer: bytes, **settings: str) -> dict[str, tuple[str, str]]:
    """What it finds where the API answers so."""

    def answer_all(talk: Talk) -> None:
        while (request := talk.request()) is not None:
            talk.send(http(404, b"") if request.path == "/sandbox" else answer)

    with Peer(answer_all) as api:
        env = {
            "CALLSCHED_SYMBL_APP_ID": "",
            "CALLSCHED_SYMBL_APP_SECRET": "",
            "CALLSCHED_TWILIO_BASE_URL": api.url,
            "CALLSCHED_TWILIO_ACCOUNT_SID": SID,
            "CALLSCHED_TWILIO_AUTH_TOKEN": TOKEN,
        }
        looked = site.call("doctor", "--json", env=env | settings)
    assert TOKEN not in looked.out + looked.err
    return checks(looked)


def test_an_account_that_lists_its_calls_is_well(site: Site) -> None:
    said = found(site, http(200, NOTHING))

    assert said["credentials"] == ("ok", "accepted; the account has 0 calls open; ")
    assert "calls open" not in found(site, http(200, ONE))["credentials"][1]


@pytest.mark.parametrize(
    ("answer", "level", "told"),
    [
        (http(401, {"code": 20003, "message": "no"}), "fail", "CALLSCHED_TWILIO_ACCOUNT_SID"),
        (http(403, {"code": 20008, "message": "no"}), "fail", "test credentials"),
        (http(429, {"code": 20429, "message": "no"}), "warn", "refuses the list of calls"),
        (http(503, {"code": 20503, "message": "no"}), "warn", "can't be asked"),
        (http(200, b"<html>"), "warn", "can't be asked"),
    ],
)
def test_what_is_wrong_with_it_is_told(site: Site, answer: bytes, level: str, told: str) -> None:
    said = found(site, answer)["credentials"]

    assert said[0] == level
    assert told in said[1]


def test_half_of_an_account_says_what_is_missing(site: Site) -> None:
    said = found(site, http(200, NOTHING), CALLSCHED_TWILIO_AUTH_TOKEN="")["credentials"]

    assert said[0] == "fail"
    assert "set CALLSCHED_TWILIO_AUTH_TOKEN as well" in said[1]


def test_what_an_account_of_its_own_would_buy_is_said(site: Site) -> None:
    level, text = found(site, http(200, NOTHING))["sharing"]
    assert level == "warn"
    assert "CALLSCHED_EXCLUSIVE=true" in text

    level, _ = found(site, http(200, NOTHING), CALLSCHED_EXCLUSIVE="true")["sharing"]
    assert level == "ok"
