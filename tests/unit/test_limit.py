"""How the limit of an account is learned from what was accepted and refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.limit import (
    FIRST,
    LONGEST_QUIET_SECONDS,
    MOST_REFUSALS,
    QUIET_SECONDS_AFTER_FALL,
    SHORTEST_QUIET_SECONDS,
    TURNS,
    TURNS_AFTER_FALL,
    Limit,
    after_acceptance,
    after_late_refusal,
    after_refusal,
)

NOW = 1_800_000_000.0

LIMITS = st.builds(
    Limit,
    learned=st.integers(1, 500),
    refusals=st.integers(0, MOST_REFUSALS),
    raise_at=st.floats(NOW - 1000, NOW + 1000),
    step=st.integers(-64, 64),
    had=st.integers(0, 500),
)
LIVE = st.integers(0, 500)
CEILINGS = st.integers(1, 500)


def test_a_new_account_starts_at_four_and_doubles_up_to_its_ceiling_whenever_it_is_full() -> None:
    limit, learned = Limit(), []

    for _ in range(5):
        learned.append(limit.learned)
        limit = after_acceptance(limit, live=limit.learned, ceiling=50, now=NOW)

    assert learned == [FIRST, 8, 16, 32, 50]
    assert limit == Limit(50)


def test_a_limit_that_is_not_full_stays() -> None:
    assert after_acceptance(Limit(8), live=7, ceiling=50, now=NOW) == Limit(8)


def test_what_fits_is_known_to_fit() -> None:
    limit = after_acceptance(Limit(3, 2, NOW + 9), live=10, ceiling=50, now=NOW)

    assert limit == Limit(10, 2, NOW + 9)


def test_a_refusal_lowers_the_limit_to_what_is_live() -> None:
    assert after_refusal(Limit(16), fits=10, now=NOW).learned == 10


def test_a_refusal_never_raises_the_limit() -> None:
    assert after_refusal(Limit(8), fits=10, now=NOW).learned == 8


def test_a_refusal_with_nothing_live_leaves_one_slot() -> None:
    assert after_refusal(Limit(8), fits=0, now=NOW).learned == 1


def test_the_quiet_time_doubles_with_each_probe_that_fails_up_to_the_longest() -> None:
    limit, quiet = after_refusal(Limit(8), fits=4, now=NOW), []

    for _ in range(8):
        quiet.append(limit.raise_at - NOW)
        probed = after_acceptance(replace(limit, raise_at=NOW), live=4, ceiling=50, now=NOW)
        limit = after_refusal(probed, fits=4, now=NOW)

    assert quiet == [5, 10, 20, 40, 80, 160, 300, 300]


def test_a_limit_that_has_fallen_is_probed_soon() -> None:
    limit = after_refusal(Limit(20, refusals=6, raise_at=NOW + 99), fits=12, now=NOW)

    assert limit == Limit(12, 1, NOW + 5)


def test_the_room_of_other_traffic_stays_free() -> None:
    assert after_refusal(Limit(20), fits=12, now=NOW, reserve=3).learned == 9
    assert after_refusal(Limit(20), fits=2, now=NOW, reserve=3).learned == 1


def test_nothing_is_tried_above_the_limit_in_quiet_time() -> None:
    refused = after_refusal(Limit(8), fits=5, now=NOW)

    limit = after_acceptance(refused, live=5, ceiling=50, now=refused.raise_at - 0.001)

    assert limit == refused


def test_after_quiet_time_one_more_is_tried_and_no_other_before_it_is_accepted() -> None:
    refused = after_refusal(Limit(8), fits=5, now=NOW)

    probed = after_acceptance(refused, live=5, ceiling=50, now=refused.raise_at)

    assert probed.learned == 6
    assert after_acceptance(probed, live=5, ceiling=50, now=refused.raise_at + 1) == probed


def test_where_calls_are_short_a_probe_comes_when_every_slot_was_used_some_times() -> None:
    limit = Limit(10, refusals=7, raise_at=NOW + 290)
    used = int(TURNS * 10)

    assert after_acceptance(limit, live=10, ceiling=50, now=NOW, accepted=used - 1).learned == 10
    assert after_acceptance(limit, live=10, ceiling=50, now=NOW, accepted=used).learned == 11


def test_but_not_within_the_shortest_quiet_time() -> None:
    limit = after_refusal(Limit(10, refusals=7, step=1), fits=9, now=NOW)

    assert after_acceptance(limit, live=9, ceiling=50, now=NOW + 4, accepted=999) == limit


def test_while_slots_are_missing_that_fitted_before_probes_come_sooner() -> None:
    fallen = after_refusal(Limit(20, refusals=7), fits=8, now=NOW, proven=20)
    used = int(TURNS_AFTER_FALL * 8)
    soon = NOW + QUIET_SECONDS_AFTER_FALL

    assert after_acceptance(fallen, live=8, ceiling=50, now=soon, accepted=used - 1) == fallen
    assert after_acceptance(fallen, live=8, ceiling=50, now=soon - 1, accepted=used) == fallen
    assert after_acceptance(fallen, live=8, ceiling=50, now=soon, accepted=used).learned == 9


def test_each_missing_slot_is_worth_one_early_probe() -> None:
    limit, now, early = after_refusal(Limit(20), fits=15, now=NOW, proven=20), NOW, 0

    while limit.has_fallen:
        early += 1
        now += QUIET_SECONDS_AFTER_FALL
        used = int(TURNS_AFTER_FALL * 15)
        probed = after_acceptance(limit, live=15, ceiling=50, now=now, accepted=used)
        limit = after_refusal(probed, fits=15, now=now, proven=15)

    assert (early, limit.learned) == (20 - 15, 15)


def test_a_fall_in_several_steps_is_one_fall() -> None:
    limit = after_refusal(Limit(20), fits=19, now=NOW, proven=20)
    for fits in (17, 13, 8):
        limit = after_refusal(limit, fits=fits, now=NOW, proven=limit.learned)

    assert (limit.learned, limit.had) == (8, 20)


def test_what_a_climb_tried_in_vain_was_never_had() -> None:
    limit = after_refusal(Limit(32), fits=20, now=NOW, proven=20)

    assert not limit.has_fallen


def test_after_a_fall_the_third_step_leads_back_to_what_fitted() -> None:
    limit, learned = Limit(8, refusals=5, raise_at=NOW, had=18), []

    for _ in range(4):
        limit = after_acceptance(limit, live=limit.learned, ceiling=50, now=NOW)
        learned.append(limit.learned)

    assert learned == [9, 10, 18, 22]


def test_a_fall_whose_refusals_come_late_is_probed_sooner_too() -> None:
    fallen = after_late_refusal(Limit(20, refusals=7, step=-1), fits=8, now=NOW, proven=20)
    used, soon = int(TURNS_AFTER_FALL * 8), NOW + QUIET_SECONDS_AFTER_FALL

    assert after_acceptance(fallen, live=8, ceiling=50, now=soon, accepted=used).learned == 9


def test_a_limit_that_has_risen_is_climbed_in_ever_larger_steps() -> None:
    limit, learned = Limit(8, refusals=5, raise_at=NOW), []

    for _ in range(5):
        limit = after_acceptance(limit, live=limit.learned, ceiling=50, now=NOW)
        learned.append(limit.learned)

    assert learned == [9, 10, 12, 16, 24]
    assert after_refusal(limit, fits=20, now=NOW) == Limit(20, 1, NOW + 5)


def test_a_ceiling_is_not_probed_above() -> None:
    limit = Limit(10, 2, NOW)

    assert after_acceptance(limit, live=10, ceiling=10, now=NOW + 999) == limit


@given(LIMITS, LIVE, CEILINGS)
def test_an_acceptance_never_lowers_the_limit_and_never_raises_it_above_the_ceiling(
    limit: Limit, live: int, ceiling: int
) -> None:
    after = after_acceptance(limit, live=live, ceiling=ceiling, now=NOW)

    assert limit.learned <= after.learned <= max(limit.learned, ceiling)


@given(LIMITS, LIVE)
def test_a_refusal_leaves_at_least_one_slot_and_never_more_than_there_were(
    limit: Limit, live: int
) -> None:
    after = after_refusal(limit, fits=live, now=NOW)

    assert 1 <= after.learned <= limit.learned
    assert after.refusals >= 1 and after.step == 0


@given(st.lists(LIVE, min_size=1))
def test_quiet_time_stays_within_its_bounds(refused: list[int]) -> None:
    limit = Limit()

    for live in refused:
        limit = after_refusal(limit, fits=live, now=NOW)

    assert SHORTEST_QUIET_SECONDS <= limit.raise_at - NOW <= LONGEST_QUIET_SECONDS


def test_an_account_that_was_full_for_days_is_soon_trusted_again() -> None:
    limit = Limit()
    for _ in range(10_000):
        limit = after_refusal(replace(limit, step=1), fits=1, now=NOW)

    limit = after_acceptance(limit, live=1, ceiling=50, now=limit.raise_at)
    limit = after_acceptance(limit, live=2, ceiling=50, now=NOW)

    assert (limit.learned, limit.refusals) == (3, 1)


@pytest.mark.parametrize("real", [1, 2, 3, 7, 20, 45])
def test_against_a_real_limit_few_starts_are_refused_and_all_of_it_is_used(real: int) -> None:
    limit, now, refused, live = Limit(), NOW, 0, 0

    for _ in range(3600):
        now += 1
        while live < min(limit.learned, 50):
            if live < real:
                live += 1
                limit = after_acceptance(limit, live=live, ceiling=50, now=now)
            else:
                refused += 1
                limit = after_refusal(limit, fits=live, now=now)

    assert limit.learned == live == real
    assert refused <= 20


@pytest.mark.parametrize("real", [1, 3, 20, 45])
def test_a_limit_whose_refusals_come_late_is_not_climbed_on_mere_acceptances(real: int) -> None:
    limit, now, late = Limit(), NOW, 0

    for _ in range(1800):
        now += 2
        room = min(limit.learned, 50)
        for live in range(1, room + 1):
            limit = after_acceptance(limit, live=live, ceiling=50, now=now)
        for failed in range(max(0, room - real)):
            late += 1
            limit = after_late_refusal(limit, fits=room - failed - 1, now=now + 1)

    assert real <= limit.learned <= real + 1
    assert late <= 50 - real + 20


def test_a_limit_whose_refusals_come_late_is_climbed_in_steps_that_wait_for_them() -> None:
    limit = after_late_refusal(Limit(), fits=4, now=NOW)
    learned, now = [], NOW
    for _ in range(4):
        now += SHORTEST_QUIET_SECONDS
        limit = after_acceptance(limit, live=limit.learned, ceiling=50, now=now)
        assert after_acceptance(limit, live=limit.learned, ceiling=50, now=now) == limit
        learned.append(limit.learned)

    assert learned == [5, 7, 11, 19]


def test_a_late_probe_that_fails_makes_the_next_one_wait_longer() -> None:
    limit = after_late_refusal(Limit(21, 1, NOW), fits=20, now=NOW)
    limit = after_acceptance(limit, live=20, ceiling=50, now=limit.raise_at)

    limit = after_late_refusal(limit, fits=20, now=NOW)

    assert (limit.learned, limit.raise_at) == (20, NOW + 2 * SHORTEST_QUIET_SECONDS)
