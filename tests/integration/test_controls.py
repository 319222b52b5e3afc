"""What an operator does to campaigns, calls and limits: each verb, whole, in part and twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from scheduler.errors import LedgerError, StaleAttempt
from scheduler.ledger import campaigns, controls, limits, live_calls, views
from scheduler.ledger.ledger import Control, Leases, Ledger
from scheduler.limit import LONGEST_QUIET_SECONDS
from scheduler.models import (
    Attempt,
    CallState,
    CampaignState,
    Disposition,
    OnUnknown,
    Reason,
    Retry,
)
from scheduler.operations.controls import await_starts
from scheduler.operations.endings import GIVE_UP_SECONDS, await_ends, endings
from tests.integration.ledger import ACCOUNT, DURATION, Books, rows

CEILING = 4 * 3600.0


def order(token: str = "t", note: str = "") -> Control:
    return Control("ana@desk", note, token)


def call_off(ledger: Books, token: str = "t", *, abort: bool = False) -> list[Attempt]:
    """Cancel the campaign; return what is live of it, or may be."""
    _, attempts = campaigns.cancel(ledger.store, "c", order(token), abort=abort, now=ledger.now)
    return attempts


def end_all(ledger: Books) -> None:
    while campaigns.end_pending(ledger.store, "c", now=ledger.now):
        pass


def stop(ledger: Books, attempt: Attempt, token: str = "t") -> CallState:
    return live_calls.stop(ledger.store, ACCOUNT, attempt, order(token), now=ledger.now)


def lengthen(
    ledger: Books, attempt: Attempt, seconds: float, token: str = "t", ceiling: float = CEILING
) -> float:
    """Extend a call; return in how many seconds its deadline is."""
    at = live_calls.extend(
        ledger.store,
        ACCOUNT,
        attempt,
        seconds,
        order(token),
        ceiling_seconds=ceiling,
        now=ledger.now,
    )
    return round(at - ledger.now, 3)


def recorded(ledger: Books) -> list[str]:
    return [each.what for each in controls.of_campaign(ledger.store, "c")]


# Pause and resume --------------------------------------------------------------------------------


def test_a_start_is_under_way_until_it_is_answered_and_none_begins_after_a_pause(
    ledger: Books,
) -> None:
    ledger.campaign(2)
    under_way, claimed = ledger.begun(), ledger.claimed()

    campaigns.halt(ledger.store, "c", control=order(), now=ledger.now)

    assert campaigns.starts_under_way(ledger.store, "c") == 1
    assert not ledger.begin(claimed)
    assert ledger.connect(under_way) == "connected"
    assert campaigns.starts_under_way(ledger.store, "c") == 0
    assert ledger.state(under_way) is CallState.CONNECTED


def test_a_campaign_that_is_paused_while_it_is_loaded_is_paused_when_it_is_sealed(
    ledger: Books,
) -> None:
    ledger.create()
    ledger.load(rows(1))

    campaigns.halt(ledger.store, "c", control=order(), now=ledger.now)

    assert ledger.seal() is CampaignState.PAUSED
    assert ledger.claim() is None
    campaigns.resume(ledger.store, "c", order("later"), now=ledger.now)
    assert ledger.claim() is not None


def test_a_pause_and_a_resume_are_recorded_with_who_and_when(ledger: Books) -> None:
    ledger.campaign()

    campaigns.halt(ledger.store, "c", control=order("one", "complaints"), now=ledger.now)
    assert views.campaign(ledger.store, "c").paused_by == "ana@desk"
    ledger.wait(5)
    campaigns.resume(ledger.store, "c", order("two"), now=ledger.now)

    resumed, paused = controls.of_campaign(ledger.store, "c")
    assert (paused.what, paused.who, paused.note, paused.at) == (
        *("pause", "ana@desk", "complaints"),
        ledger.now - 5,
    )
    assert (resumed.what, resumed.at) == ("resume", ledger.now)
    assert views.campaign(ledger.store, "c").paused_by == ""


def test_no_more_than_a_hundred_orders_are_kept(ledger: Books) -> None:
    ledger.campaign()

    for number in range(105):
        campaigns.halt(ledger.store, "c", control=order(f"token {number}"), now=ledger.now + number)

    kept = controls.of_campaign(ledger.store, "c", most=1000)
    assert [each.at - ledger.now for each in kept] == [float(at) for at in range(104, 4, -1)]


def test_rows_that_are_added_to_a_paused_campaign_wait(ledger: Books) -> None:
    ledger.campaign()
    campaigns.halt(ledger.store, "c", control=order(), now=ledger.now)

    ledger.load(rows(2), load_id="2")
    ledger.seal(load_id="2")

    assert ledger.campaign_state() is CampaignState.PAUSED
    assert ledger.claim() is None


def test_rows_that_are_added_to_a_running_campaign_are_dialled(ledger: Books) -> None:
    ledger.campaign()
    first = ledger.connected()

    ledger.load(rows(1, 2), load_id="2")
    ledger.seal(load_id="2")

    second = ledger.connected()
    assert (first.row, second.row) == (1, 2)
    assert ledger.claim() is None


# Cancel ------------------------------------------------------------------------------------------


def test_calls_that_wait_end_as_cancelled_and_the_campaign_is_finished(ledger: Books) -> None:
    ledger.campaign(3)

    assert call_off(ledger) == []
    end_all(ledger)

    assert ledger.dispositions() == {"skipped:cancelled": 3}
    assert ledger.campaign_state() is CampaignState.FINISHED
    assert views.campaign(ledger.store, "c").cancelled_by == "ana@desk"


def test_live_calls_of_a_cancelled_campaign_go_on_to_their_deadlines(ledger: Books) -> None:
    ledger.campaign(2)
    live = ledger.connected()

    assert call_off(ledger) == [live]
    end_all(ledger)

    assert ledger.live() == {live: DURATION}
    assert ledger.take_stops() == []
    assert ledger.campaign_state() is CampaignState.PAUSED
    assert ledger.confirm(live)
    assert ledger.campaign_state() is CampaignState.FINISHED
    assert ledger.dispositions() == {"skipped:cancelled": 1, "stopped": 1}


def test_a_cancel_that_was_interrupted_lets_nobody_be_called_and_can_be_gone_on_with(
    ledger: Books,
) -> None:
    ledger.campaign(10)
    call_off(ledger)

    assert campaigns.end_pending(ledger.store, "c", most=4, now=ledger.now) == 6
    # Whoever ran it dies here.
    assert ledger.claim() is None
    with pytest.raises(LedgerError, match="cancelled"):
        campaigns.resume(ledger.store, "c", order("other"), now=ledger.now)
    assert ledger.claim() is None

    call_off(ledger, "again")
    end_all(ledger)
    assert ledger.dispositions() == {"skipped:cancelled": 10}
    assert ledger.campaign_state() is CampaignState.FINISHED


def test_a_cancel_that_died_before_its_first_chunk_lets_nobody_be_called(ledger: Books) -> None:
    ledger.campaign(2)
    claimed = ledger.claimed()

    call_off(ledger)

    assert ledger.claim() is None
    assert not ledger.begin(claimed)
    assert ledger.ended_as(claimed) == ("skipped", "cancelled")
    assert ledger.slots() == {}


GIVEN_UP: dict[str, Callable[[Books, Attempt], object]] = {
    "begin": lambda ledger, attempt: ledger.begin(attempt),
    "give_back": lambda ledger, attempt: ledger.give_back(attempt, ""),
    "the lease": lambda ledger, attempt: lapse(ledger),
}


def lapse(ledger: Books) -> None:
    ledger.wait(ledger.store.leases.claim)
    ledger.expire()


@pytest.mark.parametrize("by", GIVEN_UP)
def test_a_claimed_call_of_a_cancelled_campaign_ends_whoever_gives_it_up(
    ledger: Books, by: str
) -> None:
    ledger.campaign()
    claimed = ledger.claimed()
    call_off(ledger)
    end_all(ledger)
    assert ledger.campaign_state() is CampaignState.PAUSED

    GIVEN_UP[by](ledger, claimed)

    assert ledger.ended_as(claimed) == ("skipped", "cancelled")
    assert ledger.result(claimed)["attempts"] == 0
    assert ledger.slots() == {}
    assert ledger.campaign_state() is CampaignState.FINISHED


def test_a_start_that_placed_no_call_ends_as_cancelled_and_frees_its_slot(ledger: Books) -> None:
    ledger.campaign()
    attempt = ledger.begun()
    call_off(ledger)

    ledger.refuse(attempt, live=1)

    assert ledger.ended_as(attempt) == ("skipped", "cancelled")
    assert ledger.result(attempt)["attempts"] == 0
    assert ledger.slots() == {}
    assert views.campaign(ledger.store, "c").spent_seconds == 0.0
    assert ledger.reader.zcard(f"callsched:called:{ledger.result(attempt)['phone_number']}") == 0


def test_an_answer_that_comes_after_all_is_stopped_and_the_call_was_no_cancelled_one(
    ledger: Books,
) -> None:
    ledger.campaign()
    attempt = ledger.begun()
    call_off(ledger)
    ledger.give_back(attempt)
    assert ledger.ended_as(attempt) == ("skipped", "cancelled")

    assert ledger.connect(attempt) == "late"

    assert ledger.ended_as(attempt) == ("stopped", "late_answer")
    assert ledger.result(attempt)["attempts"] == 1
    assert [each.attempt for each in ledger.take_stops()] == [attempt]


def test_calls_of_a_cancelled_campaign_are_not_retried(ledger: Books) -> None:
    ledger.campaign(retry={"stopped": Retry(3, (60.0,))})
    attempt = ledger.connected()
    call_off(ledger)

    ledger.confirm(attempt)

    assert ledger.ended_as(attempt) == ("stopped", None)


def test_unknown_calls_of_a_cancelled_campaign_are_not_redialled(ledger: Books) -> None:
    ledger.campaign(on_unknown=OnUnknown.REDIAL)
    attempt = ledger.begun()
    call_off(ledger)

    ledger.wait(ledger.store.leases.dial)
    ledger.expire()

    assert ledger.ended_as(attempt) == ("unknown", "lease")


def test_rows_that_are_added_to_a_cancelled_campaign_are_not_called(ledger: Books) -> None:
    ledger.campaign()
    call_off(ledger)
    end_all(ledger)

    ledger.load(rows(1, 2), load_id="2")
    ledger.seal(load_id="2")

    assert ledger.dispositions() == {"skipped:cancelled": 2}
    assert ledger.campaign_state() is CampaignState.FINISHED


def test_a_campaign_that_is_cancelled_while_it_is_loaded_calls_nobody(ledger: Books) -> None:
    ledger.create()
    ledger.load(rows(1, 2))

    call_off(ledger)
    end_all(ledger)
    ledger.load(rows(3), chunk=2)
    ledger.seal()

    assert ledger.dispositions() == {"skipped:cancelled": 3}
    assert ledger.campaign_state() is CampaignState.FINISHED


def test_a_load_that_broke_off_with_nobody_to_call_is_finished_when_it_is_cancelled(
    ledger: Books,
) -> None:
    ledger.create()
    ledger.load([replace(rows(1)[0], reason=Reason.INVALID_NUMBER)])

    call_off(ledger)

    assert ledger.campaign_state() is CampaignState.FINISHED


def test_a_campaign_that_was_not_cancelled_keeps_its_calls(ledger: Books) -> None:
    ledger.campaign(2)

    assert campaigns.end_pending(ledger.store, "c", now=ledger.now) == 0

    assert ledger.dispositions() == {}


def test_a_finished_campaign_is_not_cancelled(ledger: Books) -> None:
    ledger.campaign()
    ledger.finish(ledger.begun())
    as_it_stood = ledger.everything()

    assert call_off(ledger) == []

    assert ledger.everything() == as_it_stood


def test_what_another_campaign_has_live_is_not_listed(ledger: Books) -> None:
    ledger.campaign(1, "c2")
    ledger.connected()
    ledger.campaign()
    mine = ledger.connected()

    assert call_off(ledger, abort=True) == [mine]

    assert [each.attempt for each in ledger.take_stops()] == [mine]


def test_a_connection_of_an_earlier_attempt_is_not_listed(ledger: Books) -> None:
    late, later = ledger.two_legs()

    _, attempts = campaigns.cancel(ledger.store, "legs", order(), abort=True, now=ledger.now)

    assert attempts == [later]
    whys = {each.attempt: each.why for each in ledger.take_stops()}
    assert whys == {late: "late", later: "aborted"}


def test_a_campaign_that_is_not_there_can_not_be_cancelled(ledger: Books) -> None:
    with pytest.raises(LedgerError, match="no campaign nobody"):
        campaigns.cancel(ledger.store, "nobody", order())

    assert ledger.everything().keys() == {"callsched:schema"}


# Abort -------------------------------------------------------------------------------------------


def test_an_abort_stops_what_is_live_and_what_is_answered_later(ledger: Books) -> None:
    ledger.campaign(4)
    live, under_way, claimed = ledger.connected(), ledger.begun(), ledger.claimed()

    assert set(call_off(ledger, abort=True)) == {live, under_way}
    end_all(ledger)

    assert [each.attempt for each in ledger.take_stops()] == [live]
    assert ledger.connect(under_way) == "connected"
    (order_,) = ledger.take_stops()
    assert (order_.attempt, order_.why) == (under_way, "aborted")
    assert not ledger.begin(claimed)
    assert set(live_calls.not_over(ledger.store, ACCOUNT, [live, under_way, claimed])) == {
        live,
        under_way,
    }
    for attempt in (live, under_way):
        ledger.confirm(attempt, Disposition.ABORTED)
    assert live_calls.not_over(ledger.store, ACCOUNT, [live, under_way]) == []
    assert ledger.campaign_state() is CampaignState.FINISHED
    assert ledger.dispositions() == {"aborted": 2, "skipped:cancelled": 2}


def test_a_campaign_that_was_cancelled_can_be_aborted(ledger: Books) -> None:
    ledger.campaign()
    live = ledger.connected()
    call_off(ledger)

    call_off(ledger, "later", abort=True)

    assert [each.attempt for each in ledger.take_stops()] == [live]
    assert recorded(ledger) == ["abort", "cancel"]


def test_a_start_whose_answer_was_lost_is_not_waited_for(ledger: Books) -> None:
    ledger.campaign()
    attempt = ledger.begun()
    call_off(ledger, abort=True)
    assert live_calls.not_over(ledger.store, ACCOUNT, [attempt]) == [attempt]

    ledger.wait(ledger.store.leases.dial)
    ledger.expire()

    assert attempt in ledger.slots()
    assert live_calls.not_over(ledger.store, ACCOUNT, [attempt]) == []


def test_without_a_worker_a_stop_is_neglected(ledger: Books) -> None:
    ledger.now = time.time() - 1000
    ledger.campaign()
    attempt = ledger.connected()
    call_off(ledger, abort=True)
    assert live_calls.neglected_seconds(ledger.store, ACCOUNT, [attempt]) > 900

    ledger.now = time.time()
    ledger.take_stops()
    ledger.expire()

    assert live_calls.neglected_seconds(ledger.store, ACCOUNT, [attempt]) < 500


# What the commands wait for ----------------------------------------------------------------------


def test_a_start_that_nobody_answers_is_waited_for_as_long_as_a_start_may_take(
    ledger: Books, other: Ledger
) -> None:
    ledger.campaign(2)
    ledger.begun()
    other.leases = Leases(dial=0.1)

    waited = await_starts(other, [views.campaign(other, "c")])

    assert waited.unanswered == 1
    assert waited.seconds > 0.1


def test_the_wait_for_starts_is_over_when_the_last_one_is_answered(ledger: Books) -> None:
    ledger.campaign(2)
    attempt = ledger.begun()
    view = views.campaign(ledger.store, "c")

    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(await_starts, ledger.store, [view])
        ledger.connect(attempt)

        assert waiting.result().unanswered == 0


def test_without_a_worker_the_wait_for_ends_is_given_up(ledger: Books) -> None:
    ledger.now = time.time() - GIVE_UP_SECONDS - 100
    ledger.campaign(2)
    over, live = ledger.connected(), ledger.connected()
    call_off(ledger, abort=True)
    ledger.confirm(over, Disposition.ABORTED)

    left = await_ends(ledger.store, {ACCOUNT: [over, live]})

    assert left == [live]
    records = [each.as_record() for each in endings(ledger.store, [over, live], left)]
    told = {each["row"]: each for each in records}
    assert (told[over.row]["is_over"], told[over.row]["disposition"]) == (True, "aborted")
    assert (told[live.row]["is_over"], told[live.row]["state"]) == (False, "stopping")


# One call ----------------------------------------------------------------------------------------


def test_one_call_is_stopped_and_the_others_go_on(ledger: Books) -> None:
    ledger.campaign(2)
    mine, other = ledger.connected(), ledger.connected()

    assert stop(ledger, mine) is CallState.STOPPING

    (order_,) = ledger.take_stops()
    assert (order_.attempt, order_.why) == (mine, "aborted")
    assert ledger.state(other) is CallState.CONNECTED
    assert recorded(ledger) == ["stop"]


def test_a_call_whose_start_is_under_way_is_stopped_when_it_is_answered(ledger: Books) -> None:
    ledger.campaign(2)
    mine, other = ledger.begun(), ledger.begun()

    assert stop(ledger, mine) is CallState.DIALING
    ledger.connect(other)
    ledger.connect(mine)

    assert [each.attempt for each in ledger.take_stops()] == [mine]
    assert ledger.state(other) is CallState.CONNECTED


@pytest.mark.parametrize("into", ["pending", "claimed", "ended", "earlier"])
def test_a_call_that_is_not_live_is_not_stopped(ledger: Books, into: str) -> None:
    ledger.campaign()
    attempt = ledger.claimed() if into in ("claimed", "pending", "earlier") else ledger.begun()
    if into in ("pending", "earlier"):
        ledger.give_back(attempt, "")
    elif into == "ended":
        ledger.finish(attempt)
    if into == "earlier":
        ledger.connected()
    as_it_stood = ledger.everything()

    with pytest.raises(StaleAttempt):
        stop(ledger, attempt)

    assert ledger.everything() == as_it_stood


def test_a_call_is_extended_and_stopped_at_its_new_deadline(ledger: Books) -> None:
    ledger.campaign()
    attempt = ledger.connected()
    ledger.wait(10)

    assert lengthen(ledger, attempt, 30) == DURATION + 20

    assert ledger.slots() == ledger.live() == {attempt: DURATION + 20}
    assert ledger.result(attempt)["deadline"] == ledger.now + DURATION + 20
    ledger.wait(DURATION + 19.999)
    ledger.expire()
    assert ledger.state(attempt) is CallState.CONNECTED
    ledger.wait(0.001)
    ledger.expire()
    (order_,) = ledger.take_stops()
    assert (order_.attempt, order_.why, order_.deadline) == (attempt, "deadline", ledger.now)


def test_a_call_is_extended_to_the_ceiling_from_its_start_and_no_further(ledger: Books) -> None:
    ledger.campaign()
    attempt = ledger.begun()
    ledger.connect(attempt, ago=5)
    as_it_stood = ledger.everything()

    with pytest.raises(LedgerError, match="at most 40 s can be added"):
        lengthen(ledger, attempt, 40.001, ceiling=DURATION + 40)
    assert ledger.everything() == as_it_stood

    assert lengthen(ledger, attempt, 40, ceiling=DURATION + 40) == DURATION + 35


def test_what_a_call_is_extended_by_is_spent_and_given_back(ledger: Books) -> None:
    ledger.campaign(2, budget_seconds=2 * DURATION)
    attempt = ledger.connected()
    with pytest.raises(LedgerError, match="budget leaves no more: at most 60 s"):
        lengthen(ledger, attempt, DURATION + 1, "too much")

    lengthen(ledger, attempt, DURATION)

    assert views.campaign(ledger.store, "c").spent_seconds == 2 * DURATION
    assert not ledger.begin(ledger.claimed())
    ledger.wait(90)
    ledger.confirm(attempt)
    assert views.campaign(ledger.store, "c").spent_seconds == 90


@pytest.mark.parametrize("into", ["dialing", "stopping", "past", "ended", "earlier"])
def test_a_call_that_is_not_live_is_not_extended(ledger: Books, into: str) -> None:
    ledger.campaign()
    attempt = ledger.begun()
    if into == "earlier":
        ledger.give_back(attempt)
        ledger.connected()
    elif into != "dialing":
        ledger.connect(attempt)
    if into == "stopping":
        stop(ledger, attempt)
    elif into == "past":
        ledger.wait(DURATION)
    elif into == "ended":
        ledger.confirm(attempt)
    as_it_stood = ledger.everything()

    with pytest.raises(StaleAttempt):
        lengthen(ledger, attempt, 30, "late")

    assert ledger.everything() == as_it_stood


# Priority and limit ------------------------------------------------------------------------------


def test_a_campaign_goes_first_when_it_is_given_a_higher_class(ledger: Books) -> None:
    ledger.campaign(9, "one")
    ledger.campaign(9, "two")

    campaigns.prioritise(ledger.store, "two", 5, 2.5, order(), now=ledger.now)

    assert [ledger.claimed().campaign_id for _ in range(5)] == ["two"] * 5
    view = views.campaign(ledger.store, "two")
    assert (view.priority, view.weight) == (5, 2.5)


def test_a_campaign_that_changes_its_class_neither_waits_nor_overtakes(ledger: Books) -> None:
    ledger.campaign(40, "old", priority=5)
    for _ in range(20):
        ledger.finish(ledger.begun())
    ledger.campaign(40, "new")

    campaigns.prioritise(ledger.store, "new", 5, None, order(), now=ledger.now)

    granted = [ledger.claimed().campaign_id for _ in range(10)]
    assert 4 <= granted.count("new") <= 6
    assert views.campaign(ledger.store, "new").weight == 1.0


def test_turns_that_a_campaign_had_in_its_old_class_are_not_held_against_it(
    ledger: Books,
) -> None:
    ledger.campaign(60, "busy")
    for _ in range(30):
        ledger.finish(ledger.begun())
    ledger.campaign(40, "urgent", priority=5)

    campaigns.prioritise(ledger.store, "busy", 5, None, order(), now=ledger.now)

    granted = [ledger.claimed().campaign_id for _ in range(10)]
    assert 4 <= granted.count("busy") <= 6


def test_a_limit_that_an_operator_says_is_used_and_kept_for_a_while(ledger: Books) -> None:
    ledger.campaign()

    limits.replace(ledger.store, ACCOUNT, 17, order(note="as the contract says"))

    seen = limits.read(ledger.store, ACCOUNT)
    assert seen.limit.learned == 17
    assert seen.limit.raise_at == pytest.approx(seen.now + LONGEST_QUIET_SECONDS, abs=60)
    (done,) = controls.of_account(ledger.store, ACCOUNT)
    assert (done.what, done.who, done.note) == ("limit", "ana@desk", "as the contract says")


def test_a_limit_that_is_forgotten_is_learned_anew(ledger: Books) -> None:
    ledger.campaign()
    limits.replace(ledger.store, ACCOUNT, 17, order())

    limits.forget(ledger.store, ACCOUNT, order("other"))

    assert limits.read(ledger.store, ACCOUNT).limit.learned == 4
    assert [each.what for each in controls.of_account(ledger.store, ACCOUNT)] == ["forget", "limit"]


# Twice -------------------------------------------------------------------------------------------

#: What a verb does to a live call and its campaign; run again with the same token it does no more.
TWICE: dict[str, Callable[[Books, Attempt], object]] = {
    "pause": lambda ledger, attempt: campaigns.halt(
        ledger.store, "c", control=order(), now=ledger.now
    ),
    "interrupt": lambda ledger, attempt: campaigns.halt(
        ledger.store, "c", abort=True, control=order(), now=ledger.now
    ),
    "cancel": lambda ledger, attempt: call_off(ledger),
    "abort": lambda ledger, attempt: call_off(ledger, abort=True),
    "stop": lambda ledger, attempt: stop(ledger, attempt),
    "extend": lambda ledger, attempt: lengthen(ledger, attempt, 30),
    "priority": lambda ledger, attempt: campaigns.prioritise(
        ledger.store, "c", 5, 2.0, order(), now=ledger.now
    ),
}


@pytest.mark.parametrize("what", TWICE)
def test_an_order_that_is_sent_again_is_carried_out_and_recorded_once(
    ledger: Books, what: str
) -> None:
    ledger.campaign(2)
    attempt = ledger.connected()
    TWICE[what](ledger, attempt)
    as_it_stood = ledger.everything()
    assert recorded(ledger) == [what]

    ledger.wait(1)
    TWICE[what](ledger, attempt)

    assert ledger.everything() == as_it_stood


def test_a_resume_that_is_sent_again_is_recorded_once(ledger: Books) -> None:
    ledger.campaign()
    campaigns.halt(ledger.store, "c", control=order("one"), now=ledger.now)
    for _ in range(2):
        campaigns.resume(ledger.store, "c", order("two"), now=ledger.now)

    assert recorded(ledger) == ["resume", "pause"]


def test_a_chunk_that_is_sent_again_ends_each_call_once(ledger: Books) -> None:
    ledger.campaign(3)
    call_off(ledger)

    for left in (1, 0, 0):
        assert campaigns.end_pending(ledger.store, "c", most=2, now=ledger.now) == left

    assert ledger.dispositions() == {"skipped:cancelled": 3}
    assert sum(views.campaign(ledger.store, "c").calls.values()) == 3


def test_two_orders_to_extend_both_count(ledger: Books) -> None:
    ledger.campaign()
    attempt = ledger.connected()

    lengthen(ledger, attempt, 30, "one")

    assert lengthen(ledger, attempt, 30, "two") == DURATION + 60


def test_an_order_of_nobody_is_not_recorded(ledger: Books) -> None:
    ledger.campaign()

    campaigns.halt(ledger.store, "c", now=ledger.now)
    campaigns.resume(ledger.store, "c", now=ledger.now)

    assert recorded(ledger) == []


def test_an_interruption_is_recorded_and_the_same_command_may_go_on(ledger: Books) -> None:
    ledger.campaign()

    campaigns.halt(ledger.store, "c", abort=True, control=order(), now=ledger.now)

    view = views.campaign(ledger.store, "c")
    assert view.state is CampaignState.PAUSED
    assert (view.paused_by, view.cancelled_by) == ("", "")
    assert recorded(ledger) == ["interrupt"]
