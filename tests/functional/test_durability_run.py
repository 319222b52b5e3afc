"""A whole campaign whose starts wait for a disk, and one whose server can't do that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.functional.campaign import Judge, Site, numbers
from tests.integration.test_durability import ANY, NEW, OLD, Machine, needs_waitaof
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with ExitStack() as stack:
        yield Machine(tmp_path, stack)


def words(site: Site, count: int) -> tuple[str, ...]:
    path = site.home / "c.yaml"
    rows = "".join(f"  - {{phone_number: {one}}}\n" for one in numbers(count))
    path.write_text(f"max_duration: 2s\ninsights: []\ncontacts:\n{rows}")
    return ("run", str(path), "--id", "c", "--max-concurrency", "10", "--json")


@needs_waitaof
def test_a_campaign_whose_starts_wait_for_the_disk_runs_to_its_end(
    site: Site, sandbox: SandboxProcess, machine: Machine
) -> None:
    server = machine.server(NEW, "--appendonly", "yes", "--appendfsync", "everysec")
    env = {"CALLSCHED_REDIS_URL": server.url, "CALLSCHED_DURABILITY": "disk"}

    run = site.call(*words(site, 12), env=env)

    assert run.process.returncode == 0, run.err
    assert run.record["dispositions"] == {"stopped": 12}
    judge = Judge(sandbox)
    assert (len(judge.accepted), judge.rung_twice) == (12, [])
    judge.assert_on_time(2.0)


def test_where_no_replica_answers_nobody_is_called_and_every_attempt_is_given_back(
    site: Site, sandbox: SandboxProcess, machine: Machine
) -> None:
    env = {"CALLSCHED_REDIS_URL": machine.server(ANY).url, "CALLSCHED_DURABILITY": "replica"}
    run = site.start(*words(site, 2), env=env)

    def given_back() -> bool:
        return (site.state / "logs").exists() and site.logged().count("is not safe") >= 3

    wait_until(given_back)
    run.interrupt()

    assert run.wait() == 130, run.err
    assert run.record["calls"]["pending"] == 2
    assert run.record["dials"] == 0
    assert sandbox.events("start") == []


@pytest.mark.skipif(not OLD, reason="every server here has WAITAOF")
def test_a_server_that_cannot_wait_refuses_the_run(
    site: Site, sandbox: SandboxProcess, machine: Machine
) -> None:
    env = {
        "CALLSCHED_REDIS_URL": machine.server(OLD, "--appendonly", "yes").url,
        "CALLSCHED_DURABILITY": "disk",
    }

    run = site.call(*words(site, 2), env=env)

    assert run.process.returncode == 1
    assert "CALLSCHED_DURABILITY=disk: the server has no WAITAOF" in run.err
    assert "Traceback" not in run.err
    assert sandbox.events("start") == []
