"""Accounts at two providers in one file: one worker serves both, and `run` either."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler.ledger.redis.embedded import EmbeddedRedis
from tests.functional.campaign import Judge, Site, numbers
from tests.functional.twilio_site import CALLER, SID, dialed, write
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(120)

EVERYBODY = numbers(8)
LISTENED, SPOKEN_TO = EVERYBODY[:4], EVERYBODY[4:]


@pytest.fixture
def site(sandbox: SandboxProcess, twilio: SandboxProcess, tmp_path: Path) -> Iterator[Site]:
    twilio.knobs(say_letters_per_second=500)
    path = tmp_path / "accounts.yaml"
    path.write_text(
        f"listener: {{provider: symbl, base_url: '{sandbox.url}', app_id: app,"
        " app_secret: '${SECRET}'}\n"
        f"speaker: {{provider: twilio, base_url: '{twilio.url}', account_sid: {SID},"
        f" auth_token: '${{SECRET}}', caller_ids: ['{CALLER}'], max_starts_per_second: 50}}\n"
    )
    with Site(tmp_path, "", CALLSCHED_ACCOUNTS=path, SECRET="hush-hush-secret") as site:
        for name in ("BASE_URL", "APP_ID", "APP_SECRET"):
            del site.env[f"CALLSCHED_SYMBL_{name}"]
        yield site


def files(site: Site) -> list[str]:
    silent = {"call": {}, "insights": [], "max_duration": "1s"}
    return [
        write(site, LISTENED, "listened", account="listener", **silent),
        write(site, SPOKEN_TO, "spoken", account="speaker"),
    ]


def test_one_worker_dials_both(
    site: Site, sandbox: SandboxProcess, twilio: SandboxProcess, private: EmbeddedRedis
) -> None:
    site.env["CALLSCHED_REDIS_URL"] = private.url
    worker = site.start("worker")
    wait_until(lambda: "ready." in worker.err)

    for path in files(site):
        done = site.call("submit", path, "--id", Path(path).stem, "--yes")
        assert done.process.returncode == 0, done.err

    def states() -> set[str]:
        return {one["state"] for one in site.call("status", "--json").record["campaigns"]}

    wait_until(lambda: states() == {"finished"})
    assert sorted(Judge(sandbox).accepted) == sorted(LISTENED)
    assert sorted(dialed(twilio)) == sorted(SPOKEN_TO)
    ends = {one["disposition"] for one in site.results("spoken")}
    assert (ends, {one["disposition"] for one in site.results("listened")}) == (
        {"completed"},
        {"stopped"},
    )


def test_run_dials_the_account_of_its_file(
    site: Site, sandbox: SandboxProcess, twilio: SandboxProcess
) -> None:
    for path in files(site):
        done = site.call("run", path, "--id", Path(path).stem, "--json")
        assert done.process.returncode == 0, done.err
        assert done.record["calls"]["ended"] == 4

    assert sorted(Judge(sandbox).accepted) == sorted(LISTENED)
    assert sorted(dialed(twilio)) == sorted(SPOKEN_TO)
