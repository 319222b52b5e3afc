"""Redis shows that more time has passed than we have seen: who is right, by a provider's clock?"""

from __future__ import annotations

from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.ledger.clocks import Right
from scheduler.providers import ApiTime, Gain, gain
from scheduler.worker.third_clock import AGREES_SECONDS, ASKED_FROM_SECONDS, SKEW_SECONDS, judge

JUMP = 600.0


@pytest.mark.parametrize(
    ("least", "most", "right"),
    [
        (-1.2, 0.8, Right.STEADY),
        (SKEW_SECONDS, AGREES_SECONDS, Right.STEADY),
        (-3.0, -SKEW_SECONDS, Right.STEADY),
        (JUMP - 1.1, JUMP + 0.9, Right.REDIS),
        (JUMP - 3.0, JUMP - SKEW_SECONDS, Right.REDIS),
        (2 * JUMP, 2 * JUMP + 2.0, Right.REDIS),
        (-3.0, -SKEW_SECONDS - 0.1, Right.UNKNOWN),
        (-1.0, AGREES_SECONDS + 0.1, Right.UNKNOWN),
        (SKEW_SECONDS + 0.1, AGREES_SECONDS, Right.UNKNOWN),
        (JUMP - 3.0, JUMP - SKEW_SECONDS - 0.1, Right.UNKNOWN),
        (59.0, 61.0, Right.UNKNOWN),
        (SKEW_SECONDS, JUMP + 1.0, Right.UNKNOWN),
        (-JUMP, -JUMP + 2.0, Right.UNKNOWN),
    ],
)
def test_what_a_provider_has_gained_tells_who_is_right(
    least: float, most: float, right: Right
) -> None:
    assert judge(JUMP, Gain(least, most)) is right


def test_without_two_dates_nobody_knows() -> None:
    assert judge(JUMP, None) is Right.UNKNOWN


def dated(at: float, steady: float, took: float) -> ApiTime:
    """What an API shows at an instant, to whoever asked so long before."""
    second = floor(at)
    day, second = divmod(second, 86400)
    time = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    return ApiTime(f"{day + 1:02} Nov 2026 {time} GMT", steady - took / 2, steady + took / 2)


@given(
    first_at=st.floats(0, 80_000),
    apart=st.floats(0, 3_000),
    jump=st.floats(ASKED_FROM_SECONDS, 86_400),
    stale=st.tuples(st.floats(0, SKEW_SECONDS), st.floats(0, SKEW_SECONDS)),
    took=st.tuples(st.floats(0, 2.0), st.floats(0, 1.0)),
)
def test_a_pause_is_never_taken_for_a_clock_that_was_set(
    first_at: float,
    apart: float,
    jump: float,
    stale: tuple[float, float],
    took: tuple[float, float],
) -> None:
    """Whatever part of a second a date leaves out, and however long an answer takes."""
    earlier = dated(first_at - stale[0] + 1.0, 0.0, took[0])

    paused = dated(first_at - stale[1] + 1.0 + apart + jump, apart, took[1])
    went_on = dated(first_at - stale[1] + 1.0 + apart, apart, took[1])

    assert judge(jump, gain(earlier, paused)) is not Right.STEADY
    assert judge(jump, gain(earlier, went_on)) is not Right.REDIS
    if took[0] + took[1] < 1.0:
        assert judge(jump, gain(earlier, went_on)) is Right.STEADY
