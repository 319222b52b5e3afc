from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from scheduler.calls import demand as rules
from scheduler.calls.demand import Demand
from scheduler.ledger.calls import Claim
from scheduler.models import Attempt, Contact, Policy
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

    def dial() -> Claim | bool:
        with demand.one_more():
            return demand.linger()

    with ThreadPoolExecutor(1) as threads:
        lingering = threads.submit(dial)
        wait_until(lambda: demand._idle == 1)
        assert demand.dialling == 0
        demand.want(1)

        assert lingering.result() is True
    assert sent == []


def a_claim(row: int) -> Claim:
    return Claim(Attempt("c", row, 1), Contact("1", "+12025550143"), Policy(), 0.0)


def test_a_claim_is_handed_on_to_one_thread_that_lingers(sent: list[int]) -> None:
    demand, claim = Demand(sent.append), a_claim(1)
    assert not demand.has_idle()
    assert not demand.hand_on(claim), "nobody would dial it"

    with ThreadPoolExecutor(1) as threads:
        lingering = threads.submit(demand.linger)
        wait_until(demand.has_idle)
        assert demand.hand_on(claim)

        assert lingering.result() is claim
    assert not demand.has_idle()
    assert sent == []


def test_no_claim_is_handed_on_to_a_thread_that_is_wanted_already(sent: list[int]) -> None:
    demand = Demand(sent.append)

    with ThreadPoolExecutor(1) as threads:
        lingering = threads.submit(demand.linger)
        wait_until(demand.has_idle)
        with demand._changed:  # so that the thread can't leave yet
            demand.want(1)
            assert not demand.has_idle()
            assert not demand.hand_on(a_claim(1))

        assert lingering.result() is True


def test_no_claim_is_handed_on_when_it_closes(sent: list[int]) -> None:
    demand = Demand(sent.append)

    with ThreadPoolExecutor(1) as threads:
        lingering = threads.submit(demand.linger)
        wait_until(demand.has_idle)
        demand.close()

        assert not demand.hand_on(a_claim(1))
        assert lingering.result() is False


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
