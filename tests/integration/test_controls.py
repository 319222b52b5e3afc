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
from tests.integration.ledger import ACCOUNT, DURATION, EMPTY, Books, rows

CEILING = 4 * 3600.0


def order(token: str = "t", note: str = "") -> Control:
    return Control("ana@desk", note, token)


def call_off(books: Books, token: str = "t", *, abort: bool = False) -> list[Attempt]:
    """Cancel the campaign; return what is live of it, or may be."""
    _, attempts = campaigns.cancel(books.ledger, "c", order(token), abort=abort, now=books.now)
    return attempts


def end_all(books: Books) -> None:
    while campaigns.end_pending(books.ledger, "c", now=books.now):
        pass


def stop(books: Books, attempt: Attempt, token: str = "t") -> CallState:
    return live_calls.stop(books.ledger, ACCOUNT, attempt, order(token), now=books.now)


def lengthen(
    books: Books, attempt: Attempt, seconds: float, token: str = "t", ceiling: float = CEILING
) -> float:
    """Extend a call; return in how many seconds its deadline is."""
    at = live_calls.extend(
        books.ledger,
        ACCOUNT,
        attempt,
        seconds,
        order(token),
        ceiling_seconds=ceiling,
        now=books.now,
    )
    return round(at - books.now, 3)


def recorded(books: Books) -> list[str]:
    return [each.what for each in controls.of_campaign(books.ledger, "c")]


# Pause and resume --------------------------------------------------------------------------------


def test_a_start_is_under_way_until_it_is_answered_and_none_begins_after_a_pause(
    books: Books,
) -> None:
    books.campaign(2)
    under_way, claimed = books.begun(), books.claimed()

    campaigns.halt(books.ledger, "c", control=order(), now=books.now)

    assert campaigns.starts_under_way(books.ledger, "c") == 1
    assert not books.begin(claimed)
    assert books.connect(under_way) == "connected"
    assert campaigns.starts_under_way(books.ledger, "c") == 0
    assert books.state(under_way) is CallState.CONNECTED


def test_a_campaign_that_is_paused_while_it_is_loaded_is_paused_when_it_is_sealed(
    books: Books,
) -> None:
    books.create()
    books.load(rows(1))

    campaigns.halt(books.ledger, "c", control=order(), now=books.now)

    assert books.seal() is CampaignState.PAUSED
    assert books.claim() is None
    campaigns.resume(books.ledger, "c", order("later"), now=books.now)
    assert books.claim() is not None


def test_a_pause_and_a_resume_are_recorded_with_who_and_when(books: Books) -> None:
    books.campaign()

    campaigns.halt(books.ledger, "c", control=order("one", "complaints"), now=books.now)
    assert views.campaign(books.ledger, "c").paused_by == "ana@desk"
    books.wait(5)
    campaigns.resume(books.ledger, "c", order("two"), now=books.now)

    resumed, paused = controls.of_campaign(books.ledger, "c")
    assert (paused.what, paused.who, paused.note, paused.at) == (
        *("pause", "ana@desk", "complaints"),
        books.now - 5,
    )
    assert (resumed.what, resumed.at) == ("resume", books.now)
    assert views.campaign(books.ledger, "c").paused_by == ""


def test_no_more_than_a_hundred_orders_are_kept(books: Books) -> None:
    books.campaign()

    for number in range(105):
        campaigns.halt(books.ledger, "c", control=order(f"token {number}"), now=books.now + number)

    kept = controls.of_campaign(books.ledger, "c", most=1000)
    assert [each.at - books.now for each in kept] == [float(at) for at in range(104, 4, -1)]


def test_rows_that_are_added_to_a_paused_campaign_wait(books: Books) -> None:
    books.campaign()
    campaigns.halt(books.ledger, "c", control=order(), now=books.now)

    books.load(rows(2), load_id="2")
    books.seal(load_id="2")

    assert books.campaign_state() is CampaignState.PAUSED
    assert books.claim() is None


def test_rows_that_are_added_to_a_running_campaign_are_dialled(books: Books) -> None:
    books.campaign()
    first = books.connected()

    books.load(rows(1, 2), load_id="2")
    books.seal(load_id="2")

    second = books.connected()
    assert (first.row, second.row) == (1, 2)
    assert books.claim() is None


# Cancel ------------------------------------------------------------------------------------------


def test_calls_that_wait_end_as_cancelled_and_the_campaign_is_finished(books: Books) -> None:
    books.campaign(3)

    assert call_off(books) == []
    end_all(books)

    assert books.dispositions() == {"skipped:cancelled": 3}
    assert books.campaign_state() is CampaignState.FINISHED
    assert views.campaign(books.ledger, "c").cancelled_by == "ana@desk"


def test_live_calls_of_a_cancelled_campaign_go_on_to_their_deadlines(books: Books) -> None:
    books.campaign(2)
    live = books.connected()

    assert call_off(books) == [live]
    end_all(books)

    assert books.live() == {live: DURATION}
    assert books.take_stops() == []
    assert books.campaign_state() is CampaignState.PAUSED
    assert books.confirm(live)
    assert books.campaign_state() is CampaignState.FINISHED
    assert books.dispositions() == {"skipped:cancelled": 1, "stopped": 1}


def test_a_cancel_that_was_interrupted_lets_nobody_be_called_and_can_be_gone_on_with(
    books: Books,
) -> None:
    books.campaign(10)
    call_off(books)

    assert campaigns.end_pending(books.ledger, "c", most=4, now=books.now) == 6
    # Whoever ran it dies here.
    assert books.claim() is None
    with pytest.raises(LedgerError, match="cancelled"):
        campaigns.resume(books.ledger, "c", order("other"), now=books.now)
    assert books.claim() is None

    call_off(books, "again")
    end_all(books)
    assert books.dispositions() == {"skipped:cancelled": 10}
    assert books.campaign_state() is CampaignState.FINISHED


def test_a_cancel_that_died_before_its_first_chunk_lets_nobody_be_called(books: Books) -> None:
    books.campaign(2)
    claimed = books.claimed()

    call_off(books)

    assert books.claim() is None
    assert not books.begin(claimed)
    assert books.ended_as(claimed) == ("skipped", "cancelled")
    assert books.slots() == {}


GIVEN_UP: dict[str, Callable[[Books, Attempt], object]] = {
    "begin": lambda books, attempt: books.begin(attempt),
    "give_back": lambda books, attempt: books.give_back(attempt, ""),
    "the lease": lambda books, attempt: lapse(books),
}


def lapse(books: Books) -> None:
    books.wait(books.ledger.leases.claim)
    books.expire()


@pytest.mark.parametrize("by", GIVEN_UP)
def test_a_claimed_call_of_a_cancelled_campaign_ends_whoever_gives_it_up(
    books: Books, by: str
) -> None:
    books.campaign()
    claimed = books.claimed()
    call_off(books)
    end_all(books)
    assert books.campaign_state() is CampaignState.PAUSED

    GIVEN_UP[by](books, claimed)

    assert books.ended_as(claimed) == ("skipped", "cancelled")
    assert books.result(claimed)["attempts"] == 0
    assert books.slots() == {}
    assert books.campaign_state() is CampaignState.FINISHED


def test_a_start_that_placed_no_call_ends_as_cancelled_and_frees_its_slot(books: Books) -> None:
    books.campaign()
    attempt = books.begun()
    call_off(books)

    books.refuse(attempt, live=1)

    assert books.ended_as(attempt) == ("skipped", "cancelled")
    assert books.result(attempt)["attempts"] == 0
    assert books.slots() == {}
    assert views.campaign(books.ledger, "c").spent_seconds == 0.0
    assert books.reader.zcard(f"callsched:called:{books.result(attempt)['phone_number']}") == 0


def test_an_answer_that_comes_after_all_is_stopped_and_the_call_was_no_cancelled_one(
    books: Books,
) -> None:
    books.campaign()
    attempt = books.begun()
    call_off(books)
    books.give_back(attempt)
    assert books.ended_as(attempt) == ("skipped", "cancelled")

    assert books.connect(attempt) == "late"

    assert books.ended_as(attempt) == ("stopped", "late_answer")
    assert books.result(attempt)["attempts"] == 1
    assert [each.attempt for each in books.take_stops()] == [attempt]


def test_calls_of_a_cancelled_campaign_are_not_retried(books: Books) -> None:
    books.campaign(retry={"stopped": Retry(3, (60.0,))})
    attempt = books.connected()
    call_off(books)

    books.confirm(attempt)

    assert books.ended_as(attempt) == ("stopped", None)


def test_unknown_calls_of_a_cancelled_campaign_are_not_redialled(books: Books) -> None:
    books.campaign(on_unknown=OnUnknown.REDIAL)
    attempt = books.begun()
    call_off(books)

    books.wait(books.ledger.leases.dial)
    books.expire()

    assert books.ended_as(attempt) == ("unknown", "lease")


def test_rows_that_are_added_to_a_cancelled_campaign_are_not_called(books: Books) -> None:
    books.campaign()
    call_off(books)
    end_all(books)

    books.load(rows(1, 2), load_id="2")
    books.seal(load_id="2")

    assert books.dispositions() == {"skipped:cancelled": 2}
    assert books.campaign_state() is CampaignState.FINISHED


def test_a_campaign_that_is_cancelled_while_it_is_loaded_calls_nobody(books: Books) -> None:
    books.create()
    books.load(rows(1, 2))

    call_off(books)
    end_all(books)
    books.load(rows(3), chunk=2)
    books.seal()

    assert books.dispositions() == {"skipped:cancelled": 3}
    assert books.campaign_state() is CampaignState.FINISHED


def test_a_load_that_broke_off_with_nobody_to_call_is_finished_when_it_is_cancelled(
    books: Books,
) -> None:
    books.create()
    books.load([replace(rows(1)[0], reason=Reason.INVALID_NUMBER)])

    call_off(books)

    assert books.campaign_state() is CampaignState.FINISHED


def test_a_campaign_that_was_not_cancelled_keeps_its_calls(books: Books) -> None:
    books.campaign(2)

    assert campaigns.end_pending(books.ledger, "c", now=books.now) == 0

    assert books.dispositions() == {}


def test_a_finished_campaign_is_not_cancelled(books: Books) -> None:
    books.campaign()
    books.finish(books.begun())
    as_it_stood = books.everything()

    assert call_off(books) == []

    assert books.everything() == as_it_stood


def test_what_another_campaign_has_live_is_not_listed(books: Books) -> None:
    books.campaign(1, "c2")
    books.connected()
    books.campaign()
    mine = books.connected()

    assert call_off(books, abort=True) == [mine]

    assert [each.attempt for each in books.take_stops()] == [mine]


def test_a_connection_of_an_earlier_attempt_is_not_listed(books: Books) -> None:
    late, later = books.two_legs()

    _, attempts = campaigns.cancel(books.ledger, "legs", order(), abort=True, now=books.now)

    assert attempts == [later]
    whys = {each.attempt: each.why for each in books.take_stops()}
    assert whys == {late: "late", later: "aborted"}


def test_a_campaign_that_is_not_there_can_not_be_cancelled(books: Books) -> None:
    with pytest.raises(LedgerError, match="no campaign nobody"):
        campaigns.cancel(books.ledger, "nobody", order())

    assert books.everything() == EMPTY


# Abort -------------------------------------------------------------------------------------------


def test_an_abort_stops_what_is_live_and_what_is_answered_later(books: Books) -> None:
    books.campaign(4)
    live, under_way, claimed = books.connected(), books.begun(), books.claimed()

    assert set(call_off(books, abort=True)) == {live, under_way}
    end_all(books)

    assert [each.attempt for each in books.take_stops()] == [live]
    assert books.connect(under_way) == "connected"
    (order_,) = books.take_stops()
    assert (order_.attempt, order_.why) == (under_way, "aborted")
    assert not books.begin(claimed)
    assert set(live_calls.not_over(books.ledger, ACCOUNT, [live, under_way, claimed])) == {
        live,
        under_way,
    }
    for attempt in (live, under_way):
        books.confirm(attempt, Disposition.ABORTED)
    assert live_calls.not_over(books.ledger, ACCOUNT, [live, under_way]) == []
    assert books.campaign_state() is CampaignState.FINISHED
    assert books.dispositions() == {"aborted": 2, "skipped:cancelled": 2}


def test_a_campaign_that_was_cancelled_can_be_aborted(books: Books) -> None:
    books.campaign()
    live = books.connected()
    call_off(books)

    call_off(books, "later", abort=True)

    assert [each.attempt for each in books.take_stops()] == [live]
    assert recorded(books) == ["abort", "cancel"]


def test_a_start_whose_answer_was_lost_is_not_waited_for(books: Books) -> None:
    books.campaign()
    attempt = books.begun()
    call_off(books, abort=True)
    assert live_calls.not_over(books.ledger, ACCOUNT, [attempt]) == [attempt]

    books.wait(books.ledger.leases.dial)
    books.expire()

    assert attempt in books.slots()
    assert live_calls.not_over(books.ledger, ACCOUNT, [attempt]) == []


def test_without_a_worker_a_stop_is_neglected(books: Books) -> None:
    books.now = time.time() - 1000
    books.campaign()
    attempt = books.connected()
    call_off(books, abort=True)
    assert live_calls.neglected_seconds(books.ledger, ACCOUNT, [attempt]) > 900

    books.now = time.time()
    books.take_stops()
    books.expire()

    assert live_calls.neglected_seconds(books.ledger, ACCOUNT, [attempt]) < 500


# What the commands wait for ----------------------------------------------------------------------


def test_a_start_that_nobody_answers_is_waited_for_as_long_as_a_start_may_take(
    books: Books, other: Ledger
) -> None:
    books.campaign(2)
    books.begun()
    other.leases = Leases(dial=0.1)

    waited = await_starts(other, [views.campaign(other, "c")])

    assert waited.unanswered == 1
    assert waited.seconds > 0.1


def test_the_wait_for_starts_is_over_when_the_last_one_is_answered(books: Books) -> None:
    books.campaign(2)
    attempt = books.begun()
    view = views.campaign(books.ledger, "c")

    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(await_starts, books.ledger, [view])
        books.connect(attempt)

        assert waiting.result().unanswered == 0


def test_without_a_worker_the_wait_for_ends_is_given_up(books: Books) -> None:
    books.now = time.time() - GIVE_UP_SECONDS - 100
    books.campaign(2)
    over, live = books.connected(), books.connected()
    call_off(books, abort=True)
    books.confirm(over, Disposition.ABORTED)

    left = await_ends(books.ledger, {ACCOUNT: [over, live]})

    assert left == [live]
    records = [each.as_record() for each in endings(books.ledger, [over, live], left)]
    told = {each["row"]: each for each in records}
    assert (told[over.row]["is_over"], told[over.row]["disposition"]) == (True, "aborted")
    assert (told[live.row]["is_over"], told[live.row]["state"]) == (False, "stopping")


# One call ----------------------------------------------------------------------------------------


def test_one_call_is_stopped_and_the_others_go_on(books: Books) -> None:
    books.campaign(2)
    mine, other = books.connected(), books.connected()

    assert stop(books, mine) is CallState.STOPPING

    (order_,) = books.take_stops()
    assert (order_.attempt, order_.why) == (mine, "aborted")
    assert books.state(other) is CallState.CONNECTED
    assert recorded(books) == ["stop"]


def test_a_call_whose_start_is_under_way_is_stopped_when_it_is_answered(books: Books) -> None:
    books.campaign(2)
    mine, other = books.begun(), books.begun()

    assert stop(books, mine) is CallState.DIALING
    books.connect(other)
    books.connect(mine)

    assert [each.attempt for each in books.take_stops()] == [mine]
    assert books.state(other) is CallState.CONNECTED


@pytest.mark.parametrize("into", ["pending", "claimed", "ended", "earlier"])
def test_a_call_that_is_not_live_is_not_stopped(books: Books, into: str) -> None:
    books.campaign()
    attempt = books.claimed() if into in ("claimed", "pending", "earlier") else books.begun()
    if into in ("pending", "earlier"):
        books.give_back(attempt, "")
    elif into == "ended":
        books.finish(attempt)
    if into == "earlier":
        books.connected()
    as_it_stood = books.everything()

    with pytest.raises(StaleAttempt):
        stop(books, attempt)

    assert books.everything() == as_it_stood


def test_a_call_is_extended_and_stopped_at_its_new_deadline(books: Books) -> None:
    books.campaign()
    attempt = books.connected()
    books.wait(10)

    assert lengthen(books, attempt, 30) == DURATION + 20

    assert books.slots() == books.live() == {attempt: DURATION + 20}
    assert books.result(attempt)["deadline"] == books.now + DURATION + 20
    books.wait(DURATION + 19.999)
    books.expire()
    assert books.state(attempt) is CallState.CONNECTED
    books.wait(0.001)
    books.expire()
    (order_,) = books.take_stops()
    assert (order_.attempt, order_.why, order_.deadline) == (attempt, "deadline", books.now)


def test_a_call_is_extended_to_the_ceiling_from_its_start_and_no_further(books: Books) -> None:
    books.campaign()
    attempt = books.begun()
    books.connect(attempt, ago=5)
    as_it_stood = books.everything()

    with pytest.raises(LedgerError, match="at most 40 s can be added"):
        lengthen(books, attempt, 40.001, ceiling=DURATION + 40)
    assert books.everything() == as_it_stood

    assert lengthen(books, attempt, 40, ceiling=DURATION + 40) == DURATION + 35


def test_what_a_call_is_extended_by_is_spent_and_given_back(books: Books) -> None:
    books.campaign(2, budget_seconds=2 * DURATION)
    attempt = books.connected()
    with pytest.raises(LedgerError, match="budget leaves no more: at most 60 s"):
        lengthen(books, attempt, DURATION + 1, "too much")

    lengthen(books, attempt, DURATION)

    assert views.campaign(books.ledger, "c").spent_seconds == 2 * DURATION
    assert not books.begin(books.claimed())
    books.wait(90)
    books.confirm(attempt)
    assert views.campaign(books.ledger, "c").spent_seconds == 90


@pytest.mark.parametrize("into", ["dialing", "stopping", "past", "ended", "earlier"])
def test_a_call_that_is_not_live_is_not_extended(books: Books, into: str) -> None:
    books.campaign()
    attempt = books.begun()
    if into == "earlier":
        books.give_back(attempt)
        books.connected()
    elif into != "dialing":
        books.connect(attempt)
    if into == "stopping":
        stop(books, attempt)
    elif into == "past":
        books.wait(DURATION)
    elif into == "ended":
        books.confirm(attempt)
    as_it_stood = books.everything()

    with pytest.raises(StaleAttempt):
        lengthen(books, attempt, 30, "late")

    assert books.everything() == as_it_stood


# Priority and limit ------------------------------------------------------------------------------


def test_a_campaign_goes_first_when_it_is_given_a_higher_class(books: Books) -> None:
    books.campaign(9, "one")
    books.campaign(9, "two")

    campaigns.prioritise(books.ledger, "two", 5, 2.5, order(), now=books.now)

    assert [books.claimed().campaign_id for _ in range(5)] == ["two"] * 5
    view = views.campaign(books.ledger, "two")
    assert (view.priority, view.weight) == (5, 2.5)


def test_a_campaign_that_changes_its_class_neither_waits_nor_overtakes(books: Books) -> None:
    books.campaign(40, "old", priority=5)
    for _ in range(20):
        books.finish(books.begun())
    books.campaign(40, "new")

    campaigns.prioritise(books.ledger, "new", 5, None, order(), now=books.now)

    granted = [books.claimed().campaign_id for _ in range(10)]
    assert 4 <= granted.count("new") <= 6
    assert views.campaign(books.ledger, "new").weight == 1.0


def test_turns_that_a_campaign_had_in_its_old_class_are_not_held_against_it(
    books: Books,
) -> None:
    books.campaign(60, "busy")
    for _ in range(30):
        books.finish(books.begun())
    books.campaign(40, "urgent", priority=5)

    campaigns.prioritise(books.ledger, "busy", 5, None, order(), now=books.now)

    granted = [books.claimed().campaign_id for _ in range(10)]
    assert 4 <= granted.count("busy") <= 6


def test_a_limit_that_an_operator_says_is_used_and_kept_for_a_while(books: Books) -> None:
    books.campaign()

    limits.replace(books.ledger, ACCOUNT, 17, order(note="as the contract says"))

    seen = limits.read(books.ledger, ACCOUNT)
    assert seen.limit.learned == 17
    assert seen.limit.raise_at == pytest.approx(seen.now + LONGEST_QUIET_SECONDS, abs=60)
    (done,) = controls.of_account(books.ledger, ACCOUNT)
    assert (done.what, done.who, done.note) == ("limit", "ana@desk", "as the contract says")


def test_a_limit_that_is_forgotten_is_learned_anew(books: Books) -> None:
    books.campaign()
    limits.replace(books.ledger, ACCOUNT, 17, order())

    limits.forget(books.ledger, ACCOUNT, order("other"))

    assert limits.read(books.ledger, ACCOUNT).limit.learned == 4
    assert [each.what for each in controls.of_account(books.ledger, ACCOUNT)] == ["forget", "limit"]


# Twice -------------------------------------------------------------------------------------------

#: What a verb does to a live call and its campaign; run again with the same token it does no more.
TWICE: dict[str, Callable[[Books, Attempt], object]] = {
    "pause": lambda books, attempt: campaigns.halt(
        books.ledger, "c", control=order(), now=books.now
    ),
    "interrupt": lambda books, attempt: campaigns.halt(
        books.ledger, "c", abort=True, control=order(), now=books.now
    ),
    "cancel": lambda books, attempt: call_off(books),
    "abort": lambda books, attempt: call_off(books, abort=True),
    "stop": lambda books, attempt: stop(books, attempt),
    "extend": lambda books, attempt: lengthen(books, attempt, 30),
    "priority": lambda books, attempt: campaigns.prioritise(
        books.ledger, "c", 5, 2.0, order(), now=books.now
    ),
}


@pytest.mark.parametrize("what", TWICE)
def test_an_order_that_is_sent_again_is_carried_out_and_recorded_once(
    books: Books, what: str
) -> None:
    books.campaign(2)
    attempt = books.connected()
    TWICE[what](books, attempt)
    as_it_stood = books.everything()
    assert recorded(books) == [what]

    books.wait(1)
    TWICE[what](books, attempt)

    assert books.everything() == as_it_stood


def test_a_resume_that_is_sent_again_is_recorded_once(books: Books) -> None:
    books.campaign()
    campaigns.halt(books.ledger, "c", control=order("one"), now=books.now)
    for _ in range(2):
        campaigns.resume(books.ledger, "c", order("two"), now=books.now)

    assert recorded(books) == ["resume", "pause"]


def test_a_chunk_that_is_sent_again_ends_each_call_once(books: Books) -> None:
    books.campaign(3)
    call_off(books)

    for left in (1, 0, 0):
        assert campaigns.end_pending(books.ledger, "c", most=2, now=books.now) == left

    assert books.dispositions() == {"skipped:cancelled": 3}
    assert sum(views.campaign(books.ledger, "c").calls.values()) == 3


def test_two_orders_to_extend_both_count(books: Books) -> None:
    books.campaign()
    attempt = books.connected()

    lengthen(books, attempt, 30, "one")

    assert lengthen(books, attempt, 30, "two") == DURATION + 60


def test_an_order_of_nobody_is_not_recorded(books: Books) -> None:
    books.campaign()

    campaigns.halt(books.ledger, "c", now=books.now)
    campaigns.resume(books.ledger, "c", now=books.now)

    assert recorded(books) == []


def test_an_interruption_is_recorded_and_the_same_command_may_go_on(books: Books) -> None:
    books.campaign()

    campaigns.halt(books.ledger, "c", abort=True, control=order(), now=books.now)

    view = views.campaign(books.ledger, "c")
    assert view.state is CampaignState.PAUSED
    assert (view.paused_by, view.cancelled_by) == ("", "")
    assert recorded(books) == ["interrupt"]


def test_what_changes_nothing_is_on_record_once(books: Books) -> None:
    books.campaign()
    for _ in range(2):
        controls.note(books.ledger, "c", "reveal", order(note="#1"), now=books.now)
    (found,) = controls.of_campaign(books.ledger, "c")
    assert (found.what, found.who, found.note) == ("reveal", "ana@desk", "#1")
