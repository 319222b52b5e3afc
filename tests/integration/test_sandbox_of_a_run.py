"""What was called in the sandbox of a run: afterwards nobody can ask it, and commands say so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from scheduler.accounts import SANDBOX_ACCOUNT
from scheduler.cli import console
from scheduler.cli.app import app
from scheduler.ledger.ledger import Ledger
from scheduler.models import Disposition
from scheduler.settings import settings_of_worker
from tests.integration.ledger import DURATION, Books

GONE = "called in the sandbox of its run, where no phone rings"


@pytest.fixture
def ran(
    books: Books,
    ledger: Ledger,
    reader: Any,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Books]:
    """A campaign of which one call ended, and the answer of another start was lost."""
    monkeypatch.setenv("CALLSCHED_REDIS_URL", redis_url)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    settings_of_worker.cache_clear()
    run = Books(ledger, reader, SANDBOX_ACCOUNT)
    run.campaign(2)
    run.confirm(run.connected(), Disposition.STOPPED)
    run.begun()
    run.wait(DURATION)
    run.expire()
    yield run
    settings_of_worker.cache_clear()


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What commands say on standard error."""
    lines: list[str] = []
    for how in ("say", "warn", "fail"):
        monkeypatch.setattr(console, how, lambda *texts: lines.extend(map(str, texts)))
    return lines


def call(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def test_reconcile_shows_what_is_unknown_and_takes_a_verdict(ran: Books, said: list[str]) -> None:
    shown = call("reconcile", "c")

    assert shown.exit_code == 0, said
    assert "unknown" in shown.output
    assert GONE in said[0]
    assert "nothing can be looked up" in said[0]
    assert any("--not-placed" in line for line in said)

    assert call("reconcile", "c", "--all", "--not-placed", "--yes").exit_code == 0
    assert ran.dispositions() == {"stopped": 1, "skipped:not_placed": 1}

    said.clear()
    assert "no unknown calls" in call("reconcile", "c").output
    assert not any(GONE in line for line in said)


def test_erase_has_no_api_to_ask(ran: Books, said: list[str]) -> None:
    number = ran.results()[0]["phone_number"]

    for words in (["--campaign", "c"], [number]):
        said.clear()
        erased = call("erase", *words, "--remote", "--yes")
        assert erased.exit_code == 0, said
        assert any("in the sandbox of a run, which is gone" in line for line in said)
        assert not any("the API" in line for line in said)


def test_recordings_says_whom_nobody_can_ask(ran: Books, said: list[str]) -> None:
    listed = call("recordings", "c")

    assert listed.exit_code == 1
    assert GONE in str(listed.exception) + "".join(said)
