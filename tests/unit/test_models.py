"""The nouns and the states."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.models import OPEN_STATES, TRANSITIONS, Attempt, CallState, Contact

NAMES = st.text(min_size=1)
COUNTS = st.integers(1, 10**9)


@given(st.builds(Attempt, campaign_id=NAMES, row=COUNTS, number=COUNTS))
def test_an_attempt_is_read_back_as_it_was_written(attempt: Attempt) -> None:
    assert Attempt.parse(str(attempt)) == attempt


def test_the_table_of_changes_speaks_of_every_state() -> None:
    assert set(TRANSITIONS) == set(CallState)


def test_every_state_can_be_reached_and_every_one_leads_to_the_end() -> None:
    reached = frozenset().union(*TRANSITIONS.values())
    leads_to_end = {CallState.ENDED}
    for _ in CallState:
        leads_to_end |= {state for state, then in TRANSITIONS.items() if then & leads_to_end}

    assert reached == leads_to_end == set(CallState)


def test_nothing_follows_the_end_and_no_state_follows_itself() -> None:
    assert not TRANSITIONS[CallState.ENDED]
    assert all(state not in then for state, then in TRANSITIONS.items())


def test_a_phone_that_may_have_rung_is_not_called_again_once_it_is_connected() -> None:
    # Once it is over its campaign may have it tried again, by the disposition.
    live_or_over = (CallState.CONNECTED, CallState.ENDED)

    assert not any(CallState.PENDING in TRANSITIONS[state] for state in live_or_over)


def test_a_call_is_open_from_its_claim_to_its_end() -> None:
    assert set(OPEN_STATES) == set(CallState) - {CallState.PENDING, CallState.ENDED}


@pytest.mark.parametrize(("dtmf", "party"), [("", "+12025550100"), ("123#", "+12025550100,123#")])
def test_a_party_is_a_number_and_the_keys_that_are_pressed(dtmf: str, party: str) -> None:
    assert Contact("id", "+12025550100", dtmf=dtmf).party == party
