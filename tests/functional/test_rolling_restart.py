"""A release takes over from the one before: in one pool, with calls live, waiting and unknown.

The one before is run from the history of the repository, so a checkout without it skips these.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler.ledger.redis.embedded import EmbeddedRedis
from tests.functional.campaign import Command, Judge, Site, magic, numbers
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(120)

ROOT = Path(__file__).parents[2]

#: The last commit of 0.1.0 in which modules, verbs and reasons had their former names.
BEFORE = "6a0aec858365bc5286514452c020ee89dad96e2a"

SECONDS = 2.0
CALLED = numbers(22)
LOST = magic(20)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return an environment in which Python finds the release before."""
    archive = ["git", "-C", str(ROOT), "archive", BEFORE, "scheduler", "celeryconfig.py"]
    found = subprocess.run(archive, capture_output=True, check=False)
    if found.returncode:
        pytest.skip("this checkout does not have the release before")
    folder = tmp_path_factory.mktemp("before")
    with tarfile.open(fileobj=io.BytesIO(found.stdout)) as packed:
        packed.extractall(folder, filter="data")
    return {"PYTHONPATH": str(folder)}


@pytest.fixture
def sandbox() -> Iterator[SandboxProcess]:
    with SandboxProcess(limit=4, latency=0.05) as sandbox:
        yield sandbox


@pytest.fixture
def site(sandbox: SandboxProcess, tmp_path: Path) -> Iterator[Site]:
    with (
        EmbeddedRedis(tmp_path / "redis") as redis,
        Site(
            tmp_path, sandbox.url, CALLSCHED_REDIS_URL=redis.url, CALLSCHED_MAX_CONCURRENCY=4
        ) as site,
    ):
        yield site


def works(site: Site, release: dict[str, str]) -> Command:
    worker = site.start("worker", env=release)
    wait_until(lambda: "ready." in worker.err)
    return worker


def submit(site: Site, release: dict[str, str]) -> None:
    path = site.contacts([LOST, *CALLED])
    words = ("submit", path, "--id", "c", "--max-duration", f"{SECONDS:g}s", "--yes")
    told = site.call(*words, env=release)
    assert told.process.returncode == 0, told.err


def assert_taken_over(site: Site, sandbox: SandboxProcess) -> None:
    """Everybody was called once and stopped on time."""
    judge = Judge(sandbox)
    assert judge.accepted == dict.fromkeys([LOST, *CALLED], 1)
    assert {record["disposition"] for record in site.results("c")} == {"stopped", "unknown"}
    [lost] = [one for one in site.results("c") if one["phone_number"] == LOST]
    assert (lost["disposition"], lost["reason"]) == ("unknown", "answer_lost")
    assert judge.live <= {LOST}, "nobody was told its connection, so nobody can stop it"
    judge.assert_on_time(SECONDS)


def test_a_pool_changes_its_release_while_calls_are_live_waiting_and_unknown(
    site: Site, sandbox: SandboxProcess, before: dict[str, str]
) -> None:
    submit(site, before)
    old = works(site, before)
    wait_until(lambda: len(Judge(sandbox).accepted) > 4)  # so the lost one is known as that

    works(site, {})
    old.terminate()
    assert old.wait() == 0

    assert len(Judge(sandbox).accepted) < 1 + len(CALLED), "nothing was left to take over"
    ended = {"stopped": len(CALLED), "unknown": 1}
    wait_until(lambda: sum(_ended(site).values()) == sum(ended.values()), 60)
    assert_taken_over(site, sandbox)


def test_the_release_before_does_not_start_on_a_ledger_that_it_could_misread(
    site: Site, sandbox: SandboxProcess, before: dict[str, str]
) -> None:
    submit(site, {})

    back = site.start("worker", env=before)

    assert back.wait() != 0
    assert "schema" in back.err
    assert Judge(sandbox).accepted == {}


def _ended(site: Site) -> dict[str, int]:
    return dict(site.standing("c")["dispositions"])
