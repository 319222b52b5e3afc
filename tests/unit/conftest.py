"""What several files of unit tests stand on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler.settings import settings_of_worker


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working directory, and an environment that sets nothing."""
    for name in os.environ:
        if name.upper().startswith(("CALLSCHED_", "TWILIO_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("scheduler.settings._overrides", {})
    settings_of_worker.cache_clear()
    yield tmp_path
    settings_of_worker.cache_clear()
