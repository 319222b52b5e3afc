from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from scheduler.calls import demand as rules
from scheduler.calls.demand import Demand
from tests.waiting import wait_until


@pytest.fixture
def sent() -> list[int]:
    return []


def test_what_no_thread_waits_for_is_said_in_messages(sent: list[int]) -> None:
    Demand(sent.append, threads=4).want(3)

    assert sent == [3]


def test_no_more_messages_are_sent_than_threads_could_dial(sent: list[int]) -> None:
    demand = Demand(sent.append, threads=4)

    with demand.one_more():
        demand.want(9)

    assert sent == [3]


def test_slots_that_are_freed_one_by_one_are_said_once_for_each_thread(
    sent: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two thousand calls end before the first message has brought a thread."""
    demand = Demand(sent.append, threads=4)

    for _ in range(9):
        demand.want(1)
    assert sent == [1, 1, 1, 1]

    with demand.one_more():
        demand.want(1)
    assert sent == [1, 1, 1, 1], "it has come, and goes on while there is work"

    demand.want(1)
    assert sent == [1, 1, 1, 1, 1], "it has left"

    monkeypatch.setattr(rules, "ARRIVES_SECONDS", -1.0)
    demand.want(1)
    assert sent == [1, 1, 1, 1, 1, 1], "others were lost, or went elsewhere"


def test_a_thread_that_lingers_takes_a_slot_without_a_message(sent: list[int]) -> None:
    demand = Demand(sent.append, threads=4)

    def dial() -> bool:
        with demand.one_more():
            return demand.linger()

    with ThreadPoolExecutor(1) as threads:
        lingering = threads.submit(dial)
        wait_until(lambda: demand._idle == 1)
        assert demand.dialling == 0
        demand.want(1)

        assert lingering.result() is True
    assert sent == []


def test_a_thread_that_nobody_wants_leaves(
    sent: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "LINGER_SECONDS", 0.05)

    assert Demand(sent.append).linger() is False


def test_threads_that_linger_leave_when_it_closes(sent: list[int]) -> None:
    demand = Demand(sent.append)

    with ThreadPoolExecutor(2) as threads:
        lingering = [threads.submit(demand.linger), threads.submit(demand.wait_for, 60.0)]
        wait_until(lambda: demand._idle == 1)
        demand.close()

        assert [each.result() for each in lingering] == [False, False]
    assert demand.is_closing
