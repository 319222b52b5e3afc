"""Schedules as an operator has them: commands, and workers that launch files at set times."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scheduler.ledger import schedules
from scheduler.ledger.redis.embedded import EmbeddedRedis
from tests.functional.campaign import Command, Judge, Site, numbers
from tests.functional.terminal import Terminal
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(120)

CRON = ("--cron", "0 9 * * mon-fri", "--timezone", "America/New_York")

#: The process that loads a firing's rows kills somebody before it seals the campaign.
KILLS_BEFORE_THE_SEAL = """
import os, signal, sys
if "scheduler.worker.load_process" in sys.orig_argv:
    from scheduler.ledger import campaigns
    campaigns.seal = lambda *_: os.kill({pid}, signal.SIGKILL) or signal.pause()
"""


@pytest.fixture
def site(sandbox: SandboxProcess, tmp_path: Path) -> Iterator[Site]:
    with (
        EmbeddedRedis(tmp_path / "redis") as redis,
        Site(tmp_path, sandbox.url, CALLSCHED_REDIS_URL=redis.url) as site,
    ):
        yield site


def said(command: Command) -> Command:
    assert command.process.returncode == 0, command.err
    return command


def added(site: Site, path: str, *words: str) -> dict[str, Any]:
    return said(site.call("schedule", "add", path, "--id", "nightly", "--json", *words)).record


def shown(site: Site) -> dict[str, Any]:
    return said(site.call("schedule", "show", "nightly", "--json")).record


def states(site: Site) -> list[str]:
    return [firing.state for firing in schedules.firings_of(site.ledger, "nightly")]


def worker(site: Site, *words: str) -> Command:
    started = site.start_python(*words, "worker") if words else site.start("worker")
    wait_until(lambda: "ready." in started.err)
    return started


def worker_whose_load_kills(site: Site, pid: str) -> Command:
    """Start a worker; the first file that it launches kills this process."""
    patches = site.home / "patches"
    patches.mkdir()
    (patches / "sitecustomize.py").write_text(KILLS_BEFORE_THE_SEAL.format(pid=pid))
    started = site.start("worker", env={"PYTHONPATH": str(patches)})
    wait_until(lambda: "ready." in started.err)
    return started


def short(site: Site, count: int = 3) -> str:
    """Write a campaign whose calls last a second."""
    site.contacts(numbers(count))
    path = site.home / "nightly.yaml"
    path.write_text("name: night shift\nmax_duration: 1s\ncontacts: contacts.csv\ninsights: []\n")
    return str(path)


# The commands ------------------------------------------------------------------------------------


def test_a_file_without_a_schedule_gets_one_by_options(site: Site) -> None:
    record = added(site, site.contacts(numbers(2)), *CRON, "--overlap", "buffer_one")

    assert record["added"]
    assert (record["cron"], record["timezone"]) == ("0 9 * * mon-fri", "America/New_York")
    assert (record["overlap"], record["catch_up_seconds"]) == ("buffer_one", 600.0)
    assert Path(record["file"]).is_absolute()
    again = added(site, "contacts.csv", *CRON, "--overlap", "buffer_one")
    assert not again["added"]


def test_a_schedule_of_the_file_is_taken_and_options_go_before_it(site: Site) -> None:
    path = Path(short(site))
    key = 'schedule: {cron: "30 8 * * *", timezone: Europe/Berlin, catch_up: 1h}\n'
    path.write_text(path.read_text() + key)

    record = said(site.call("schedule", "add", str(path), "--catch-up", "2h", "--json")).record

    assert (record["name"], record["cron"]) == ("night-shift", "30 8 * * *")
    assert record["catch_up_seconds"] == 7200.0
    told = said(site.call("schedule", "next", "night-shift", "-n", "3"))
    assert [line.split()[2] for line in told.out.splitlines()] == ["08:30:00"] * 3


@pytest.mark.parametrize("command", ["run", "submit"])
def test_a_file_with_a_schedule_is_launched_by_hand_only_on_purpose(
    site: Site, command: str
) -> None:
    path = Path(short(site))
    path.write_text(path.read_text() + "schedule: {at: 2099-01-01T00:00Z}\n")

    refused = site.call(command, str(path), "--yes")
    submitted = site.call("submit", str(path), "--now", "--yes")

    assert refused.process.returncode == 1
    assert f"callsched schedule add {path}" in refused.err
    assert submitted.process.returncode == 0


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ((), 1, "has no schedule: say --cron"),
        (("--cron", "0 25 * * *", "--timezone", "UTC"), 2, "'25' is no hour: values are 0 to 23"),
        (("--cron", "0 9 * * *"), 2, "expected timezone beside cron"),
        (("--cron", "0 9 * * *", "--timezone", "New York"), 2, "'New York': did you mean"),
        (("--at", "tomorrow", "--timezone", "UTC"), 2, "expected a date and a time"),
        (("--at", "2026-12-01T09:00"), 2, "or a timezone beside it"),
        (("--at", "2020-01-01T09:00Z"), 1, "it never fires any more"),
        (("--timezone", "UTC"), 2, "goes with --cron or --at"),
        (("--catch-up", "soon", *CRON), 2, "expected a duration"),
    ],
)
def test_what_is_wrong_with_a_schedule_is_said(
    site: Site, words: tuple[str, ...], code: int, message: str
) -> None:
    refused = site.call("schedule", "add", site.contacts(numbers(1)), *words)

    assert refused.process.returncode == code, refused.err
    assert message in " ".join(refused.err.replace("│", " ").split())


def test_one_that_is_not_there_is_an_error_that_says_where_they_are(site: Site) -> None:
    for command in ("show", "next", "resume", "remove", "run-now"):
        refused = site.call("schedule", command, "nowhere")
        assert refused.process.returncode == 1
        assert "there is no schedule nowhere; `" in refused.err


def test_it_is_listed_paused_resumed_and_removed(site: Site) -> None:
    added(site, site.contacts(numbers(1)), *CRON)

    said(site.call("schedule", "pause", "nightly", "--note", "the office is closed"))
    listed = said(site.call("schedule", "list", "--json")).record["schedules"]
    assert [(one["name"], one["state"], one["note"]) for one in listed] == [
        ("nightly", "paused", "the office is closed")
    ]
    assert "@" in listed[0]["changed_by"]
    table = said(site.call("schedule", "list")).out
    assert "0 9 * * mon-fri (America/New_York)  none while it is paused" in table
    said(site.call("schedule", "pause", "nightly"))  # a reason is not demanded
    assert said(site.call("schedule", "show", "nightly")).out.startswith(
        "schedule nightly, paused\n"
    )
    assert said(site.call("schedule", "resume", "nightly", "--json")).record["state"] == "active"
    assert said(site.call("schedule", "remove", "nightly")).out == "schedule nightly is removed\n"
    assert said(site.call("schedule", "list", "--json")).record["schedules"] == []


# Workers -----------------------------------------------------------------------------------------


def test_two_workers_launch_a_firing_once_and_call_everybody_once(
    site: Site, sandbox: SandboxProcess
) -> None:
    worker(site)
    worker(site)
    at = time.time() + 10  # time enough to add it, also on a machine that is busy
    written = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    path = short(site)
    contacts = site.home / "contacts.csv"
    contacts.write_text(contacts.read_text().replace("+1", ""))
    added(site, path, "--at", written, "--region", "US")

    wait_until(lambda: states(site) == ["fired"])
    campaign = shown(site)["last_campaign"]
    assert campaign == f"nightly-{datetime.fromtimestamp(int(at), UTC):%Y%m%dT%H%M%SZ}"
    wait_until(lambda: site.standing(campaign)["state"] == "finished")
    assert Judge(sandbox).accepted == dict.fromkeys(numbers(3), 1)
    assert shown(site)["next_at"] is None


def test_a_worker_that_is_killed_before_the_seal_is_followed_by_another(
    site: Site, sandbox: SandboxProcess
) -> None:
    added(site, short(site), *CRON)
    dying = worker_whose_load_kills(site, "os.getppid()")
    campaign = said(site.call("schedule", "run-now", "nightly")).out.strip()
    wait_until(lambda: dying.process.poll() is not None)
    assert said(site.call("status", campaign, "--json")).record["state"] == "loading"

    worker(site)

    wait_until(lambda: states(site) == ["fired"])
    wait_until(lambda: site.standing(campaign)["state"] == "finished")
    assert Judge(sandbox).accepted == dict.fromkeys(numbers(3), 1)


def test_a_load_that_is_killed_is_a_failure_and_the_worker_goes_on(site: Site) -> None:
    added(site, short(site), *CRON)
    surviving = worker_whose_load_kills(site, "os.getpid()")

    said(site.call("schedule", "run-now", "nightly"))

    wait_until(lambda: states(site) == ["failed"])
    assert "the process that loaded the file died" in shown(site)["error"]
    assert surviving.process.poll() is None


def test_a_file_that_is_gone_is_a_failure_that_status_shows(
    site: Site, sandbox: SandboxProcess
) -> None:
    path = site.contacts(numbers(2))
    added(site, path, *CRON)
    Path(path).unlink()
    worker(site)

    said(site.call("schedule", "run-now", "nightly"))

    wait_until(lambda: states(site) == ["failed"])
    assert "there is no such file" in shown(site)["error"]
    assert "there is no such file" in said(site.call("schedule", "show", "nightly")).out
    assert "schedule nightly: " in said(site.call("status")).err
    assert "there is no such file" in said(site.call("schedule", "list")).err
    assert Judge(sandbox).accepted == {}


def test_the_workers_of_a_run_launch_nothing(site: Site, sandbox: SandboxProcess) -> None:
    added(site, short(site, 2), *CRON)
    said(site.call("schedule", "run-now", "nightly"))
    by_hand = site.contacts(numbers(4)[2:], "by-hand.csv")

    said(site.call("run", by_hand, "--max-duration", "2s", "--yes"))

    assert states(site) == ["waiting"]
    assert Judge(sandbox).accepted == dict.fromkeys(numbers(4)[2:], 1)


def test_on_a_terminal_it_asks_before_workers_call_for_real(site: Site) -> None:
    site.env["CALLSCHED_SYMBL_BASE_URL"] = "http://127.0.0.1:9"
    words = ("--cron", "* * * * *", "--timezone", "UTC", "--id", "often")
    add = ("schedule", "add", site.contacts(numbers(3)), *words)

    asked = Terminal(site, *add)

    assert asked.answer("Add it?", "n") == 1
    assert "calls 3 contacts on account default through http://127.0.0.1:9" in asked.shown
    assert "90 minutes of calls at worst" in asked.shown
    assert "1,440 times within 24 hours" in asked.shown
    assert site.call("schedule", "list", "--json").record["schedules"] == []
    said(site.call(*add))
    by_hand = Terminal(site, "schedule", "run-now", "often")
    assert by_hand.answer("Launch it?", "n") == 1
    said(site.call("submit", site.contacts(numbers(2)), "--id", "c"))
    said(site.call("pause", "c"))
    resumed = Terminal(site, "resume", "--all")
    assert resumed.answer("Call them?", "n") == 1
    assert said(site.call("status", "c", "--json")).record["state"] == "paused"
