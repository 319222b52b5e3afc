"""How long whom one campaign has called is left alone by others of its name, as a setting."""

from __future__ import annotations

import pytest

from scheduler.errors import ConfigError
from scheduler.ledger.calls import REMEMBERED_SECONDS
from scheduler.settings import read_settings

NAME = "CALLSCHED_REPEAT_WINDOW"


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("", 20 * 3600.0), ("0s", 0.0), ("90m", 5400.0), ("31d", float(REMEMBERED_SECONDS))],
)
def test_the_window_is_a_duration(
    monkeypatch: pytest.MonkeyPatch, written: str, seconds: float
) -> None:
    monkeypatch.setenv(NAME, written)

    assert read_settings().repeat_window == seconds


@pytest.mark.parametrize("written", ["32d", "20", "always", "-1h"])
def test_what_is_none_or_longer_than_calls_are_remembered_is_refused(
    monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.setenv(NAME, written)

    with pytest.raises(ConfigError, match=NAME):
        read_settings()
