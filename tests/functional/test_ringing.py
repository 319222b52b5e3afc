"""Calls at an API that rings before somebody answers, and whose calls can be read."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from scheduler.errors import AtLimit, ProviderError, Refused, Throttled
from scheduler.ledger import calls as ledger_calls
from scheduler.ledger import campaigns, reports
from scheduler.ledger.ledger import Control
from scheduler.models import Attempt
from scheduler.operations import live_calls
from scheduler.providers import Outcome, Stage, StopAnswer
from tests.functional.rig import ACCOUNT, ANYBODY, Open, Rig
from tests.toy_provider.ringing import RINGS, RingingToy

FIRST = Attempt("c", 1, 1)
OPERATOR = Control("ana@desk")


@pytest.fixture
def toy() -> RingingToy:
    return RingingToy()


@pytest.fixture
def rig(opened: Open, toy: RingingToy) -> Rig:
    """A rig whose poller does not run, so that a test says when what is read."""
    return opened(provider=toy, traits=RINGS, threads=0)


def dial(rig: Rig) -> str:
    """Dial the next call; return its connection."""
    rig.dialer.dial_one(rig.claimed())
    return str(rig.records()[0]["connection_id"])


def is_held_back(rig: Rig, at: float | None = None) -> bool:
    """Whether nothing may be claimed for a while, from now on or from another instant."""
    claim = ledger_calls.claim(rig.ledger, ACCOUNT, rig.duty.bid(""), now=at)
    return isinstance(claim, float) and claim > 0


def hear(rig: Rig, attempt: Attempt = FIRST) -> None:
    """Have the call read, and what is read put on record."""
    (call,) = reports.open_calls(rig.ledger, ACCOUNT, [attempt])
    rig.reports.look(attempt, call.connection_id)


def overdue(rig: Rig, seconds: float = 200.0) -> None:
    """Have the deadline before the answer pass, and what is due handed to the threads."""
    now = rig.ledger.time() + seconds
    ledger_calls.expire(rig.ledger, ACCOUNT, now=now)
    for order in ledger_calls.take_stops(rig.ledger, ACCOUNT, most=9, delays=(0.0,), now=now):
        rig.stopper.stop(order)


def test_a_call_goes_through_its_stages_to_its_end(rig: Rig, toy: RingingToy) -> None:
    rig.load(ANYBODY)
    name = dial(rig)
    toy.move(name, Stage.RINGING)
    hear(rig)
    toy.move(name, Stage.ANSWERED)
    hear(rig)
    toy.end(name, Outcome.COMPLETED, duration_seconds=9.0, price="0.01 USD", answered_by="human")

    hear(rig)

    record = rig.record()
    assert (record["disposition"], record["reason"]) == ("completed", None)
    assert (record["duration_seconds"], record["price"]) == (9.0, "0.01 USD")
    assert record["answered_at"] is not None
    assert rig.account().slots == 0


def test_a_look_at_the_deadline_finds_the_answer(rig: Rig, toy: RingingToy) -> None:
    rig.load(ANYBODY)
    toy.move(dial(rig), Stage.ANSWERED)

    overdue(rig)

    assert toy.stops == []
    assert rig.record()["answered_at"] is not None
    assert rig.record()["state"] == "connected"


def test_a_look_at_the_deadline_finds_the_end(rig: Rig, toy: RingingToy) -> None:
    rig.load(ANYBODY)
    toy.end(dial(rig), Outcome.BUSY)

    overdue(rig)

    assert rig.endings() == [("not_reached", "busy")]


def test_a_call_that_still_rings_at_the_deadline_is_stopped(rig: Rig, toy: RingingToy) -> None:
    rig.load(ANYBODY)
    toy.move(dial(rig), Stage.RINGING)

    overdue(rig)

    assert len(toy.stops) == 1
    assert rig.endings() == [("not_reached", "no_answer")]


def test_a_call_that_cannot_be_read_at_the_deadline_is_not_stopped(
    rig: Rig, toy: RingingToy
) -> None:
    rig.load(ANYBODY)
    dial(rig)
    toy.is_deaf = True

    overdue(rig)

    assert toy.stops == []
    assert rig.record()["state"] == "connected"


def test_a_stop_that_is_accepted_confirms_nothing(rig: Rig, toy: RingingToy) -> None:
    rig.load(ANYBODY)
    name = dial(rig)
    toy.holds_stops = True
    campaigns.halt(rig.ledger, "c", abort=True)
    overdue(rig, 0.0)
    assert rig.record()["state"] == "stopping"

    toy.end(name, Outcome.CANCELED)
    overdue(rig, 1.0)

    assert rig.endings() == [("aborted", None)]


def test_no_such_call_confirms_nothing(rig: Rig, toy: RingingToy) -> None:
    rig.load(ANYBODY)
    name = dial(rig)
    gone = toy.calls.pop(name)
    campaigns.halt(rig.ledger, "c", abort=True)
    for seconds in (0.0, 10.0, 20.0):
        overdue(rig, seconds)
    assert rig.record()["state"] == "stopping"

    toy.calls[name] = gone
    overdue(rig, 30.0)

    assert rig.endings() == [("aborted", None)]


# Calls that failed --------------------------------------------------------------------------------


def test_a_failed_call_whose_cause_is_not_told_waits_for_it(rig: Rig, toy: RingingToy) -> None:
    rig.load(ANYBODY)
    toy.end(dial(rig), Outcome.FAILED)

    hear(rig)
    assert rig.record()["state"] == "connected"

    toy.why[toy.to(ANYBODY)] = Refused("blocked by its carrier")
    hear(rig)

    assert rig.endings() == [("not_reached", "failed")]
    assert rig.record()["error"] == "blocked by its carrier"


def test_a_call_that_failed_for_the_accounts_limit_uses_no_attempt(
    rig: Rig, toy: RingingToy
) -> None:
    rig.load(ANYBODY)
    name = dial(rig)
    toy.why[name] = AtLimit("10004")
    toy.end(name, Outcome.FAILED)

    hear(rig)

    record = rig.record()
    assert (record["state"], record["attempts"]) == ("pending", 0)
    assert rig.account().slots == 0
    assert rig.account().learned < 4


def test_a_call_is_given_back_for_the_accounts_limit_five_times_at_most(
    rig: Rig, toy: RingingToy
) -> None:
    rig.load(ANYBODY)
    rig.ledger.redis.hset("callsched:call:c:1", "unplaced", reports.MOST_FULL)
    name = dial(rig)
    toy.why[name] = AtLimit("10004")
    toy.end(name, Outcome.FAILED)

    hear(rig)

    assert rig.endings() == [("not_reached", "failed")]


# The provider's queue -----------------------------------------------------------------------------


def test_a_call_in_a_long_queue_is_taken_back_and_uses_no_attempt(
    rig: Rig, toy: RingingToy
) -> None:
    rig.load(ANYBODY)
    toy.queue_seconds = 300.0
    dial(rig)
    assert rig.record()["state"] == "stopping"

    overdue(rig, 0.0)

    record = rig.record()
    assert (record["state"], record["attempts"]) == ("pending", 0)
    assert 290 < rig.due_in() <= 300


def test_a_call_that_rang_when_it_was_taken_back_was_placed(rig: Rig, toy: RingingToy) -> None:
    rig.load(ANYBODY)
    toy.queue_seconds = 300.0
    name = dial(rig)
    toy.end(name, Outcome.CANCELED, started_at=1.0)

    overdue(rig, 0.0)

    assert rig.endings() == [("not_reached", "no_answer")]
    assert rig.record()["attempts"] == 1


def test_queued_calls_of_a_paused_campaign_are_taken_back(rig: Rig, toy: RingingToy) -> None:
    rig.load(ANYBODY)
    dial(rig)
    campaigns.halt(rig.ledger, "c", control=OPERATOR)

    assert reports.recall(rig.ledger, ACCOUNT, [FIRST]) == 1
    overdue(rig, 1.0)

    assert (rig.record()["state"], rig.record()["attempts"]) == ("pending", 0)


def test_queued_calls_of_a_cancelled_campaign_end_as_cancelled(rig: Rig, toy: RingingToy) -> None:
    rig.load(ANYBODY)
    dial(rig)
    campaigns.cancel(rig.ledger, "c", OPERATOR)

    reports.recall(rig.ledger, ACCOUNT, [FIRST])
    overdue(rig, 1.0)

    assert rig.endings() == [("skipped", "cancelled")]
    assert rig.record()["attempts"] == 0


def test_queued_calls_to_who_asks_not_to_be_called_are_taken_back(
    rig: Rig, toy: RingingToy
) -> None:
    rig.load(ANYBODY)
    dial(rig)
    rig.ledger.redis.hset("callsched:do_not_call", ANYBODY, "{}")

    reports.recall(rig.ledger, ACCOUNT, [FIRST])
    overdue(rig, 1.0)

    assert rig.endings() == [("skipped", "do_not_call")]


def test_a_call_that_rings_is_not_taken_back(rig: Rig, toy: RingingToy) -> None:
    rig.load(ANYBODY)
    toy.move(dial(rig), Stage.RINGING)
    hear(rig)
    campaigns.halt(rig.ledger, "c", control=OPERATOR)

    assert reports.recall(rig.ledger, ACCOUNT, [FIRST]) == 0


def test_a_queue_lets_one_start_out_at_a_time(rig: Rig, toy: RingingToy) -> None:
    rig.load(*(f"+1202555{row:04}" for row in range(101, 105)))
    toy.queue_seconds = 300.0
    rig.dialer.dial_one(rig.claimed())

    claim = rig.claimed()
    assert is_held_back(rig)

    toy.queue_seconds = 0.0
    rig.dialer.dial_one(claim)
    assert rig.claim() is not None
    assert rig.claim() is not None


def test_three_long_queues_in_a_row_hold_all_starts(rig: Rig, toy: RingingToy) -> None:
    rig.load(*(f"+1202555{row:04}" for row in range(101, 105)))
    toy.queue_seconds = 300.0
    for _ in range(3):
        rig.dialer.dial_one(rig.claimed())

    assert is_held_back(rig)


# Too many requests --------------------------------------------------------------------------------


def test_too_many_requests_touch_no_limit(rig: Rig, toy: RingingToy) -> None:
    rig.load(ANYBODY)
    toy.answers = lambda order: Throttled("20429")
    claim, at = rig.claimed(), rig.ledger.time()

    rig.dialer.dial_one(claim)

    assert (rig.record()["state"], rig.record()["attempts"]) == ("pending", 0)
    assert rig.account().learned == 4
    # For a tenth of a second, which may be over before a busy machine looks.
    assert is_held_back(rig, at)


def test_a_stop_that_met_too_many_requests_is_sent_again_at_once(
    rig: Rig, toy: RingingToy, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.load(ANYBODY)
    dial(rig)
    refusals = iter([Throttled("20429")] * 2)
    stop = toy.stop

    def stop_in_the_end(connection_id: str) -> StopAnswer:
        for refusal in refusals:
            raise refusal
        return stop(connection_id)

    monkeypatch.setattr(toy, "stop", stop_in_the_end)
    campaigns.halt(rig.ledger, "c", abort=True)

    overdue(rig, 0.0)

    assert rig.endings() == [("aborted", None)]


# An operator's order ------------------------------------------------------------------------------


def test_the_providers_time_limit_moves_before_ours(rig: Rig, toy: RingingToy) -> None:
    rig.load(ANYBODY)
    name = dial(rig)

    live_calls.extend(rig.ledger, "c", ANYBODY, 60.0, OPERATOR, 3600.0, lambda: nullcontext(toy))

    assert toy.calls[name].prolonged == [660.0]
    (call,) = reports.open_calls(rig.ledger, ACCOUNT)
    assert call.max_duration_seconds == 660.0


def test_when_the_providers_time_limit_does_not_move_nothing_does(
    rig: Rig, toy: RingingToy
) -> None:
    rig.load(ANYBODY)
    dial(rig)
    toy.is_deaf = True
    before = reports.open_calls(rig.ledger, ACCOUNT)

    with pytest.raises(ProviderError):
        live_calls.extend(
            rig.ledger, "c", ANYBODY, 60.0, OPERATOR, 3600.0, lambda: nullcontext(toy)
        )

    assert reports.open_calls(rig.ledger, ACCOUNT) == before


def test_what_an_operator_aborts_in_the_queue_uses_no_attempt(rig: Rig, toy: RingingToy) -> None:
    rig.load(ANYBODY)
    dial(rig)
    campaigns.halt(rig.ledger, "c", abort=True)

    overdue(rig, 0.0)

    assert rig.endings() == [("aborted", None)]
    assert rig.record()["attempts"] == 0
