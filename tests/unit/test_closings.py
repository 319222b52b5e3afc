from __future__ import annotations

import random

import pytest

from scheduler.closings import BURST, MANY, WINDOW_SECONDS, Closings


def close(closings: Closings, *instants: float, of: int) -> Closings:
    """Let one socket after the other close, of so many that were open at first."""
    for already, at in enumerate(instants):
        closings.closed(at, open_before=of - already)
    return closings


def within_a_second(count: int, at: float = 100.0) -> list[float]:
    return [at + n * 0.9 / count for n in range(count)]


def at_a_pace(per_second: float, seconds: float = 40.0) -> Closings:
    """Let far ends hang up at this pace, by chance, while others are called in their place."""
    closings, lots, at = Closings(), random.Random(1), 0.0
    closings.stays_open(0.0)
    while (at := at + lots.expovariate(per_second)) < seconds:
        closings.closed(at, open_before=1000)
    return closings


def test_nothing_that_closed_is_no_outage() -> None:
    assert not Closings().was_outage(100.0)


# While nothing is known of the pace


@pytest.mark.parametrize("of", [1, 2, 10, 1000])
def test_one_that_closes_alone_is_no_outage(of: int) -> None:
    assert not close(Closings(), 100.0, of=of).was_outage(100.0)


@pytest.mark.parametrize("of", range(1, MANY))
def test_a_few_that_are_all_there_are_are_too_few_to_tell(of: int) -> None:
    assert not close(Closings(), *within_a_second(of), of=of).was_outage(100.0)


@pytest.mark.parametrize(("count", "of"), [(5, 5), (5, 6), (8, 10), (80, 100), (1000, 1000)])
def test_nearly_all_within_a_second_are_an_outage(count: int, of: int) -> None:
    closings = close(Closings(), *within_a_second(count), of=of)

    assert closings.was_outage(100.0)


@pytest.mark.parametrize(("count", "of"), [(5, 7), (7, 10), (79, 100)])
def test_fewer_are_no_outage(count: int, of: int) -> None:
    assert not close(Closings(), *within_a_second(count), of=of).was_outage(100.0)


def test_far_ends_that_hang_up_one_by_one_are_no_outage() -> None:
    instants = [100.0 + n * WINDOW_SECONDS for n in range(20)]

    closings = close(Closings(), *instants, of=20)

    assert not any(closings.was_outage(at) for at in instants)


# Against the pace of late


@pytest.mark.parametrize("per_second", [0.5, 5.0, 20.0])
def test_hang_ups_at_their_own_pace_are_no_outage(per_second: float) -> None:
    closings = at_a_pace(per_second)

    assert not any(closings.was_outage(at) for at in range(10, 40))


@pytest.mark.parametrize("per_second", [0.5, 5.0, 20.0])
def test_far_more_than_the_pace_lets_expect_are_an_outage_whatever_their_share(
    per_second: float,
) -> None:
    closings = at_a_pace(per_second)

    close(closings, *within_a_second(BURST + 3 * int(per_second) + 20, at=40.0), of=1000)

    assert closings.was_outage(40.0)


def test_the_last_calls_of_a_campaign_that_hang_up_together_are_no_outage() -> None:
    closings = at_a_pace(6.0)

    close(closings, *within_a_second(6, at=40.0), of=6)

    assert not closings.was_outage(40.0)


def test_all_sockets_of_long_calls_at_once_are_an_outage_though_they_are_few() -> None:
    closings = at_a_pace(0.05)

    close(closings, *within_a_second(MANY, at=40.0), of=MANY)

    assert closings.was_outage(40.0)


# Around an outage


def test_what_closed_shortly_before_an_outage_belongs_to_it() -> None:
    closings = close(Closings(), 100.0, 100.3, 100.6, 100.7, 100.8, of=5)

    assert closings.was_outage(100.0)
    assert closings.was_outage(100.0 + WINDOW_SECONDS)


def test_what_closes_long_after_an_outage_is_judged_by_itself() -> None:
    closings = close(Closings(), *[100.0] * MANY, of=MANY)

    closings.closed(100.0 + 2 * WINDOW_SECONDS, open_before=1)

    assert not closings.was_outage(100.0 + 2 * WINDOW_SECONDS)


def test_after_an_outage_sockets_are_well_again_when_one_stays_open() -> None:
    closings = close(Closings(), *[100.0] * MANY, of=MANY)
    assert not closings.is_well_since(100.0)

    closings.stays_open(100.9)
    assert not closings.is_well_since(100.0)  # it was opened before the outage, perhaps

    closings.stays_open(101.5)
    assert closings.is_well_since(100.0)
    assert not closings.is_well_since(101.5)


def test_without_an_outage_they_are_well_when_one_stays_open_later() -> None:
    closings = Closings()
    assert not closings.is_well_since(100.0)

    closings.stays_open(101.0)

    assert closings.is_well_since(100.0)
