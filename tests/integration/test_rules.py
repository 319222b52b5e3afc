"""The rules that are decided in the same step as the leave to dial, and what follows an attempt."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scheduler.errors import StaleAttempt
from scheduler.late import LATE_SECONDS
from scheduler.ledger import calls, campaigns, do_not_call, explanation, keys, views
from scheduler.models import (
    EVERY_STATE,
    Attempt,
    CallState,
    CampaignState,
    Canary,
    Cap,
    CircuitBreaker,
    Disposition,
    OnUnknown,
    Reason,
    Retry,
    WhenCapped,
)
from scheduler.script import Say, Transfer
from tests.integration.ledger import ACCOUNT, DURATION, Books, contact, rows

HOUR = 3600.0

TWICE_A_DAY = (Cap(2, 24 * HOUR),)


def same_people(books: Books, campaign_id: str, count: int = 1, **policy: Any) -> None:
    """Make a campaign that calls the people of campaign `c`."""
    books.create(campaign_id, **policy)
    books.load(rows(*range(1, count + 1)), campaign_id=campaign_id)
    books.seal(campaign_id)


def refused(books: Books, campaign_id: str = "c") -> Attempt:
    """Claim the next due call, which may not be dialled."""
    attempt = books.claimed(only=campaign_id)
    assert not books.begin(attempt)
    assert attempt not in books.slots()
    return attempt


def begun(books: Books, campaign_id: str = "c") -> Attempt:
    attempt = books.claimed(only=campaign_id)
    assert books.begin(attempt)
    return attempt


def over(books: Books, campaign_id: str = "c", seconds: float = 10.0) -> Attempt:
    """Call the next one, who hangs up after so many seconds."""
    attempt = begun(books, campaign_id)
    books.connect(attempt)
    books.wait(seconds)
    assert books.confirm(attempt, Disposition.HUNG_UP)
    return attempt


def due_in(books: Books, attempt: Attempt) -> float:
    due_at = books.reader.zscore(keys.campaign(attempt.campaign_id, "due"), attempt.row)
    return round(float(due_at) - books.now, 3)


def stopped_itself(books: Books) -> str:
    view = views.campaign(books.ledger, "c")
    assert (view.state is CampaignState.PAUSED) == bool(view.stopped_itself)
    return view.stopped_itself


# Do not call -------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", ["+12025550001", "+1202555*", "+1*"])
def test_who_is_put_on_the_list_between_claim_and_dial_is_not_called(
    books: Books, entry: str
) -> None:
    books.campaign()
    attempt = books.claimed()
    books.reader.hset("callsched:do_not_call", entry, "asked for it")

    assert not books.begin(attempt)

    assert books.ended_as(attempt) == ("skipped", "do_not_call")
    assert entry in books.result(attempt)["error"]
    assert books.slots() == {}


@pytest.mark.parametrize("entry", ["+12025550002", "+1202556*", "+120255500011*"])
def test_another_entry_of_the_list_forbids_nothing(books: Books, entry: str) -> None:
    books.campaign()
    books.reader.hset("callsched:do_not_call", entry, "asked for it")

    begun(books)


# Never two live calls to one party ----------------------------------------------------------------


@pytest.mark.parametrize("live", ["dialing", "connected", "lost"])
def test_a_party_that_may_be_on_the_phone_is_not_called(books: Books, live: str) -> None:
    books.campaign()
    same_people(books, "other")
    attempt = begun(books)
    if live == "connected":
        books.connect(attempt)
    if live == "lost":
        books.finish(attempt, Disposition.UNKNOWN, hold_seconds=DURATION)

    waits = refused(books, "other")

    assert books.state(waits) is CallState.PENDING
    assert 1 <= due_in(books, waits) <= 15
    held = views.campaign(books.ledger, "other")
    assert (held.held_at, held.held_why) == (books.now, "one_at_a_time: c:1:1 is live")


def test_once_the_other_call_is_over_it_is_called(books: Books) -> None:
    books.campaign()
    same_people(books, "other")
    over(books)

    begun(books, "other")


def test_a_call_whose_end_was_never_confirmed_counts_as_live(books: Books) -> None:
    books.campaign()
    same_people(books, "other")
    books.stopping()
    books.wait(books.ledger.leases.stop_patience + 1)
    books.expire()

    refused(books, "other")


def test_a_start_that_was_given_back_has_called_nobody(books: Books) -> None:
    books.campaign()
    same_people(books, "other", caps=(Cap(1, HOUR),))
    books.give_back(begun(books), delay_seconds=HOUR)

    begun(books, "other")


# Caps --------------------------------------------------------------------------------------------


def test_a_cap_counts_the_calls_of_every_campaign(books: Books) -> None:
    books.campaign()
    same_people(books, "second", caps=TWICE_A_DAY)
    same_people(books, "third", caps=TWICE_A_DAY)
    over(books)
    books.wait(HOUR)
    over(books, "second")

    waits = refused(books, "third")

    # The oldest of the two was 10 s, an hour and 10 s ago.
    assert due_in(books, waits) == pytest.approx(24 * HOUR - HOUR - 20, abs=1)
    books.wait(due_in(books, waits))
    begun(books, "third")


def test_a_gap_is_a_cap_of_one(books: Books) -> None:
    books.campaign()
    same_people(books, "other", caps=(Cap(1, 4 * HOUR, "gap"), *TWICE_A_DAY))
    over(books)

    assert due_in(books, refused(books, "other")) == pytest.approx(4 * HOUR - 10, abs=1)


def test_a_capped_call_ends_where_the_campaign_says_so(books: Books) -> None:
    books.campaign()
    same_people(books, "other", caps=(Cap(1, HOUR),), when_capped=WhenCapped.SKIP)
    over(books)

    assert books.ended_as(refused(books, "other")) == ("skipped", "capped")


def test_a_capped_call_ends_that_could_only_be_made_too_late(books: Books) -> None:
    books.campaign()
    same_people(books, "other", caps=(Cap(1, HOUR),), not_after=books.now + HOUR / 2)
    over(books)

    assert books.ended_as(refused(books, "other")) == ("skipped", "capped")


def test_a_rejected_start_rang_nobody_and_fills_no_cap(books: Books) -> None:
    books.campaign()
    same_people(books, "other", caps=(Cap(1, HOUR),))
    books.finish(begun(books), Disposition.REJECTED)

    begun(books, "other")


def test_a_call_that_may_have_rung_fills_a_cap(books: Books) -> None:
    books.campaign()
    same_people(books, "other", caps=(Cap(1, HOUR),))
    books.finish(begun(books), Disposition.UNKNOWN)

    refused(books, "other")


@pytest.mark.parametrize(
    ("states", "is_capped"),
    [
        (("ME",), True),
        (("MA", "ME"), True),
        ((EVERY_STATE,), True),
        (("MA",), False),
        ((), False),
    ],
)
def test_a_cap_of_a_state_holds_for_its_contacts_alone(
    books: Books, states: tuple[str, ...], is_capped: bool
) -> None:
    books.campaign()
    books.create("other", caps=(Cap(5, HOUR), Cap(1, 8 * HOUR, "us-me", ("ME", "NH"))))
    row = rows(1)[0]
    books.load([replace(row, contact=replace(row.contact, states=states))], campaign_id="other")
    books.seal("other")
    over(books)

    _, found = explanation.explain(books.ledger, "other", 1, now=books.now)
    caps = next(one.found for one in found if one.rule == "caps")

    assert ("1 of 1 calls in 8 h (us-me)" in caps) is is_capped
    assert "1 of 5 calls in 1 h (caps)" in caps
    if is_capped:
        assert due_in(books, refused(books, "other")) == pytest.approx(8 * HOUR - 10, abs=1)
    else:
        begun(books, "other")


# Whom a call is transferred to ----------------------------------------------------------------

AGENTS = ("+12025550190", "sip:agents@example.com")


@pytest.mark.parametrize("entry", [*AGENTS, "+120255501*"])
def test_nobody_is_transferred_to_whom_the_list_has_when_it_is_dialled(
    books: Books, entry: str
) -> None:
    books.campaign()
    do_not_call.bar(books.ledger, entry, "asked for it")
    attempt = books.claimed()

    assert not books.begin(attempt, targets=AGENTS)

    assert books.ended_as(attempt) == ("skipped", "do_not_call")
    assert books.slots() == {}


def test_targets_that_are_not_on_the_list_are_let_through(books: Books) -> None:
    books.campaign()
    do_not_call.bar(books.ledger, "+1202555019", "somebody else")

    assert books.begin(books.claimed(), targets=AGENTS)


def test_an_explanation_names_the_target_that_is_on_the_list(books: Books) -> None:
    books.campaign(script=(Say("Hello."), Transfer(AGENTS[0])))
    do_not_call.bar(books.ledger, AGENTS[0], "asked for it")

    _, found = explanation.explain(books.ledger, "c", 1, now=books.now)

    (rule,) = (one for one in found if one.rule == "do_not_call")
    assert rule.found == f"it may be transferred to {AGENTS[0]}, which is on the list"
    assert (rule.passes, rule.reason) == (False, "do_not_call")


# The hours ----------------------------------------------------------------------------------------


def test_no_start_is_let_out_once_the_hours_have_ended(books: Books) -> None:
    books.campaign()
    attempt = books.claimed()

    go = calls.begin(
        books.ledger,
        ACCOUNT,
        attempt,
        "t",
        max_duration_seconds=DURATION,
        closes_at=books.now,
        now=books.now,
    )

    assert not go
    assert books.state(attempt) is CallState.PENDING


# Again -------------------------------------------------------------------------------------------

RETRY = {"hung_up": Retry(2, (60.0, 600.0))}


def test_a_call_is_dialled_again_as_its_disposition_says(books: Books) -> None:
    books.campaign(retry=RETRY)
    waits = []
    for _ in range(2):
        attempt = over(books)
        assert books.state(attempt) is CallState.PENDING
        waits.append(due_in(books, attempt))
        books.wait(waits[-1])
    last = over(books)

    assert waits == [60.0, 600.0]
    assert books.ended_as(last) == ("hung_up", None)
    assert books.result(last)["attempts"] == last.number == 3
    assert views.campaign(books.ledger, "c").state is CampaignState.FINISHED


def test_another_disposition_is_final(books: Books) -> None:
    books.campaign(retry=RETRY)
    attempt = books.stopping()
    books.confirm(attempt, Disposition.STOPPED)

    assert books.ended_as(attempt) == ("stopped", None)


def test_jitter_moves_a_retry_by_its_share_at_most(books: Books) -> None:
    books.campaign(20, retry={"hung_up": Retry(1, (100.0,), 0.1)})
    waits = set()
    for number in range(20):
        books.wait(0.000_137 * number)
        waits.add(due_in(books, over(books, seconds=0.0)))

    assert all(90 <= wait <= 110 for wait in waits)
    assert len(waits) > 10


def test_a_retry_that_is_confirmed_twice_is_due_once(books: Books) -> None:
    books.campaign(retry=RETRY)
    attempt = over(books)
    as_it_stood = books.everything()

    assert not books.confirm(attempt, Disposition.HUNG_UP)

    assert books.everything() == as_it_stood


def test_a_late_message_of_an_attempt_that_is_tried_again_changes_nothing(books: Books) -> None:
    books.campaign(retry=RETRY)
    attempt = over(books)
    as_it_stood = books.everything()

    for late in (books.give_back, books.finish, books.begin):
        with pytest.raises(StaleAttempt):
            late(attempt)
    assert not books.hint(attempt)
    assert books.connect(attempt) == "known"
    books.expire()

    assert books.everything() == as_it_stood


def test_what_is_aborted_is_not_tried_again(books: Books) -> None:
    books.campaign(retry=RETRY)
    attempt = books.connected()
    books.abort()
    books.confirm(attempt, Disposition.HUNG_UP)

    assert books.ended_as(attempt) == ("hung_up", None)


def test_a_stop_that_nobody_confirmed_is_not_tried_again(books: Books) -> None:
    books.campaign(retry={"stopped": Retry(1, (1.0,))})
    attempt = books.stopping()
    books.wait(books.ledger.leases.stop_patience + 1)
    books.expire()

    assert books.ended_as(attempt) == ("stopped", "unconfirmed")


def test_a_rejected_call_is_tried_again_where_it_is_said(books: Books) -> None:
    books.campaign(retry={"rejected": Retry(1, (60.0,))})
    attempt = begun(books)
    books.finish(attempt, Disposition.REJECTED, message="no such bridge")

    assert books.state(attempt) is CallState.PENDING
    assert books.result(attempt)["error"] == "no such bridge"
    assert books.slots() == {}
    books.wait(60)
    assert begun(books).number == 2


# A campaign stops itself --------------------------------------------------------------------------


def fail(books: Books) -> None:
    books.finish(begun(books), Disposition.REJECTED)


BREAKER = CircuitBreaker(share=0.5, window_seconds=600.0, min_calls=4)


def test_too_many_failures_in_the_window_stop_a_campaign(books: Books) -> None:
    books.campaign(20, circuit_breaker=BREAKER)
    over(books)
    over(books)
    fail(books)
    assert not stopped_itself(books)

    fail(books)

    assert "2 of the last 4 calls failed" in stopped_itself(books)
    assert books.claim() is None


def test_failures_before_the_window_are_forgotten(books: Books) -> None:
    books.campaign(20, circuit_breaker=BREAKER)
    for _ in range(3):
        fail(books)
    books.wait(601)
    fail(books)

    assert not stopped_itself(books)


def test_who_resumes_a_stopped_campaign_gives_it_a_fresh_window(books: Books) -> None:
    books.campaign(20, circuit_breaker=BREAKER)
    for _ in range(4):
        fail(books)
    assert stopped_itself(books)

    campaigns.resume(books.ledger, "c")

    fail(books)
    assert not stopped_itself(books)


def test_the_first_calls_go_alone(books: Books) -> None:
    books.campaign(20, canary=Canary(first=3, success=0.6))
    first = [begun(books), begun(books), books.claimed()]

    assert books.claim() is None
    books.give_back(first.pop())
    first.append(begun(books))
    assert books.claim() is None

    for attempt in first[1:]:
        books.connect(attempt)
        books.confirm(attempt)
    assert books.claim() is None
    books.finish(first[0], Disposition.REJECTED)

    assert len({begun(books).row for _ in range(5)}) == 5


def test_when_the_first_calls_go_badly_no_others_follow(books: Books) -> None:
    books.campaign(20, canary=Canary(first=3, success=0.6))
    over(books)
    fail(books)
    fail(books)

    assert "1 of the first 3 calls went well" in stopped_itself(books)
    campaigns.resume(books.ledger, "c")
    for _ in range(17):
        fail(books)
    assert views.campaign(books.ledger, "c").state is CampaignState.FINISHED


def test_a_budget_counts_the_worst_case_of_what_is_live(books: Books) -> None:
    books.campaign(20, budget_seconds=2.5 * DURATION)
    first, second = begun(books), begun(books)
    refused(books)
    assert not stopped_itself(books), "a live call may give some of it back"

    books.connect(first)
    books.wait(10)
    books.confirm(first, Disposition.HUNG_UP)  # 10 s of 60
    books.wait(1)
    third = begun(books)
    for attempt in (second, third):
        books.connect(attempt)
        books.wait(DURATION)
        books.confirm(attempt)
    books.wait(1)

    refused(books)

    assert "budget" in stopped_itself(books)
    assert books.claim() is None


def test_a_start_that_rang_nobody_costs_nothing(books: Books) -> None:
    books.campaign(4, budget_seconds=DURATION)
    books.finish(begun(books), Disposition.REJECTED)
    books.give_back(begun(books), delay_seconds=HOUR)

    attempt = begun(books)
    books.finish(attempt, Disposition.UNKNOWN)
    books.wait(1)

    refused(books)
    assert stopped_itself(books), "what may have rung counts at its worst"


# Explain ------------------------------------------------------------------------------------------


def test_explain_says_what_each_rule_finds_and_changes_nothing(books: Books) -> None:
    books.campaign()
    same_people(books, "other", caps=TWICE_A_DAY, budget_seconds=600.0)
    begun(books)
    as_it_stood = books.everything()

    at, found = explanation.explain(books.ledger, "other", 1, now=books.now)

    assert at == books.now
    by_name = {one.rule: one for one in found}
    assert list(by_name) == [
        *("campaign", "stops", "do_not_call", "one_at_a_time", "caps", "budget"),
    ]
    assert by_name["one_at_a_time"].found == "c:1:1 is live"
    assert not by_name["one_at_a_time"].passes
    assert by_name["caps"].passes
    assert "1 of 2 calls in 24 h" in by_name["caps"].found
    assert books.everything() == as_it_stood


@pytest.mark.parametrize(
    ("late_seconds", "passes", "found"),
    [
        (LATE_SECONDS - 0.1, True, "on time"),
        (LATE_SECONDS + 0.1, True, "4 late; calls wait once more than 3 are late by 30 s"),
        (30.1, False, "too many stops are late on this account"),
    ],
)
def test_explain_counts_as_late_what_is_late_by_the_words(
    books: Books, late_seconds: float, passes: bool, found: str
) -> None:
    books.campaign(5)
    for _ in range(4):
        books.connected(seconds=1.0)
    books.wait(1.0 + late_seconds)

    _, rules = explanation.explain(books.ledger, "c", 5, now=books.now)

    (stops,) = [one for one in rules if one.rule == "stops"]
    assert (stops.passes, stops.found) == (passes, found)


def test_a_policy_of_an_earlier_release_has_no_rules(books: Books) -> None:
    books.campaign(2)
    books.reader.hset(
        keys.campaign("c", "meta"), "policy", '{"max_duration_seconds":60,"on_unknown":"hold"}'
    )

    over(books)

    assert books.reader.keys("callsched:called:*") == [f"callsched:called:{contact(1).party}"]


BY_REASON = {"busy": Retry(2, (60.0,)), "not_reached": Retry(1, (600.0,))}


def not_reached(books: Books, reason: Reason) -> Attempt:
    """Dial the next call, which reaches nobody."""
    attempt = begun(books)
    books.connect(attempt)
    assert books.confirm(attempt, Disposition.NOT_REACHED, reason=reason)
    return attempt


def test_the_rule_of_a_reason_goes_before_that_of_its_disposition(books: Books) -> None:
    books.campaign(retry=BY_REASON)
    waits = []
    for reason in (Reason.BUSY, Reason.NO_ANSWER, Reason.BUSY):
        waits.append(due_in(books, not_reached(books, reason)))
        books.wait(waits[-1])
    last = not_reached(books, Reason.NO_ANSWER)  # whose one retry is used up

    assert waits == [60.0, 600.0, 60.0]
    assert books.ended_as(last) == ("not_reached", "no_answer")


def test_no_call_rings_more_often_than_its_campaign_allows_in_all(books: Books) -> None:
    books.campaign(retry=BY_REASON, retry_total=2)
    books.wait(due_in(books, not_reached(books, Reason.BUSY)))
    last = not_reached(books, Reason.BUSY)

    assert books.ended_as(last) == ("not_reached", "busy")
    assert books.result(last)["attempts"] == 2


def test_attempts_that_placed_no_call_do_not_count_in_all(books: Books) -> None:
    books.campaign(retry=BY_REASON | {"rejected": Retry(2, (1.0,))}, retry_total=2)
    given_back = begun(books)
    books.give_back(given_back)
    rejected = begun(books)
    books.finish(rejected, Disposition.REJECTED)
    books.wait(due_in(books, rejected))
    books.wait(due_in(books, not_reached(books, Reason.BUSY)))
    rejected = begun(books)
    books.finish(rejected, Disposition.REJECTED)
    books.wait(due_in(books, rejected))
    last = not_reached(books, Reason.BUSY)

    assert books.ended_as(last) == ("not_reached", "busy")


def test_an_unknown_attempt_counts_in_all_and_so_does_its_redial(books: Books) -> None:
    books.campaign(retry=BY_REASON, retry_total=2, on_unknown=OnUnknown.REDIAL)
    books.finish(begun(books), Disposition.UNKNOWN, reason=Reason.ANSWER_LOST, hold_seconds=1.0)
    books.wait(1.0)
    last = not_reached(books, Reason.BUSY)

    assert books.ended_as(last) == ("not_reached", "busy")


def test_an_unknown_call_that_rang_as_often_as_it_may_is_not_redialled(books: Books) -> None:
    books.campaign(retry=BY_REASON, retry_total=1, on_unknown=OnUnknown.REDIAL)
    attempt = begun(books)
    books.finish(attempt, Disposition.UNKNOWN, reason=Reason.ANSWER_LOST, hold_seconds=1.0)

    assert books.ended_as(attempt) == ("unknown", "answer_lost")
