"""What a report of a call that is over means: every row of the table."""

from __future__ import annotations

import pytest

from scheduler.calls.outcomes import Standing, ending, never_rang
from scheduler.models import OnMachine
from scheduler.providers import CallReport, Outcome, Stage

OVER = Stage.OVER


def report(outcome: Outcome, *, duration: float | None = None, by: str = "") -> CallReport:
    return CallReport("c", OVER, outcome, duration_seconds=duration, answered_by=by)


def word(outcome: Outcome, standing: Standing, **how: object) -> str:
    found = ending(report(outcome, **how), standing)  # type: ignore[arg-type]
    assert found is not None
    return ":".join(str(part) for part in found if part is not None)


@pytest.mark.parametrize(
    ("outcome", "why", "end"),
    [
        (Outcome.COMPLETED, "", "completed"),
        (Outcome.COMPLETED, "deadline", "stopped"),
        (Outcome.COMPLETED, "aborted", "aborted"),
        (Outcome.COMPLETED, "machine", "stopped:machine"),
        (Outcome.COMPLETED, "not_reached", "not_reached:machine"),
        (Outcome.COMPLETED, "no_answer", "not_reached:no_answer"),
        (Outcome.COMPLETED, "taken_back", "stopped"),
        (Outcome.BUSY, "", "not_reached:busy"),
        (Outcome.BUSY, "deadline", "not_reached:busy"),
        (Outcome.BUSY, "aborted", "aborted"),
        (Outcome.NO_ANSWER, "", "not_reached:no_answer"),
        (Outcome.FAILED, "", "not_reached:failed"),
        (Outcome.FAILED, "no_answer", "not_reached:failed"),
        (Outcome.CANCELED, "", "skipped:expired"),
        (Outcome.CANCELED, "no_answer", "not_reached:no_answer"),
        (Outcome.CANCELED, "deadline", "not_reached:no_answer"),
        (Outcome.CANCELED, "taken_back", "not_reached:no_answer"),
        (Outcome.CANCELED, "aborted", "aborted"),
    ],
)
def test_a_final_status_ends_a_call_as_the_table_says(outcome: Outcome, why: str, end: str) -> None:
    assert word(outcome, Standing(why)) == end


def test_a_call_that_lasted_as_long_as_it_may_was_stopped_though_no_record_says_so() -> None:
    standing = Standing(may_last_seconds=75.0)

    assert word(Outcome.COMPLETED, standing, duration=75.0) == "stopped"
    assert word(Outcome.COMPLETED, standing, duration=74.0) == "completed"


@pytest.mark.parametrize(("answered", "duration"), [(True, None), (False, 3.0)])
def test_a_call_that_was_answered_while_its_stop_left_is_stopped(
    answered: bool, duration: float | None
) -> None:
    standing = Standing("no_answer", is_answered=answered)

    assert word(Outcome.COMPLETED, standing, duration=duration) == "stopped"


@pytest.mark.parametrize(
    ("on_machine", "end"), [("not_reached", "not_reached:machine"), ("go_on", "completed")]
)
def test_a_machine_of_which_the_end_tells_is_what_the_campaign_says(
    on_machine: str, end: str
) -> None:
    standing = Standing(on_machine=OnMachine(on_machine))

    assert word(Outcome.COMPLETED, standing, by="machine") == end


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not OVER])
@pytest.mark.parametrize("why", ["", "aborted", "deadline"])
def test_what_is_not_known_to_be_over_lives(stage: Stage, why: str) -> None:
    assert ending(CallReport("c", stage), Standing(why)) is None


@pytest.mark.parametrize(
    ("proof", "is_one"),
    [
        (CallReport("c", OVER, Outcome.CANCELED), True),
        (CallReport("c", OVER, Outcome.CANCELED, started_at=1.0), False),
        (CallReport("c", OVER, Outcome.COMPLETED), False),
        (CallReport("c", OVER, Outcome.FAILED), False),
        (CallReport("c", Stage.QUEUED), False),
    ],
)
def test_only_one_status_proves_that_a_call_never_rang(proof: CallReport, is_one: bool) -> None:
    assert never_rang(proof) is is_one
