"""A short selection of `make chaos`: every kind of fault strikes at least once."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests.chaos.plan import BLOWS, CUT_OFF, FREEZING_POINTS, POINTS, drawn
from tests.chaos.run import MEANWHILE, Outcome, run
from tests.chaos.twilio_plan import (
    ABANDONED,
    RECEIVER,
    TWILIO_BLOWS,
    TWILIO_POINTS,
    drawn_for_twilio,
)
from tests.chaos.twilio_world import World

pytestmark = [
    pytest.mark.timeout(240),
    # A connection that a proxy accepts in its last moment is nobody's to close.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]

SELECTION = [
    drawn(1, kills=POINTS[::2], freezes=FREEZING_POINTS[::2], blows=len(BLOWS), accounts=1),
    drawn(2, kills=POINTS[1::2], freezes=FREEZING_POINTS[1::2], blows=len(BLOWS), accounts=2),
]

#: Where a worker is killed, and what strikes, at a provider that rings and is read alone.
OTHER_POINTS = [point for point in TWILIO_POINTS if point not in POINTS]
OTHER_BLOWS = [kind for kind in TWILIO_BLOWS if kind not in BLOWS]

AT_TWILIO = [
    drawn_for_twilio(
        11,
        contacts=12,
        kills=OTHER_POINTS[::2],
        blows=("answer lost", "reads fail", "start placed late", "killed"),
        world=World(is_exclusive=True, list_lag_seconds=(5.0, 5.0)),
    ),
    replace(
        drawn_for_twilio(
            12,
            contacts=20,
            kills=OTHER_POINTS[1::2],
            blows=("too many requests", "strangers", ABANDONED),
            world=World(is_exclusive=False, read_lag_seconds=(0.0, 1.0), takes_over=False),
        ),
        hangup_share=0.0,
    ),
    replace(
        drawn_for_twilio(
            13,
            contacts=12,
            kills=("start answered", "call read"),
            blows=(RECEIVER, "answer lost"),
            world=World(
                is_exclusive=False,
                has_callbacks=True,
                callbacks_lost=0.3,
                callbacks_doubled=0.3,
                callbacks_shuffled=0.3,
            ),
        ),
        hangup_share=0.0,
    ),
]


def test_every_kind_of_fault_is_in_the_selection() -> None:
    kinds = set.union(*(plan.kinds for plan in SELECTION))

    assert {f"kill: {point}" for point in POINTS} <= kinds
    assert {f"freeze: {point}" for point in FREEZING_POINTS} <= kinds
    assert {*BLOWS, CUT_OFF} <= kinds
    assert {plan.twice for plan in SELECTION} == {True, False}
    assert all(any(plan.clock_shifts) for plan in SELECTION)


def test_what_strikes_at_twilio_alone_is_in_the_selection() -> None:
    kinds = set.union(*(plan.kinds for plan in AT_TWILIO))

    assert {f"kill: {point}" for point in OTHER_POINTS} <= kinds
    assert {*OTHER_BLOWS, "answer lost", "killed", ABANDONED} <= kinds


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Outcome]:
    # All of them side by side: they wait more than they work.
    plans = [*SELECTION, *AT_TWILIO]
    folders = [tmp_path_factory.mktemp(f"seed-{plan.seed}") for plan in plans]
    with ThreadPoolExecutor() as side_by_side:
        outcomes = {one.seed: one for one in side_by_side.map(run, plans, folders)}
    gc.collect()  # what nobody has closed goes here, and not in whatever test comes next
    return outcomes


@pytest.mark.parametrize("seed", [plan.seed for plan in SELECTION])
def test_both_promises_are_kept_whatever_strikes(seed: int, outcomes: dict[int, Outcome]) -> None:
    outcome = outcomes[seed]

    assert outcome.problems == [], outcome.evidence
    assert sum(outcome.faults.values()) >= 10
    assert outcome.figures["accepted starts"] > outcome.figures["calls"] / 2


def test_the_other_account_is_dialled_on_while_one_is_cut_off(outcomes: dict[int, Outcome]) -> None:
    one, two = (outcomes[plan.seed].figures for plan in SELECTION)

    assert one[MEANWHILE] == 0
    assert two[MEANWHILE] > 0


@pytest.mark.parametrize("seed", [plan.seed for plan in AT_TWILIO])
def test_they_are_kept_at_twilio_too(seed: int, outcomes: dict[int, Outcome]) -> None:
    outcome = outcomes[seed]

    assert outcome.problems == [], outcome.evidence
    assert sum(outcome.faults.values()) >= 5
    assert outcome.figures["phones that rang"] > 0


def test_what_no_worker_outlives_twilio_ends(outcomes: dict[int, Outcome]) -> None:
    figures = outcomes[12].figures

    assert figures["runs that no worker outlived"] == 1
    assert figures["ended by Twilio's own time limit"] > 0
    assert figures["left live"] == 0


def test_keys_are_answered_whatever_strikes(outcomes: dict[int, Outcome]) -> None:
    figures = outcomes[13].figures

    assert figures["keys pressed"] > 0
    assert figures["answers on record"] > 0
