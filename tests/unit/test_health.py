from __future__ import annotations

import threading
from collections import Counter

import pytest

from scheduler.errors import LedgerUnreachable
from scheduler.ledger.accounts import Backlog
from scheduler.ledger.census import Census
from scheduler.ledger.views import AccountView
from scheduler.models import CallState, CampaignState
from scheduler.worker.health import unready, unwell
from scheduler.worker.snapshot import Snapshot, Snapshots
from tests.waiting import wait_until


def seen(
    *, blocks: dict[str, str] | None = None, outage: bool = False, is_newer: bool = False
) -> Snapshot:
    account = AccountView(
        account="trial",
        slots=4,
        learned=4,
        live=4,
        overdue=0,
        oldest_overdue_seconds=0.0,
        blocks=blocks or {},
        outage=outage,
        held=0,
    )
    campaigns, calls = dict.fromkeys(CampaignState, 0), dict.fromkeys(CallState, 0)
    counted = Census(campaigns, calls, failed_schedules=0, is_newer=is_newer)
    return Snapshot(account, Backlog(0, 0.0, 0, 0, 0, 0), {}, [], counted)


@pytest.mark.parametrize(
    ("silent_seconds", "is_cut_off", "is_well"),
    [
        (0.5, False, True),
        (9.9, False, True),
        (11, False, False),
        (11, True, True),
        (61, True, False),
    ],
)
def test_a_worker_is_well_while_its_timekeeper_ticks(
    silent_seconds: float, is_cut_off: bool, is_well: bool
) -> None:
    assert (unwell(silent_seconds, is_cut_off=is_cut_off) == []) is is_well


@pytest.mark.parametrize(
    ("found", "is_draining", "reason"),
    [
        (seen(), False, ""),
        (seen(outage=True), False, ""),
        (seen(blocks={"others": "401"}), False, ""),
        (seen(blocks={"ours": "401 for +12025550143"}), False, "can't dial: 401 for …0143"),
        (seen(is_newer=True), False, "newer release"),
        (seen(), True, "it is leaving"),
        (None, False, "CALLSCHED_REDIS_URL"),
    ],
)
def test_a_worker_is_ready_when_it_could_dial(
    found: Snapshot | None, is_draining: bool, reason: str
) -> None:
    reasons = unready(found, "ours", is_draining=is_draining)

    assert len(reasons) == (1 if reason else 0)
    assert reason in "".join(reasons)


def test_a_worker_that_only_sends_stops_is_not_ready_and_says_why() -> None:
    reasons = unready(seen(), "ours", is_draining=True, stops_only="unknown setting CALLSCHED_X")

    (reason,) = reasons
    assert "it only sends stops: unknown setting CALLSCHED_X" in reason


def test_a_ledger_that_hangs_holds_nobody_up_and_is_not_asked_twice() -> None:
    asked: Counter[str] = Counter()
    answers = threading.Event()

    def read() -> Snapshot:
        asked["times"] += 1
        answers.wait(30)
        return seen()

    snapshots = Snapshots(read, patience_seconds=0.1)
    assert snapshots.latest() is None
    assert snapshots.latest() is None
    assert asked["times"] == 1

    answers.set()
    wait_until(lambda: snapshots.latest() is not None)
    snapshots.latest()
    assert asked["times"] == 1


def test_a_ledger_that_does_not_answer_is_seen_as_nothing() -> None:
    def read() -> Snapshot:
        raise LedgerUnreachable("Redis does not answer")

    assert Snapshots(read).latest() is None
