"""What somebody with an account at Twilio meets: whole campaigns, against its sandbox."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functional.campaign import Command, Event, Site, magic, numbers
from tests.functional.twilio_site import (
    CALLER,
    ENDLESS,
    by_number,
    dialed,
    run,
    twilio_site,
    write,
)
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until
from tests.witnesses import openapi, twiml

pytestmark = pytest.mark.timeout(180)

SAMPLES = Path(__file__).parents[2] / "samples"

ANSWERED, BUSY, SILENT, FAILED, BLOCKED = (magic(one) for one in (10, 70, 71, 72, 73))
ANYBODY = numbers(9)


@pytest.fixture
def site(twilio: SandboxProcess, tmp_path: Path) -> Iterator[Site]:
    twilio.knobs(wire=True, say_letters_per_second=500, price_after_seconds=0)
    with twilio_site(tmp_path, twilio) as site:
        yield site


# What each contact's call ends as -----------------------------------------------------------------


@pytest.fixture(scope="module")
def mixed(
    running_twilio: SandboxProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, Command, list[Event]]]:
    """One contact of each kind, with retries by reason."""
    running_twilio.reset()
    running_twilio.knobs(wire=True, say_letters_per_second=500, price_after_seconds=0)
    with twilio_site(tmp_path_factory.mktemp("mixed"), running_twilio) as site:
        path = write(
            site,
            [ANSWERED, BUSY, SILENT, FAILED, BLOCKED, ANYBODY[0]],
            call={"script": [{"say": "Hello {{ name }}."}, {"pause": "1s"}], "ring_time": "5s"},
            retry={
                "busy": {"max": 2, "delays": ["1s"]},
                "no_answer": {"max": 1, "delays": ["1s"]},
                "failed": {"max": 1, "delays": ["1s"]},
            },
        )
        yield site, run(site, path), running_twilio.journal()


@pytest.fixture(scope="module")
def ends(mixed: tuple[Site, Command, list[Event]]) -> dict[str, Event]:
    return by_number(mixed[0], "c")


def test_it_runs_to_its_end_and_says_how(mixed: tuple[Site, Command, list[Event]]) -> None:
    _, command, _ = mixed

    assert command.process.returncode == 0, command.err
    assert command.record["dispositions"] == {
        "completed": 2,
        "not_reached:busy": 1,
        "not_reached:no_answer": 1,
        "not_reached:failed": 2,
    }


@pytest.mark.parametrize(
    ("number", "rung"), [(ANSWERED, 1), (BUSY, 3), (SILENT, 2), (FAILED, 2), (BLOCKED, 1)]
)
def test_who_was_not_reached_is_called_again_by_its_reason(
    mixed: tuple[Site, Command, list[Event]], ends: dict[str, Event], number: str, rung: int
) -> None:
    _, _, journal = mixed

    starts = Counter(one["phone_number"] for one in journal if one["event"] == "accepted")
    assert starts[number] == rung
    assert ends[number]["attempts"] == rung


def test_the_report_says_what_each_end_means(mixed: tuple[Site, Command, list[Event]]) -> None:
    site, _, _ = mixed
    page = site.home / "page.html"

    assert site.call("report", "c", "-o", str(page)).process.returncode == 0

    text = page.read_text()
    assert "The line was busy." in text
    assert "It rang, and nobody answered." in text
    assert "The network could not place the call" in text
    assert "It was answered, and ended before its deadline" in text


def test_results_have_what_was_read(ends: dict[str, Event]) -> None:
    reached, missed = ends[ANSWERED], ends[BUSY]

    # Of one that has ended before it was seen live the API tells the answer in whole seconds.
    assert reached["started_at"] - 1 < reached["answered_at"] < reached["ended_at"]
    assert reached["duration_seconds"] == pytest.approx(1, abs=1)
    assert reached["connection_id"].startswith("CA")
    assert reached["caller_id"] == missed["caller_id"] == CALLER
    assert reached["price"].endswith(" USD")
    assert missed["answered_at"] is None
    assert "32017" in ends[BLOCKED]["error"]


def test_its_requests_and_what_it_says_are_what_the_api_knows(
    mixed: tuple[Site, Command, list[Event]],
) -> None:
    _, _, journal = mixed

    assert openapi.judge_journal(journal) == []
    assert twiml.judge_journal(journal) == []
    forms = [event["request"] for event in journal if event["event"] == "start"]
    assert {form["TimeLimit"] for form in forms} == {"60"}
    assert {form["Timeout"] for form in forms} == {"5"}
    # Several threads dial, so that the first of the file need not be the first that arrives.
    first = next(form for form in forms if form["To"] == ANSWERED)
    assert "<Say>Hello N1.</Say>" in first["Twiml"]


def test_a_machine_that_is_not_to_be_reached_is_told_once_its_call_is_over(
    site: Site, twilio: SandboxProcess
) -> None:
    machine, person = magic(40), magic(41)
    call = {"script": [{"say": "Hello."}], "on_machine": "not_reached"}
    retry = {"machine": {"max": 1, "delays": ["1s"]}}

    done = run(site, write(site, [machine, person], call=call, retry=retry))

    assert done.record["dispositions"] == {"completed": 1, "not_reached:machine": 1}
    ends = by_number(site, "c")
    assert (ends[machine]["answered_by"], ends[machine]["attempts"]) == ("machine", 2)
    assert (ends[person]["answered_by"], ends[person]["attempts"]) == ("human", 1)
    assert openapi.judge_journal(twilio.journal()) == []


def test_a_number_of_ours_that_carriers_block_stops_the_campaign(site: Site) -> None:
    path = write(
        site,
        [BLOCKED, magic(74), magic(75), *ANYBODY[:3]],
        circuit_breaker={"share": "60%", "window": "10m", "min_calls": 3},
        max_concurrency=1,
        retry={"failed": {"max": 3, "delays": ["1s"]}},
    )

    done = run(site, path)

    assert done.process.returncode == 1
    assert "circuit breaker: 3 of the last 3 calls failed" in done.record["stopped_itself"]
    ends = by_number(site, "c")
    assert {ends[one]["attempts"] for one in (BLOCKED, magic(74), magic(75))} == {1}
    assert {ends[one]["state"] for one in ANYBODY[:3]} == {"pending"}


# The sample ---------------------------------------------------------------------------------------


def sample(site: Site) -> str:
    for name in ("appointment-reminders.yaml", "appointments.csv"):
        shutil.copy(SAMPLES / name, site.home)
    return str(site.home / "appointment-reminders.yaml")


def test_the_sample_says_what_its_file_says(site: Site, twilio: SandboxProcess) -> None:
    done = run(site, sample(site))

    assert done.process.returncode == 0, done.err
    assert done.record["dispositions"] == {"completed": 3}
    spoken = [event["text"] for event in twilio.events("verb") if event["verb"] == "Say"]
    assert "Hello Ana. This is the Washington office." in spoken
    assert "We expect you on Monday at half past nine." in spoken
    assert sum(one.startswith("We expect you") for one in spoken) == 2
    assert openapi.judge_journal(twilio.journal()) == []
    assert twiml.judge_journal(twilio.journal()) == []


def test_the_sandbox_does_the_same_without_a_phone(site: Site, twilio: SandboxProcess) -> None:
    done = run(site, sample(site), "--sandbox")

    assert done.process.returncode == 0, done.err
    assert done.record["dispositions"] == {"completed": 3}
    assert twilio.events("start") == []


def test_its_command_needs_no_account(site: Site, twilio: SandboxProcess) -> None:
    for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "CALLSCHED_CALLER_ID"):
        del site.env[name]
    del site.env["CALLSCHED_TWILIO_BASE_URL"]

    done = run(site, sample(site), "--sandbox", env={"CALLSCHED_PROVIDER": "twilio"})

    assert done.process.returncode == 0, done.err
    assert done.record["dispositions"] == {"completed": 3}


# Whatever dies ------------------------------------------------------------------------------------


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[SandboxProcess]:
    """A sandbox whose seconds are tenths: a time limit of 60 s ends a call after 6."""
    with SandboxProcess(provider="twilio", limit=50, calls_per_second=0, speed=10) as sandbox:
        yield sandbox


def test_with_everything_killed_the_time_limit_ends_all_and_nobody_is_called_twice(
    quick: SandboxProcess, tmp_path: Path
) -> None:
    with twilio_site(tmp_path, quick) as site:
        path = write(site, ANYBODY, call={"script": ENDLESS}, max_duration="40s", max_concurrency=4)
        site.start("run", path, "--id", "c")
        wait_until(lambda: len(quick.events("answered")) == 4)

        site.kill_everything()
        wait_until(lambda: quick.live()["live"] == 0)
        assert {one["by"] for one in quick.events("ended")} == {"time_limit"}

        done = run(site, path)
        assert done.process.returncode == 0, done.err
        assert all(times == 1 for times in Counter(dialed(quick)).values())
        assert set(dialed(quick)) == set(ANYBODY)
        assert quick.live()["live"] == 0
        assert set(done.record["dispositions"]) <= {"stopped", "unknown:answer_lost"}


def test_ctrl_c_ends_every_live_call(site: Site, twilio: SandboxProcess) -> None:
    path = write(site, ANYBODY, call={"script": ENDLESS}, max_concurrency=4)
    command = site.start("run", path, "--id", "c", "--json")
    wait_until(lambda: len(twilio.events("answered")) == 4)

    command.interrupt()

    assert command.wait() == 130, command.err
    assert twilio.live()["live"] == 0
    assert {one["by"] for one in twilio.events("ended")} == {"stop"}
    assert len(dialed(twilio)) == 4
