"""Which closings of sockets are taken for hang-ups, over histories of outages and hang-ups."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.calls.closings import (
    AGAIN_SECONDS,
    WINDOW_SECONDS,
    CallClosings,
    Closings,
)
from tests.examples import examples

#: How long a follower waits before it opens a socket once more.
TRY_AGAIN_SECONDS = 0.6


def closed(*instants: float) -> Closings:
    """Let a socket of another call close at each of these instants."""
    closings = Closings()
    for call, at in enumerate(instants):
        closings.add(call, at)
    return closings


# Together


@pytest.mark.parametrize(
    ("instants", "are_together"),
    [
        ([], False),
        ([100.0], False),
        ([100.0, 100.0], False),
        ([100.0, 100.0, 100.0], True),
        ([100.0, 100.5, 101.0], True),
        ([99.0, 99.5, 100.0], True),
        ([99.5, 100.0, 100.5], True),
        ([100.0, 100.5, 101.1], False),
        ([99.1, 100.0, 100.9], False),  # each within a second, all of them not
        ([98.0, 98.1, 98.2, 100.0], False),
        ([100.0, 101.5, 101.6, 101.7], False),
    ],
)
def test_three_calls_within_a_second_are_together(
    instants: list[float], are_together: bool
) -> None:
    assert closed(*instants).are_together(100.0) is are_together


def test_one_call_is_not_together_with_itself() -> None:
    closings = Closings()
    for at in (100.0, 100.1, 100.2):
        closings.add("call", at)

    assert not closings.are_together(100.0)


def test_what_our_own_stop_closed_is_no_part_of_it() -> None:
    closings = closed(100.0, 100.1, 100.2)

    closings.withdraw(1, 100.1)

    assert not closings.are_together(100.0)


def test_what_is_withdrawn_without_having_been_counted_changes_nothing() -> None:
    closings = closed(100.0, 100.1, 100.2)

    closings.withdraw(1, 100.0)

    assert closings.are_together(100.0)


def test_closings_of_long_ago_are_not_kept() -> None:
    closings = closed(*[100.0] * 1000)

    closings.add("call", 1000.0)

    assert len(closings._closed) == 1


# One call


def test_a_socket_that_closes_once_has_not_closed_again() -> None:
    assert not CallClosings("call", Closings()).closed(50.0, 100.0)


def test_a_socket_that_closes_soon_after_it_was_opened_again_has() -> None:
    one = CallClosings("call", Closings())
    one.closed(50.0, 100.0)

    assert one.closed(100.1, 100.1 + AGAIN_SECONDS)
    assert one.is_hang_up()


def test_a_socket_that_stays_open_longer_begins_anew() -> None:
    one = CallClosings("call", Closings())
    one.closed(50.0, 100.0)

    assert not one.closed(100.1, 100.2 + AGAIN_SECONDS)


@pytest.mark.parametrize("instants", [(100.0, 100.3), (100.9, 101.0), (103.0, 103.9)])
def test_others_that_join_either_closing_leave_it_in_doubt(instants: tuple[float, float]) -> None:
    closings = Closings()
    one = CallClosings("call", closings)
    one.closed(50.0, 100.0)
    one.closed(100.1, 103.0)

    for other, at in enumerate(instants):
        closings.add(other, at)

    assert one.known_at == 103.0 + WINDOW_SECONDS
    assert not one.is_hang_up()


def test_a_doubt_outlives_the_memory_of_it() -> None:
    closings = closed(100.0, 100.0)
    one = CallClosings("call", closings)
    one.closed(50.0, 100.0)
    one.settle(102.0)
    closings.add("another", 1000.0)

    assert one.closed(997.0, 1000.0)
    assert not one.is_hang_up()


def test_an_outage_of_before_leaves_no_doubt_once_a_socket_has_stayed_open() -> None:
    one = CallClosings("call", closed(100.0, 100.0))
    one.closed(50.0, 100.0)
    one.settle(102.0)
    one.closed(100.1, 200.0)

    assert one.closed(200.1, 200.2)
    assert one.is_hang_up()


def test_a_doubtful_call_that_closes_again_and_again_casts_no_doubt_on_others() -> None:
    closings = closed(100.0, 100.0)
    doubtful = [CallClosings(name, closings) for name in ("one", "two", "three")]
    for each in doubtful:
        each.closed(50.0, 100.0)
        each.closed(200.0, 200.1)

    assert not closings.are_together(200.1)


# Histories


@dataclass
class Call:
    """One live call and its socket, as a follower treats it; the far end hangs up at `over_at`."""

    name: int
    judge: CallClosings
    over_at: float = float("inf")
    opened_at: float | None = 0.0
    ended_at: float | None = None


@dataclass
class World:
    """Calls whose sockets are dropped together now and then. The API never says a word."""

    calls: list[Call]
    closings: Closings
    waiting: list[tuple[float, int, Callable[[float], None]]] = field(default_factory=list)
    turns: Iterator[int] = field(default_factory=count)
    #: instant, call, and how long the socket was open; but those of our own stops
    closed: list[tuple[float, int, float]] = field(default_factory=list)

    def at(self, instant: float, action: Callable[[float], None]) -> None:
        heapq.heappush(self.waiting, (instant, next(self.turns), action))

    def run(self, until: float) -> None:
        while self.waiting and self.waiting[0][0] <= until:
            at, _, action = heapq.heappop(self.waiting)
            action(at)

    def drop(self, calls: Iterable[Call], at: float) -> None:
        for call in calls:
            if call.opened_at is not None and call.ended_at is None:
                self.close(call, at)

    def close(self, call: Call, at: float) -> None:
        assert call.opened_at is not None
        again = call.judge.closed(call.opened_at, at)
        self.closed.append((at, call.name, at - call.opened_at))
        call.opened_at = None
        call.judge.settle(at)
        if again and call.judge.is_in_doubt:
            self.at(at + TRY_AGAIN_SECONDS, partial(self.open, call))
        elif again:
            self.at(call.judge.known_at, partial(self.judge, call))
        else:
            self.at(at + 0.01, partial(self.open, call))

    def judge(self, call: Call, now: float) -> None:
        if call.judge.is_hang_up():
            call.ended_at = now
        else:
            self.at(now + TRY_AGAIN_SECONDS, partial(self.open, call))

    def open(self, call: Call, now: float) -> None:
        call.opened_at = now
        if now >= call.over_at:  # accepted, and closed at once
            self.at(now + 0.01, partial(self.drop, [call]))

    def stop(self, call: Call, at: float) -> None:
        """End it by our own stop, which closes its socket."""
        if call.ended_at is None:
            call.ended_at = at
            if call.opened_at is not None:
                call.judge.closed(call.opened_at, at)
                call.judge.withdraw()

    def hang_up(self, call: Call, at: float) -> None:
        call.over_at = at
        self.drop([call], at)


def world(calls: int) -> World:
    closings = Closings()
    return World([Call(name, CallClosings(name, closings)) for name in range(calls)], closings)


@given(
    calls=st.integers(3, 20),
    gaps=st.lists(st.floats(0.1, 12.0), min_size=1, max_size=12),
    stops=st.lists(st.tuples(st.floats(0.0, 40.0), st.integers(0, 19)), max_size=8),
    spread=st.floats(0.0, WINDOW_SECONDS),
)
def test_outages_of_all_sockets_never_end_a_call(
    calls: int, gaps: list[float], stops: list[tuple[float, int]], spread: float
) -> None:
    everything = world(calls)
    stopped = {at % calls for _, at in stops}
    # Three are left whatever we stop: two that close together are no outage.
    stopped = set(sorted(stopped)[: calls - 3])
    at = 10.0
    for gap in gaps:
        for place, call in enumerate(everything.calls):
            instant = at + spread * place / calls
            everything.at(instant, partial(everything.drop, [call]))
        at += gap
    for instant, place in stops:
        if place % calls in stopped:
            call = everything.calls[place % calls]
            everything.at(instant, partial(everything.stop, call))

    everything.run(at + 60.0)

    ended = [call.name for call in everything.calls if call.ended_at is not None]
    assert set(ended) <= stopped


#: Whose sockets close when. No socket has been open for less than 0.4 s then.
drops = st.tuples(st.integers(2, 30).map(lambda n: n / 2), st.sets(st.integers(0, 5), min_size=1))


@examples(500)
@given(drops=st.lists(drops, min_size=2, max_size=25))
def test_nobody_is_taken_for_a_hang_up_whose_closings_came_together_with_others(
    drops: list[tuple[float, set[int]]],
) -> None:
    everything = world(6)
    for at, places in drops:
        those = [everything.calls[place] for place in places]
        everything.at(at, partial(everything.drop, those))

    everything.run(100.0)

    for call in everything.calls:
        if call.ended_at is not None:
            on_the_way = since_it_stayed_open(everything.closed, call.name)
            assert len(on_the_way) >= 2
            assert not any(in_a_group(everything.closed, at) for at in on_the_way)


def since_it_stayed_open(closed: list[tuple[float, int, float]], call: int) -> list[float]:
    """Return its last closing, and those before it until one whose socket had been open long."""
    instants = []
    for at, name, was_open in reversed(closed):
        if name == call:
            instants.append(at)
            if was_open > AGAIN_SECONDS:
                break
    return instants


def in_a_group(closed: list[tuple[float, int, float]], at: float) -> bool:
    begins = [begin for begin, *_ in closed if at - 1 <= begin <= at]
    return any(
        len({name for other, name, _ in closed if begin <= other <= begin + 1}) >= 3
        for begin in begins
    )


@given(
    outages=st.lists(st.floats(0.0, 30.0), max_size=10),
    apart=st.lists(st.floats(2.5, 10.0), min_size=1, max_size=15),
)
def test_hang_ups_one_by_one_are_known_soon_whatever_was_before(
    outages: list[float], apart: list[float]
) -> None:
    everything = world(len(apart))
    for at in outages:
        everything.at(at, partial(everything.drop, everything.calls))
    at = 60.0  # long after all sockets are open again
    for call, seconds in zip(everything.calls, apart, strict=True):
        at += seconds
        everything.at(at, partial(everything.hang_up, call))

    everything.run(at + 60.0)

    for call in everything.calls:
        assert call.ended_at is not None
        assert call.ended_at - call.over_at <= WINDOW_SECONDS + 0.1
