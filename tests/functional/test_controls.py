"""What an operator does to campaigns that run, with real commands and real workers."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler.ledger.redis.embedded import EmbeddedRedis
from tests.functional.campaign import EARLY_SECONDS, Command, Judge, Site, numbers, write_contacts
from tests.functional.terminal import Terminal
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(120)

POLICY = """\
name: autumn
contacts: contacts.csv
insights: []
calling_hours: always
"""


@pytest.fixture
def pool(sandbox: SandboxProcess, tmp_path: Path) -> Iterator[Site]:
    """A machine of a pool: its Redis outlives every worker."""
    with (
        EmbeddedRedis(tmp_path / "redis") as redis,
        Site(tmp_path, sandbox.url, CALLSCHED_REDIS_URL=redis.url) as site,
    ):
        yield site


def campaign(site: Site, count: int, policy: str) -> str:
    write_contacts(site.home / "contacts.csv", numbers(count))
    (site.home / "c.yaml").write_text(POLICY + policy)
    return "c.yaml"


def submitted(site: Site, count: int, policy: str = "max_duration: 60s\n", id_: str = "c") -> None:
    command = site.call("submit", campaign(site, count, policy), "--id", id_)
    assert command.wait() == 0, command.err


def start_worker(site: Site) -> Command:
    worker = site.start("worker")
    wait_until(lambda: "ready." in worker.err)
    return worker


def done(site: Site, *words: str) -> Command:
    """Run a command that must succeed."""
    command = site.call(*words)
    assert command.wait() == 0, command.err
    return command


def live(sandbox: SandboxProcess) -> int:
    return len(Judge(sandbox).live)


def dispositions(site: Site, id_: str = "c") -> dict[str, int]:
    return dict(done(site, "status", id_, "--json").record["dispositions"])


def test_no_start_leaves_once_pause_has_returned_and_resume_calls_the_rest(
    site: Site, sandbox: SandboxProcess
) -> None:
    policy = "max_duration: 1s\nmax_starts_per_second: 15\n"
    env = {"CALLSCHED_MAX_CONCURRENCY": "50"}
    run = site.start("run", campaign(site, 80, policy), "--id", "c", env=env)
    wait_until(lambda: len(sandbox.events("start")) >= 20)

    paused = done(site, "pause", "c", "--note", "complaints", "--json")
    returned_at = time.time()

    started = len(sandbox.events("start"))
    assert 20 <= started < 80
    assert paused.record["state"] == "paused"
    assert paused.record["unanswered_starts"] == 0
    wait_until(lambda: not live(sandbox))
    starts = sandbox.events("start")
    assert len(starts) == started
    assert starts[-1]["at"] <= returned_at
    assert min(Judge(sandbox).lateness(1.0)) > -EARLY_SECONDS
    wait_until(lambda: "paused by" in run.err)
    shown = done(site, "status", "c")
    assert "pause by" in shown.out and "complaints" in shown.out

    done(site, "resume", "c")

    assert run.wait() == 0, run.err
    assert Judge(sandbox).accepted == dict.fromkeys(numbers(80), 1)
    controls = done(site, "status", "c", "--json").record["controls"]
    assert [each["what"] for each in controls] == ["resume", "pause"]
    assert "@" in controls[0]["who"]


def test_pause_waits_for_the_starts_that_are_under_way(pool: Site, sandbox: SandboxProcess) -> None:
    sandbox.knobs(latency_seconds=3.0)
    submitted(pool, 3)
    start_worker(pool)
    wait_until(lambda: sandbox.events("start"))

    paused = done(pool, "pause", "c", "--json")

    # The journal has an answer before it reaches the worker, and pause returns after that.
    journal = Judge(sandbox)
    assert len(journal.events("answered")) == len(journal.events("start"))
    assert paused.record["calls"]["dialing"] == 0
    assert paused.record["live"] == len(journal.events("start"))
    assert paused.record["waited_seconds"] > 0
    assert " calls were cancelled" in done(pool, "abort", "c").out
    assert live(sandbox) == 0


def test_the_same_run_does_not_go_on_with_what_an_operator_has_paused(
    site: Site, sandbox: SandboxProcess
) -> None:
    submitted(site, 2)
    done(site, "pause", "c")

    run = site.call("run", "c.yaml", "--id", "c", "--no-wait")

    assert run.wait() == 3, run.err
    assert "paused by" in run.err and "callsched resume c` resumes it" in run.err
    assert sandbox.events("start") == []


def test_cancel_ends_what_waits_and_lets_live_calls_finish(
    site: Site, sandbox: SandboxProcess
) -> None:
    policy = "max_duration: 4s\nmax_concurrency: 2\n"
    run = site.start("run", campaign(site, 30, policy), "--id", "c")
    wait_until(lambda: live(sandbox) == 2)

    cancelled = done(site, "cancel", "c")

    assert "is cancelled" in cancelled.out
    assert run.wait() == 0, run.err
    judge = Judge(sandbox)
    assert min(judge.lateness(4.0)) > -EARLY_SECONDS
    called = len(judge.accepted)
    assert dispositions(site) == {"stopped": called, "skipped:cancelled": 30 - called}
    assert called < 30
    again = site.call("run", "c.yaml", "--id", "c")
    assert again.wait() == 1
    assert "finished" in again.err
    refused = site.call("resume", "c")
    assert refused.wait() == 1
    assert "was cancelled" in refused.err
    assert len(Judge(sandbox).accepted) == called


def test_abort_ends_every_live_call_and_one_that_is_answered_later(
    site: Site, sandbox: SandboxProcess
) -> None:
    policy = "max_duration: 60s\nmax_concurrency: 3\n"
    run = site.start("run", campaign(site, 30, policy), "--id", "c")
    wait_until(lambda: live(sandbox) == 3)
    sandbox.knobs(latency_seconds=2.0)
    # One makes room for another, whose start is then under way.
    ends = [record["contact_id"] for record in site.results("c") if record["connection_id"]]
    done(site, "stop", "c", ends[0])
    wait_until(lambda: len(sandbox.events("start")) == 4)

    aborted = done(site, "abort", "c", "--json")

    assert live(sandbox) == 0
    assert len(Judge(sandbox).accepted) == 4
    assert aborted.record["left"] == 0
    assert [call["disposition"] for call in aborted.record["calls"]] == ["aborted"] * 3
    assert run.wait() == 0, run.err
    assert dispositions(site) == {"aborted": 4, "skipped:cancelled": 26}


def test_abort_says_that_no_worker_runs_and_the_next_one_ends_the_calls(
    pool: Site, sandbox: SandboxProcess
) -> None:
    submitted(pool, 2)
    worker = start_worker(pool)
    wait_until(lambda: [each["state"] for each in pool.results("c")] == ["connected"] * 2)
    worker.kill()

    abort = pool.start("abort", "c")
    wait_until(lambda: "no worker runs that could send the stops" in abort.err)
    assert live(sandbox) == 2
    start_worker(pool)

    assert abort.wait() == 0, abort.err
    assert abort.out.count("aborted") >= 2
    assert live(sandbox) == 0
    assert dispositions(pool) == {"aborted": 2}


def test_abort_asks_on_a_terminal(site: Site) -> None:
    submitted(site, 2)

    asked = Terminal(site, "abort", "c")

    assert asked.answer("Abort?", "n") == 1
    assert "1 campaign: 2 calls wait (2 minutes at worst)" in asked.shown
    assert done(site, "status", "c", "--json").record["state"] == "active"
    assert Terminal(site, "abort", "c", "--yes").wait() == 0
    assert dispositions(site) == {"skipped:cancelled": 2}


def test_cancel_asks_on_a_terminal_whether_campaigns_are_named_or_not(site: Site) -> None:
    for name in "ab":
        submitted(site, 2, id_=name)

    named = Terminal(site, "cancel", "a")
    every = Terminal(site, "cancel", "--all")

    assert named.answer("Cancel?", "n") == every.answer("Cancel?", "n") == 1
    assert "1 campaign: 2 calls wait (2 minutes at worst) and will never be made" in named.shown
    assert "2 campaigns: 4 calls wait (4 minutes at worst)" in every.shown
    assert "0 calls are live" in every.shown and "nothing was changed" in every.shown
    assert {view["state"] for view in all_campaigns(site)} == {"active"}
    assert Terminal(site, "cancel", "--all", "--yes").wait() == 0
    assert {view["state"] for view in all_campaigns(site)} == {"finished"}


def test_one_live_call_is_extended_and_another_is_stopped(
    pool: Site, sandbox: SandboxProcess
) -> None:
    longer, stopped = numbers(2)
    submitted(pool, 2)
    start_worker(pool)
    wait_until(lambda: live(sandbox) == 2)
    before = {record["phone_number"]: record["deadline"] for record in pool.results("c")}

    told = done(pool, "extend", "c", longer, "5m", "--json").record
    ended = done(pool, "stop", "c", stopped, "--json").record

    assert told["deadline"] == pytest.approx(before[longer] + 300)
    assert (ended["disposition"], ended["is_over"]) == ("aborted", True)
    assert Judge(sandbox).live == {longer}
    after = {record["phone_number"]: record["deadline"] for record in pool.results("c")}
    assert after[longer] == pytest.approx(before[longer] + 300)
    for words in (f"extend c {longer} 9h", f"stop c {stopped}", "extend c nobody 1m"):
        refused = pool.call(*words.split())
        assert refused.wait() == 1, words
        assert refused.err.startswith("error: ")
    done(pool, "abort", "c")


def test_several_campaigns_or_all_of_them(site: Site) -> None:
    for name in "abc":
        submitted(site, 2, id_=name)

    done(site, "pause", "--all")
    resumed = done(site, "resume", "a", "b", "--json")
    done(site, "cancel", "b")
    listed = done(site, "pause", "--all", "--json")

    assert [view["state"] for view in resumed.record["campaigns"]] == ["active", "active"]
    assert "no worker serves account default" in resumed.err
    assert set(resumed.record["nobody_dials"]) == {"a", "b"}
    assert {view["campaign_id"] for view in listed.record["campaigns"]} == {"a", "c"}
    states = {view["campaign_id"]: view["state"] for view in all_campaigns(site)}
    assert states == {"a": "paused", "b": "finished", "c": "paused"}
    nobody = site.call("cancel", "a", "nobody")
    assert nobody.wait() == 1
    assert "there is no campaign nobody" in nobody.err
    assert {view["state"] for view in all_campaigns(site)} == {"paused", "finished"}


def all_campaigns(site: Site) -> list[dict[str, str]]:
    return list(json.loads(done(site, "status", "--json").out)["campaigns"])


@pytest.mark.parametrize("words", [("pause",), ("abort",), ("cancel", "c", "--all")])
def test_an_order_names_campaigns_or_all_of_them(site: Site, words: tuple[str, ...]) -> None:
    command = site.call(*words)

    assert command.wait() == 2
    assert "--all" in command.err


def test_a_priority_and_a_limit_are_changed_and_shown(site: Site) -> None:
    submitted(site, 2)

    assert "has priority 5, weight 2" in done(site, "priority", "c", "5", "--weight", "2").out
    done(site, "priority", "c", "--", "-5")
    shown = done(site, "limit", "set", "3", "--note", "as agreed", "--json").record

    assert done(site, "status", "c", "--json").record["priority"] == -5
    assert (shown["learned"], shown["ceiling"], shown["slots"]) == (3, 5, 0)
    text = done(site, "limit", "show").out
    assert "as agreed" in text and "when it is full, from" in text
    forgotten = done(site, "limit", "forget", "--json").record
    assert forgotten["learned"] == 4
    assert [each["what"] for each in forgotten["controls"]] == ["forget", "limit"]


def test_contacts_that_are_added_while_a_campaign_runs_are_called(
    pool: Site, sandbox: SandboxProcess
) -> None:
    submitted(pool, 2)
    start_worker(pool)
    wait_until(lambda: live(sandbox) == 2)

    submitted(pool, 4)

    wait_until(lambda: live(sandbox) == 4)
    assert Judge(sandbox).accepted == dict.fromkeys(numbers(4), 1)
    done(pool, "abort", "--all")
    assert live(sandbox) == 0
