"""A short selection of `make chaos`: every kind of fault strikes at least once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.chaos.plan import BLOWS, CUT_OFF, FREEZING_POINTS, POINTS, drawn
from tests.chaos.run import MEANWHILE, Outcome, run

pytestmark = pytest.mark.timeout(240)

SELECTION = [
    drawn(1, kills=POINTS[::2], freezes=FREEZING_POINTS[::2], blows=len(BLOWS), accounts=1),
    drawn(2, kills=POINTS[1::2], freezes=FREEZING_POINTS[1::2], blows=len(BLOWS), accounts=2),
]


def test_every_kind_of_fault_is_in_the_selection() -> None:
    kinds = set.union(*(plan.kinds for plan in SELECTION))

    assert {f"kill: {point}" for point in POINTS} <= kinds
    assert {f"freeze: {point}" for point in FREEZING_POINTS} <= kinds
    assert {*BLOWS, CUT_OFF} <= kinds
    assert {plan.twice for plan in SELECTION} == {True, False}
    assert all(any(plan.clock_shifts) for plan in SELECTION)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Outcome]:
    folders = [tmp_path_factory.mktemp(f"seed-{plan.seed}") for plan in SELECTION]
    with ThreadPoolExecutor() as side_by_side:
        return {one.seed: one for one in side_by_side.map(run, SELECTION, folders)}


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
