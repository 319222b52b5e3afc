"""How often a fault that lasts is logged."""

from __future__ import annotations

import logging

import pytest

from scheduler import complaints
from scheduler.complaints import STILL_AWAY_SECONDS, Outage

AWAY = OSError("connection refused")


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What is logged."""
    caplog.set_level(logging.DEBUG)
    return caplog


def test_an_outage_is_logged_when_it_begins_now_and_then_and_at_its_end(
    log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(complaints, "since_boot", lambda: now)
    outage = Outage(logging.getLogger("here"), "the timekeeper", "the ledger")

    outage.is_over()
    for _ in range(50):  # twice a second
        outage.lasts(AWAY)
        now += 0.5
    outage.is_over()
    outage.is_over()

    assert log.messages == [
        "the timekeeper can't reach the ledger: connection refused",
        f"the timekeeper can't reach the ledger for {STILL_AWAY_SECONDS:.0f} s: connection refused",
        "the timekeeper can't reach the ledger for 20 s: connection refused",
        "the timekeeper reaches the ledger again after 25.0 s",
    ]


def test_the_next_outage_is_logged_at_once(log: pytest.LogCaptureFixture) -> None:
    outage = Outage(logging.getLogger("here"), "the poller", "the ledger")

    for _ in range(2):
        outage.lasts(AWAY)
        outage.is_over()

    assert sum("can't reach" in message for message in log.messages) == 2
