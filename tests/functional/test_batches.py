"""`run` and `submit` from cron: ids by date, one at a time, quiet."""

from __future__ import annotations

import fcntl
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.functional.campaign import Command, Judge, Site, numbers
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(120)


def start_nightly(site: Site, *words: str) -> Command:
    path = site.contacts(numbers(2))
    options = ("--id", "nightly-{date}", "--timezone", "UTC", "--max-duration", "20s", *words)
    return site.start("run", path, *options)


def nightly(site: Site, *words: str) -> Command:
    command = start_nightly(site, *words)
    command.wait()
    return command


def test_a_run_is_named_after_its_day_and_quiet_when_all_is_well(
    site: Site, sandbox: SandboxProcess
) -> None:
    days = [datetime.now(UTC).date()]

    command = nightly(site, "--quiet", "--max-duration", "1s")

    days.append(datetime.now(UTC).date())
    assert (command.process.returncode, command.out, command.err) == (0, "", "")
    (listed,) = site.call("status", "--json").record["campaigns"]
    assert listed["campaign_id"] in {f"nightly-{day}" for day in days}
    again = nightly(site, "--quiet", "--max-duration", "1s")
    assert again.process.returncode == 1
    assert "nobody is called twice" in again.err
    assert Judge(sandbox).accepted == dict.fromkeys(numbers(2), 1)


def test_a_quiet_run_that_goes_wrong_says_what_it_held_back(site: Site) -> None:
    site.env["CALLSCHED_SYMBL_BASE_URL"] = "http://127.0.0.1:1"

    command = nightly(site, "--quiet")

    assert command.process.returncode == 1
    assert "error: " in command.err


def test_a_quiet_run_that_leaves_calls_pending_says_so(site: Site, sandbox: SandboxProcess) -> None:
    path = site.home / "later.csv"
    path.write_text("phone_number,not_before\n+12025550100,2099-01-01T00:00Z\n")

    command = site.call("run", str(path), "--quiet", "--no-wait", "--id", "later-{week}")

    assert command.process.returncode == 3
    assert "pending" in command.out
    assert command.err
    assert sandbox.events("answered") == []


def test_of_two_runs_one_stands_back_or_fails_and_a_dead_one_holds_nobody_up(
    site: Site, sandbox: SandboxProcess
) -> None:
    first = start_nightly(site, "--if-running", "fail")
    wait_until(lambda: len(sandbox.events("answered")) == 2)

    skipped = nightly(site, "--if-running", "skip")
    failed = nightly(site, "--if-running", "fail")
    quiet = nightly(site, "--if-running", "skip", "--quiet")

    assert (skipped.process.returncode, failed.process.returncode) == (0, 4)
    assert "another campaign of nightly is not over: nothing was done" in skipped.err
    assert "another campaign of nightly is not over" in failed.err
    assert (quiet.process.returncode, quiet.err) == (0, "")
    first.kill()
    assert nightly(site, "--if-running", "fail").process.returncode == 0
    assert Judge(sandbox).accepted == dict.fromkeys(numbers(2), 1)


def test_one_that_waits_goes_on_when_the_lock_is_free(site: Site, sandbox: SandboxProcess) -> None:
    folder = site.state / "locks"
    folder.mkdir(parents=True)
    with (folder / "nightly.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = start_nightly(site, "--if-running", "wait", "--max-duration", "1s")
        wait_until(lambda: f" holds {folder}/nightly.lock" in waiting.err)
        assert sandbox.events("answered") == []

    assert waiting.wait() == 0
    assert Judge(sandbox).accepted == dict.fromkeys(numbers(2), 1)


def test_a_campaign_of_its_kind_that_is_not_finished_keeps_a_submit_back(site: Site) -> None:
    path = site.contacts(numbers(1))
    submit = ("submit", path, "--yes", "--if-running")
    others = ("nightly-2020-01-01", "nightly-early-2020-01-01")
    for other in others:
        assert site.call(*submit[:-1], "--id", other).process.returncode == 0

    failed = site.call(*submit, "fail", "--id", "nightly-{date}")
    same = site.call(*submit, "fail", "--id", others[0])
    early = site.call(*submit, "skip", "--id", "nightly-early-{hour}")

    assert failed.process.returncode == 4
    assert (same.process.returncode, same.out) == (0, f"{others[0]}\n")
    assert early.process.returncode == 0
    assert len(site.call("status", "--json").record["campaigns"]) == len(others)


@pytest.mark.parametrize("written", ["nightly-{day}", "nightly {date}", "{date"])
def test_an_id_with_other_placeholders_is_bad_usage(site: Site, written: str) -> None:
    refused = site.call("submit", str(Path("nowhere.csv")), "--id", written)

    assert refused.process.returncode == 2
