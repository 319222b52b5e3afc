"""`run --sandbox` dials in a sandbox of its own, whatever the environment and the folder say."""

from __future__ import annotations

import psutil
import pytest

from tests.functional.campaign import Site, numbers
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until

pytestmark = pytest.mark.long


def test_its_workers_dial_nowhere_else(site: Site, sandbox: SandboxProcess) -> None:
    real = f"CALLSCHED_SYMBL_BASE_URL={sandbox.url}\nCALLSCHED_SYMBL_ACCESS_TOKEN=of-the-file\n"
    (site.home / ".env").write_text(real)
    other_spelling = {
        "callsched_symbl_base_url": sandbox.url,
        "CALLSCHED_symbl_access_token": "of-the-environment",
        "callsched_account": "real",
    }

    run = site.start(
        *("run", site.contacts(numbers(2)), "--sandbox", "--json", "--max-duration", "2s"),
        *("--max-concurrency", "1", "--workers", "1"),
        env=other_spelling,
    )
    wait_until(lambda: _worker_of(run.process.pid) is not None)
    worker = _worker_of(run.process.pid)
    assert worker is not None
    seen = {name: value for name, value in worker.environ().items() if "call" in name.lower()}

    assert run.wait() == 0
    assert run.record["calls"]["ended"] == 2
    assert run.record["peak_slots"] == 1
    assert sandbox.events("accepted") == []
    assert "real" not in seen.values()
    assert seen["CALLSCHED_ACCOUNT"] == "sandbox"
    assert seen["CALLSCHED_MAX_CONCURRENCY"] == "1"
    assert sandbox.url not in seen.values()
    assert not [name for name in seen if name.upper() == "CALLSCHED_SYMBL_ACCESS_TOKEN"]


def _worker_of(pid: int) -> psutil.Process | None:
    children = psutil.Process(pid).children()
    return next((one for one in children if "--parent-fd" in one.cmdline()), None)
