"""What `plan` and `doctor` say of a campaign at Twilio before anybody is called."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.functional.campaign import Site, numbers
from tests.functional.test_doctor import checks
from tests.functional.twilio_site import twilio_site, write
from tests.sandbox_process import SandboxProcess

EVERYBODY = numbers(2)
BUSY = {"max": 2, "delays": ["1m"]}
CALLERS = "+14155550161,+14155550162"


@pytest.fixture
def site(twilio: SandboxProcess, tmp_path: Path) -> Iterator[Site]:
    with twilio_site(tmp_path, twilio, CALLSCHED_CALLER_ID=CALLERS) as site:
        yield site


def refused(site: Site, **keys: Any) -> str:
    """What is said of a file that is refused."""
    planned = site.call("plan", write(site, EVERYBODY, **keys))
    assert planned.process.returncode == 1, planned.out
    return planned.err


def test_it_shows_the_account_s_caller_ids_and_whom_each_calls(site: Site) -> None:
    path = write(site, EVERYBODY)

    record = site.call("plan", path, "--json").record
    shown = site.call("plan", path).out

    assert record["caller_ids"] == CALLERS.split(",")
    assert {order["caller_id"] for order in record["first"]} <= set(CALLERS.split(","))
    assert "caller ids of the account: …0161, …0162" in shown


@pytest.mark.parametrize(
    ("keys", "minutes"),
    [
        ({}, (20.0, 20.0)),
        ({"retry": {"busy": BUSY, "no_answer": BUSY}}, (20.0, 60.0)),
        ({"retry": {"busy": BUSY, "total": 2}}, (20.0, 40.0)),
        ({"on_unknown": "redial"}, (20.0, 40.0)),
        ({"retry": {"busy": BUSY | {"max": 9}}, "budget": {"minutes": 50}}, (20.0, 50.0)),
    ],
)
def test_it_counts_the_worst_case_with_retries(
    site: Site, keys: dict[str, Any], minutes: tuple[float, float]
) -> None:
    planned = site.call("plan", write(site, EVERYBODY, max_duration="10m", **keys), "--json")

    record = planned.record
    found = record["worst_case_minutes"], record["worst_case_minutes_with_retries"]
    assert found == minutes


def test_it_recommends_an_account_of_its_own_and_says_what_that_buys(site: Site) -> None:
    path = write(site, EVERYBODY)

    (advice,) = site.call("plan", path, "--json").record["advice"]
    assert "CALLSCHED_EXCLUSIVE=true" in advice
    assert "a lost start is attached to no call unless a callback names it" in advice
    assert advice in site.call("plan", path).out.replace("\n", " ")
    alone = {"CALLSCHED_EXCLUSIVE": "true"}
    assert site.call("plan", path, "--json", env=alone).record["advice"] == []


def test_nobody_to_call_from_is_said_and_mended(site: Site) -> None:
    nobody = {"CALLSCHED_CALLER_ID": "", "CALLSCHED_EXCLUSIVE": "true"}

    (advice,) = site.call("plan", write(site, EVERYBODY), "--json", env=nobody).record["advice"]
    said = checks(site.call("doctor", "--json", env=nobody))

    assert "no number to call from" in advice
    assert "CALLSCHED_CALLER_ID" in advice
    assert said["caller ids"][0] == "warn"
    assert checks(site.call("doctor", "--json"))["caller ids"][0] == "ok"


def test_a_call_that_they_would_end_is_refused_with_the_setting_to_raise(site: Site) -> None:
    said = refused(site, max_duration="14386s")

    assert "c.yaml:7:3: max_duration: expected at most 14385 s, got 14386 s" in said
    assert "longest call duration of the account" in said


CONFIRM = {
    "name": "confirm",
    "say": "Press 1.",
    "digits": 1,
    "branches": {"1": [{"say": "Thanks."}], "9": "do_not_call"},
}
ASKING = {"script": [{"gather": CONFIRM}, "hangup"]}
ELSEWHERE = {"CALLSCHED_TWILIO_BASE_URL": "https://example.invalid"}
PUBLIC = {"CALLSCHED_PUBLIC_URL": "https://calls.example.com"}


def test_an_account_on_this_machine_is_reached_here_and_others_need_an_address(
    site: Site,
) -> None:
    path = write(site, EVERYBODY, call=ASKING)

    here = site.call("plan", path, "--json").record["callbacks"]
    without = site.call("plan", path, env=ELSEWHERE)
    there = site.call("plan", path, env=ELSEWHERE | PUBLIC).out.replace("\n", " ")
    in_sandbox = site.call("plan", path, "--sandbox", env=ELSEWHERE)
    of_sandbox = site.call("plan", path, "--sandbox", "--json").record["callbacks"]

    assert here["are_told"]
    assert here["is_here"]
    assert here["address"].startswith("http://127.0.0.1:")
    assert of_sandbox == here | {"address": None}, "run --sandbox takes a port that is free"
    assert without.process.returncode == 1
    assert "c.yaml:4:7: call.script.gather: needs CALLSCHED_PUBLIC_URL" in without.err
    assert "tells https://calls.example.com/callbacks of every call" in there
    assert in_sandbox.process.returncode == 0, in_sandbox.err
    assert "--sandbox" in in_sandbox.out.rpartition("callsched run")[2]


def test_a_key_that_verifies_nothing_is_said(site: Site) -> None:
    key = {
        "TWILIO_AUTH_TOKEN": "",
        "TWILIO_API_KEY": "SK" + "0" * 32,
        "TWILIO_API_SECRET": "hush",
        "CALLSCHED_EXCLUSIVE": "true",
    }
    asks = site.call("plan", write(site, EVERYBODY, call=ASKING), env=key)
    watches = write(site, EVERYBODY, "w", call={"script": ["hangup"], "on_machine": "stop"})
    watched = site.call("plan", watches, "--json", env=key | PUBLIC)
    assert watched.process.returncode == 0, watched.err
    (advice,) = watched.record["advice"]

    assert asks.process.returncode == 1
    assert "call.script.gather: needs the Auth Token" in asks.err
    assert "no callback will be heeded" in advice


def test_a_campaign_that_heeds_machines_says_what_is_not_known_without_an_address(
    site: Site,
) -> None:
    path = write(site, EVERYBODY, call={"script": ["hangup"], "on_machine": "not_reached"})

    said = site.call("plan", path, env=ELSEWHERE).out.replace("\n", " ")

    assert "callbacks: none, so callsched learns only after a call who answered it" in said


def test_more_than_they_take_is_refused_with_the_line_of_the_contact(site: Site) -> None:
    steps = [{"say": f"{number} {'words ' * 160} {{{{ name }}}}"} for number in range(5)]

    said = refused(site, call={"script": steps})

    assert "4,000" in said
    assert all(f"c.yaml:{line}:" in said for line in _lines(site, EVERYBODY))


def _lines(site: Site, phone_numbers: list[str]) -> list[int]:
    """Return the lines on which the contacts begin."""
    lines = (site.home / "c.yaml").read_text().splitlines()
    return [at for at, line in enumerate(lines, 1) if line.startswith(("- id", "  - id"))]
