"""`run --sandbox` dials in a sandbox of its own, whatever the environment and the folder say."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from tests.functional.campaign import Site, numbers
from tests.functional.terminal import Terminal
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until

CALLSCHED = Path(sys.executable).parent / "callsched"


def test_its_workers_dial_nowhere_else(site: Site, sandbox: SandboxProcess) -> None:
    real = f"CALLSCHED_SYMBL_BASE_URL={sandbox.url}\nCALLSCHED_SYMBL_ACCESS_TOKEN=of-the-file\n"
    (site.home / ".env").write_text(real)
    other_spelling = {
        "callsched_symbl_base_url": sandbox.url,
        "CALLSCHED_symbl_access_token": "of-the-environment",
        "callsched_account": "real",
        "CALLSCHED_INSIGHTS_PATIENCE": "1s",  # nobody speaks in so short a call
    }

    run = site.start(
        *("run", site.contacts(numbers(2)), "--sandbox", "--json", "--max-duration", "1s"),
        *("--max-concurrency", "1", "--workers", "1"),
        env=other_spelling,
    )
    environments: list[dict[str, str]] = []

    def found() -> bool:
        environments.extend(_of_workers(run.process.pid))
        return bool(environments)

    wait_until(found)
    seen = {name: value for name, value in environments[0].items() if "call" in name.lower()}

    assert run.wait() == 0
    assert run.record["calls"]["ended"] == 2
    assert run.record["peak_slots"] == 1
    assert sandbox.events("accepted") == []
    assert "real" not in seen.values()
    assert seen["CALLSCHED_ACCOUNT"] == "sandbox"
    assert seen["CALLSCHED_MAX_CONCURRENCY"] == "1"
    assert sandbox.url not in seen.values()
    assert not [name for name in seen if name.upper() == "CALLSCHED_SYMBL_ACCESS_TOKEN"]


def test_what_it_suggests_at_its_end_works_where_it_is_printed(site: Site) -> None:
    """As under `make run`: found where no shell looks, with a folder that no shell knows.

    The call that is live when the first run is interrupted was held in that run's sandbox: the
    next one knows nothing of it, and is not asked.
    """
    site.env["PATH"] = "/usr/bin:/bin"
    (site.home / ".env").write_text("CALLSCHED_INSIGHTS_PATIENCE=1s\n")
    begun = site.start("init", "--example", "bridges", called=str(CALLSCHED))
    assert begun.wait() == 0, begun.err
    plan = typed(site, begun.out)
    assert "3         will be called" in plan or "3         called" in plan

    ran = site.start(
        *("run", "bridges.yaml", "--sandbox", "--no-wait", "--id", "trial", "--max-duration", "1s"),
        *("--workers", "1", "--max-concurrency", "1"),
        called=str(CALLSCHED),
    )
    wait_until(lambda: "start: accepted" in site.logged())
    ran.interrupt()
    assert ran.wait() == 130, ran.err
    status = site.call("status", "trial", "--json").record
    assert status["dials"] >= 1
    assert status["calls"]["pending"] >= 1

    # Nothing but a run dials in the sandbox, and the same one goes on.
    for look in ("explain trial #2", "status trial", "resume trial"):
        shown = site.start(*look.split(), called=str(CALLSCHED))
        assert shown.wait() == 0, shown.err
        told = " ".join((shown.out + shown.err).split())
        suggestion = told.rpartition("`")[0].rpartition("`")[2]
        assert told.endswith("continues it") or "continues it ledger:" in told, told
        assert suggestion.startswith("CALLSCHED_STATE_DIR=") and " run " in suggestion
    went_on = typed(site, suggestion)
    assert "stopped" in went_on
    assert "conversation does not exist" not in site.logged()

    results = typed(site, went_on.strip().rpartition("results: ")[2])
    assert "stopped" in results

    again = Terminal(site, "retry", "trial", "--only", "stopped")
    assert again.wait() == 0, again.shown
    assert "nobody dials it" in again.shown


def typed(site: Site, line: str) -> str:
    """Type a line into a shell that knows nothing of ours; return what it writes."""
    there = {name: value for name, value in site.env.items() if not name.startswith("CALLSCHED_")}
    ended = subprocess.run(
        line, shell=True, env=there, cwd=site.home, capture_output=True, text=True
    )
    assert ended.returncode == 0, line + ended.stderr
    return ended.stdout


def _of_workers(pid: int) -> Iterator[dict[str, str]]:
    """Yield the environments of the workers of a run."""
    for child in psutil.Process(pid).children():
        with suppress(psutil.Error):  # one that has just ended is none of them
            if "--parent-fd" in child.cmdline():
                yield child.environ()
