"""What a `run` makes of callbacks: keys, machines, words, and ends, whatever becomes of them."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.functional.campaign import Command, Event, Site, magic
from tests.functional.twilio_site import ENDLESS, by_number, dialed, run, twilio_site, write
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until
from tests.witnesses import openapi, twiml

pytestmark = pytest.mark.timeout(180)

YES, CALL_BACK, NEVER, SILENT, SECOND_TRY, MACHINE, PERSON, LOST = (
    magic(one) for one in (30, 31, 32, 33, 34, 40, 41, 20)
)
ASKED = [
    {"say": "Hello {{ name }}."},
    {
        "gather": {
            "name": "confirm",
            "say": "Press 1, 2 or 9.",
            "digits": 1,
            "timeout": "1s",
            "tries": 2,
            "branches": {
                "1": [{"say": "Expected."}],
                "2": [{"say": "Called back."}],
                "9": [{"say": "Never again."}, "do_not_call"],
            },
            "otherwise": [{"say": "Not understood."}],
        }
    },
    {"say": "Goodbye."},
]
TO_MACHINES = [{"say": "Please call us."}]
CALL = {"script": ASKED, "on_machine": TO_MACHINES}
QUICK = {"wire": True, "say_letters_per_second": 100, "price_after_seconds": 0}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def site_at(home: Path, sandbox: SandboxProcess, **env: object) -> Site:
    return twilio_site(home, sandbox, CALLSCHED_WEB_PORT=free_port(), **env)


@pytest.fixture
def site(twilio: SandboxProcess, tmp_path: Path) -> Iterator[Site]:
    twilio.knobs(**QUICK)
    with site_at(tmp_path, twilio) as site:
        yield site


def told(journal: list[Event], topic: str | None = None) -> list[Event]:
    """Return the callbacks that were sent, of one topic or of all."""
    return [one for one in journal if one["event"] == "callback" and topic in (None, one["topic"])]


# Everybody in one run -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def asked(
    running_twilio: SandboxProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, Command, list[Event]]]:
    """One contact for each key, and a machine; all that is said is written down."""
    running_twilio.reset()
    running_twilio.knobs(**QUICK, callee_says="Yes please.|Thank you.")
    with site_at(tmp_path_factory.mktemp("asked"), running_twilio) as site:
        everybody = [YES, CALL_BACK, NEVER, SILENT, SECOND_TRY, MACHINE]
        path = write(site, everybody, call={**CALL, "transcribe": True, "record": True})
        yield site, run(site, path), running_twilio.journal()


@pytest.fixture(scope="module")
def ends(asked: tuple[Site, Command, list[Event]]) -> dict[str, Event]:
    return by_number(asked[0], "c")


@pytest.fixture(scope="module")
def spoken(asked: tuple[Site, Command, list[Event]]) -> dict[str, list[str]]:
    """What each of them heard."""
    heard: dict[str, list[str]] = {}
    for one in asked[2]:
        if one["event"] == "verb" and one["verb"] == "Say":
            heard.setdefault(one["phone_number"], []).append(one["text"])
    return heard


def test_every_call_ends_as_completed(asked: tuple[Site, Command, list[Event]]) -> None:
    _, command, _ = asked

    assert command.process.returncode == 0, command.err
    assert command.record["dispositions"] == {"completed": 6}


def test_results_have_what_was_pressed(ends: dict[str, Event]) -> None:
    assert {number: end["answers"] for number, end in ends.items()} == {
        YES: {"confirm": "1"},
        CALL_BACK: {"confirm": "2"},
        NEVER: {"confirm": "9"},
        SILENT: {"confirm": ""},
        SECOND_TRY: {"confirm": "1"},
        MACHINE: {},
    }


def test_results_say_who_was_heard_and_who_asked_to_be_left_alone(ends: dict[str, Event]) -> None:
    heard = {number: end["heard"] for number, end in ends.items()}
    assert {heard[number] for number in (YES, CALL_BACK, NEVER, SECOND_TRY)} == {"human"}
    assert heard[MACHINE] == "machine"
    # Somebody spoke, and pressed nothing: a person as far as the provider has listened for it.
    assert heard[SILENT] == ends[SILENT]["answered_by"]
    asked = [number for number, end in ends.items() if end["asked_not_to_be_called"]]
    assert asked == [NEVER]


@pytest.mark.parametrize(
    ("number", "times", "last"),
    [
        (YES, 1, ["Expected.", "Goodbye."]),
        (CALL_BACK, 1, ["Called back.", "Goodbye."]),
        (NEVER, 1, ["Never again."]),
        (SILENT, 2, ["Not understood.", "Goodbye."]),
        (SECOND_TRY, 2, ["Expected.", "Goodbye."]),
    ],
)
def test_a_call_goes_on_with_what_stands_behind_the_key(
    asked: tuple[Site, Command, list[Event]],
    spoken: dict[str, list[str]],
    number: str,
    times: int,
    last: list[str],
) -> None:
    questions = [
        one
        for one in asked[2]
        if one["event"] == "verb" and (one["verb"], one["phone_number"]) == ("Gather", number)
    ]
    assert len(questions) == times
    assert spoken[number][1:] == last


def test_who_pressed_9_is_on_the_list_before_the_answer_is_heard(
    asked: tuple[Site, Command, list[Event]],
) -> None:
    site, _, journal = asked

    (listed,) = map(json.loads, site.call("dnc", "list", "--json").out.splitlines())

    assert (listed["entry"], listed["why"]) == (NEVER, "asked for it in c:3:1")
    (ended,) = (one for one in journal if one["event"] == "ended" and one["phone_number"] == NEVER)
    said = [
        one["at"] for one in journal if one["event"] == "verb" and one["text"] == "Never again."
    ]
    assert listed["since"] <= said[0] < ended["at"]


def test_a_machine_hears_its_steps_and_no_person_does(
    spoken: dict[str, list[str]], ends: dict[str, Event]
) -> None:
    assert spoken[MACHINE][-1] == "Please call us."
    assert ends[MACHINE]["answered_by"] == "machine"
    assert [number for number, heard in spoken.items() if "Please call us." in heard] == [MACHINE]


def test_what_was_said_is_in_the_transcript(asked: tuple[Site, Command, list[Event]]) -> None:
    site, _, _ = asked

    said = site.call("transcript", "c", "c-1").out

    assert "Yes please." in said
    assert "Thank you." in said


def test_its_requests_and_its_documents_are_what_the_api_knows(
    asked: tuple[Site, Command, list[Event]],
) -> None:
    _, _, journal = asked

    assert openapi.judge_journal(journal) == []
    assert twiml.judge_journal(journal) == []
    assert {str(one["outcome"]) for one in told(journal)} <= {"200", "204"}


# Machines -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("wish", ["stop", "not_reached"])
def test_a_machine_s_call_is_ended_while_it_lives(
    site: Site, twilio: SandboxProcess, wish: str
) -> None:
    path = write(site, [MACHINE], call={"script": ENDLESS, "on_machine": wish}, max_duration="60s")

    done = run(site, path)

    assert done.process.returncode == 0, done.err
    (ended,) = twilio.events("ended")
    assert ended["by"] == "stop"
    assert ended["length_seconds"] < 15
    (end,) = site.results("c")
    assert end["answered_by"] == "machine"
    assert end["disposition"] == ("not_reached" if wish == "not_reached" else "stopped")


# Whatever becomes of them -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "knobs",
    [
        {
            "callbacks_doubled": 1.0,
            "callbacks_shuffled": 0.5,
            "callbacks_delay_seconds": 0.3,
            "callee_says": "Take my number off your list.",
        },
        {"callbacks_forged": True},
        {"callbacks_lost": 1.0},
    ],
    ids=["doubled_and_shuffled", "forged", "lost"],
)
def test_the_end_is_the_same_whatever_becomes_of_what_is_told(
    site: Site, twilio: SandboxProcess, knobs: dict[str, Any]
) -> None:
    twilio.knobs(**knobs)
    script = [{"say": "Hello."}, {"pause": "1s"}]
    path = write(site, [PERSON, MACHINE, magic(10)], call={"script": script, "transcribe": True})

    done = run(site, path)

    assert done.process.returncode == 0, done.err
    assert done.record["dispositions"] == {"completed": 3}
    assert sorted(dialed(twilio)) == sorted([PERSON, MACHINE, magic(10)])
    outcomes = {str(one["outcome"]) for one in told(twilio.journal())}
    # What is said counts only where it was told, and by the provider.
    wishes = {end["asked_not_to_be_called"] for end in site.results("c")}
    assert wishes == {"callee_says" in knobs}
    if "callbacks_forged" in knobs:
        assert outcomes == {"403"}
    if "callbacks_lost" in knobs:
        assert outcomes == {"lost"}


def test_a_start_whose_answer_is_lost_is_attached_by_what_is_told_of_it(
    site: Site, twilio: SandboxProcess
) -> None:
    done = run(site, write(site, [LOST], call=CALL))

    assert done.process.returncode == 0, done.err
    assert done.record["dispositions"] == {"completed": 1}
    (end,) = site.results("c")
    assert end["answers"] == {"confirm": "1"}
    assert dialed(twilio) == [LOST]
    (ended,) = twilio.events("ended")
    assert end["connection_id"] == ended["connection_id"]


def test_a_run_waits_for_the_callback_that_attaches_a_lost_call(
    site: Site, twilio: SandboxProcess
) -> None:
    twilio.knobs(callbacks_delay_seconds=6.0)

    done = run(site, write(site, [LOST], call=CALL))

    assert done.process.returncode == 0, done.err
    assert done.record["dispositions"] == {"completed": 1}
    assert twilio.live()["live"] == 0


def receivers(site: Site) -> list[psutil.Process]:
    return [one for one in site.living() if "--callbacks-only" in site.words(one)]


def test_a_receiver_that_dies_is_started_again_and_hears_the_rest(
    site: Site, twilio: SandboxProcess
) -> None:
    twilio.knobs(key_seconds=4.0)
    command = site.start("run", write(site, [YES, CALL_BACK], call=CALL), "--id", "c", "--json")
    wait_until(lambda: len(twilio.events("answered")) == 2)
    (first,) = receivers(site)

    first.kill()

    assert command.wait() == 0, command.err
    answers = {number: end["answers"] for number, end in by_number(site, "c").items()}
    assert answers == {YES: {"confirm": "1"}, CALL_BACK: {"confirm": "2"}}
    assert twilio.live()["live"] == 0
