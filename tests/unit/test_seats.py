"""How the threads of the pool are shared out among accounts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Event, Thread

import pytest

from scheduler.worker.seats import OWN, Seats
from tests.waiting import wait_until


@contextmanager
def hanging(seats: Seats, account: str, wished: int) -> Iterator[int]:
    """Have so many threads come for an account and stay; yield how many were let in."""
    leave, turned_away = Event(), []

    def come() -> None:
        if not seats.work(account, leave.wait):
            turned_away.append(account)

    before = seats.taken_by(account)
    threads = [Thread(target=come) for _ in range(wished)]
    for thread in threads:
        thread.start()
    wait_until(lambda: seats.taken_by(account) - before + len(turned_away) == wished)
    yield seats.taken_by(account) - before
    leave.set()
    for thread in threads:
        thread.join()


def test_an_account_alone_has_every_seat() -> None:
    seats = Seats(26)

    with hanging(seats, "north", 40) as taken:
        assert taken == 26 == seats.most
    assert seats.taken == 0


@pytest.mark.parametrize("accounts", [2, 3, 5])
def test_one_that_hangs_leaves_half_of_what_is_common(accounts: int) -> None:
    seats = Seats(26, accounts)
    common = 26 - OWN * accounts

    with hanging(seats, "north", 40) as north, hanging(seats, "south", 40) as south:
        assert north == seats.most == OWN + (common + 1) // 2
        assert south == OWN + (common - (north - OWN) + 1) // 2


def test_whoever_comes_last_has_seats_of_its_own() -> None:
    names = [f"a{number}" for number in range(50)]
    seats = Seats(26, len(names))

    with ExitStack() as stack:
        taken = [stack.enter_context(hanging(seats, name, 4)) for name in names]

    assert taken == [OWN] * 50
    assert seats.count == OWN * 50


def test_seats_are_shared_out_anew_when_accounts_come_and_go() -> None:
    seats = Seats(26)
    seats.share_out(2)

    with hanging(seats, "north", 40) as taken:
        assert taken == OWN + 11
    seats.share_out(1)
    with hanging(seats, "north", 40) as taken:
        assert taken == 26


def test_a_seat_is_free_again_after_work_that_fails() -> None:
    seats = Seats(1)

    def fail() -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        seats.work("north", fail)

    assert seats.taken == 0
