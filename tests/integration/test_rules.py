"""The rules that are decided in the same step as the leave to dial, and what follows an attempt."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scheduler.errors import StaleAttempt
from scheduler.ledger import calls, campaigns, explanation, keys, views
from scheduler.models import (
    EVERY_STATE,
    Attempt,
    CallState,
    CampaignState,
    Canary,
    Cap,
    CircuitBreaker,
    Disposition,
    Retry,
    WhenCapped,
)
from tests.integration.ledger import ACCOUNT, DURATION, Books, contact, rows

HOUR = 3600.0

TWICE_A_DAY = (Cap(2, 24 * HOUR),)


def same_people(ledger: Books, campaign_id: str, count: int = 1, **policy: Any) -> None:
    """Make a campaign that calls the people of campaign `c`."""
    ledger.create(campaign_id, **policy)
    ledger.load(rows(*range(1, count + 1)), campaign_id=campaign_id)
    ledger.seal(campaign_id)


def refused(ledger: Books, campaign_id: str = "c") -> Attempt:
    """Claim the next due call, which may not be dialled."""
    attempt = ledger.claimed(only=campaign_id)
    assert not ledger.begin(attempt)
    assert attempt not in ledger.slots()
    return attempt


def begun(ledger: Books, campaign_id: str = "c") -> Attempt:
    attempt = ledger.claimed(only=campaign_id)
    assert ledger.begin(attempt)
    return attempt


def over(ledger: Books, campaign_id: str = "c", seconds: float = 10.0) -> Attempt:
    """Call the next one, who hangs up after so many seconds."""
    attempt = begun(ledger, campaign_id)
    ledger.connect(attempt)
    ledger.wait(seconds)
    assert ledger.confirm(attempt, Disposition.HUNG_UP)
    return attempt


def due_in(ledger: Books, attempt: Attempt) -> float:
    due_at = ledger.reader.zscore(keys.campaign(attempt.campaign_id, "due"), attempt.row)
    return round(float(due_at) - ledger.now, 3)


def stopped_itself(ledger: Books) -> str:
    view = views.campaign(ledger.store, "c")
    assert (view.state is CampaignState.PAUSED) == bool(view.stopped_itself)
    return view.stopped_itself


# Do not call -------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", ["+12025550001", "+1202555*", "+1*"])
def test_who_is_put_on_the_list_between_claim_and_dial_is_not_called(
    ledger: Books, entry: str
) -> None:
    ledger.campaign()
    attempt = ledger.claimed()
    ledger.reader.hset("callsched:do_not_call", entry, "asked for it")

    assert not ledger.begin(attempt)

    assert ledger.ended_as(attempt) == ("skipped", "do_not_call")
    assert entry in ledger.result(attempt)["error"]
    assert ledger.slots() == {}


@pytest.mark.parametrize("entry", ["+12025550002", "+1202556*", "+120255500011*"])
def test_another_entry_of_the_list_forbids_nothing(ledger: Books, entry: str) -> None:
    ledger.campaign()
    ledger.reader.hset("callsched:do_not_call", entry, "asked for it")

    begun(ledger)


# Never two live calls to one party ----------------------------------------------------------------


@pytest.mark.parametrize("live", ["dialing", "connected", "lost"])
def test_a_party_that_may_be_on_the_phone_is_not_called(ledger: Books, live: str) -> None:
    ledger.campaign()
    same_people(ledger, "other")
    attempt = begun(ledger)
    if live == "connected":
        ledger.connect(attempt)
    if live == "lost":
        ledger.finish(attempt, Disposition.UNKNOWN, hold_seconds=DURATION)

    waits = refused(ledger, "other")

    assert ledger.state(waits) is CallState.PENDING
    assert 1 <= due_in(ledger, waits) <= 15
    held = views.campaign(ledger.store, "other")
    assert (held.held_at, held.held_why) == (ledger.now, "one_at_a_time: c:1:1 is live")


def test_once_the_other_call_is_over_it_is_called(ledger: Books) -> None:
    ledger.campaign()
    same_people(ledger, "other")
    over(ledger)

    begun(ledger, "other")


def test_a_call_whose_end_was_never_confirmed_counts_as_live(ledger: Books) -> None:
    ledger.campaign()
    same_people(ledger, "other")
    ledger.stopping()
    ledger.wait(ledger.store.leases.stop_patience + 1)
    ledger.expire()

    refused(ledger, "other")


def test_a_start_that_was_given_back_has_called_nobody(ledger: Books) -> None:
    ledger.campaign()
    same_people(ledger, "other", caps=(Cap(1, HOUR),))
    ledger.give_back(begun(ledger), delay_seconds=HOUR)

    begun(ledger, "other")


# Caps --------------------------------------------------------------------------------------------


def test_a_cap_counts_the_calls_of_every_campaign(ledger: Books) -> None:
    ledger.campaign()
    same_people(ledger, "second", caps=TWICE_A_DAY)
    same_people(ledger, "third", caps=TWICE_A_DAY)
    over(ledger)
    ledger.wait(HOUR)
    over(ledger, "second")

    waits = refused(ledger, "third")

    # The oldest of the two was 10 s, an hour and 10 s ago.
    assert due_in(ledger, waits) == pytest.approx(24 * HOUR - HOUR - 20, abs=1)
    ledger.wait(due_in(ledger, waits))
    begun(ledger, "third")


def test_a_gap_is_a_cap_of_one(ledger: Books) -> None:
    ledger.campaign()
    same_people(ledger, "other", caps=(Cap(1, 4 * HOUR, "gap"), *TWICE_A_DAY))
    over(ledger)

    assert due_in(ledger, refused(ledger, "other")) == pytest.approx(4 * HOUR - 10, abs=1)


def test_a_capped_call_ends_where_the_campaign_says_so(ledger: Books) -> None:
    ledger.campaign()
    same_people(ledger, "other", caps=(Cap(1, HOUR),), when_capped=WhenCapped.SKIP)
    over(ledger)

    assert ledger.ended_as(refused(ledger, "other")) == ("skipped", "capped")


def test_a_capped_call_ends_that_could_only_be_made_too_late(ledger: Books) -> None:
    ledger.campaign()
    same_people(ledger, "other", caps=(Cap(1, HOUR),), not_after=ledger.now + HOUR / 2)
    over(ledger)

    assert ledger.ended_as(refused(ledger, "other")) == ("skipped", "capped")


def test_a_rejected_start_rang_nobody_and_fills_no_cap(ledger: Books) -> None:
    ledger.campaign()
    same_people(ledger, "other", caps=(Cap(1, HOUR),))
    ledger.finish(begun(ledger), Disposition.REJECTED)

    begun(ledger, "other")


def test_a_call_that_may_have_rung_fills_a_cap(ledger: Books) -> None:
    ledger.campaign()
    same_people(ledger, "other", caps=(Cap(1, HOUR),))
    ledger.finish(begun(ledger), Disposition.UNKNOWN)

    refused(ledger, "other")


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
    ledger: Books, states: tuple[str, ...], is_capped: bool
) -> None:
    ledger.campaign()
    ledger.create("other", caps=(Cap(5, HOUR), Cap(1, 8 * HOUR, "us-me", ("ME", "NH"))))
    row = rows(1)[0]
    ledger.load([replace(row, contact=replace(row.contact, states=states))], campaign_id="other")
    ledger.seal("other")
    over(ledger)

    _, found = explanation.explain(ledger.store, "other", 1, now=ledger.now)
    caps = next(one.said for one in found if one.rule == "caps")

    assert ("1 of 1 calls in 8 h (us-me)" in caps) is is_capped
    assert "1 of 5 calls in 1 h (caps)" in caps
    if is_capped:
        assert due_in(ledger, refused(ledger, "other")) == pytest.approx(8 * HOUR - 10, abs=1)
    else:
        begun(ledger, "other")


# The hours ----------------------------------------------------------------------------------------


def test_no_start_is_let_out_once_the_hours_have_ended(ledger: Books) -> None:
    ledger.campaign()
    attempt = ledger.claimed()

    go = calls.begin(
        ledger.store,
        ACCOUNT,
        attempt,
        "t",
        max_duration_seconds=DURATION,
        closes_at=ledger.now,
        now=ledger.now,
    )

    assert not go
    assert ledger.state(attempt) is CallState.PENDING


# Again -------------------------------------------------------------------------------------------

RETRY = {"hung_up": Retry(2, (60.0, 600.0))}


def test_a_call_is_dialled_again_as_its_disposition_says(ledger: Books) -> None:
    ledger.campaign(retry=RETRY)
    waits = []
    for _ in range(2):
        attempt = over(ledger)
        assert ledger.state(attempt) is CallState.PENDING
        waits.append(due_in(ledger, attempt))
        ledger.wait(waits[-1])
    last = over(ledger)

    assert waits == [60.0, 600.0]
    assert ledger.ended_as(last) == ("hung_up", None)
    assert ledger.result(last)["attempts"] == last.number == 3
    assert views.campaign(ledger.store, "c").state is CampaignState.FINISHED


def test_another_disposition_is_final(ledger: Books) -> None:
    ledger.campaign(retry=RETRY)
    attempt = ledger.stopping()
    ledger.confirm(attempt, Disposition.STOPPED)

    assert ledger.ended_as(attempt) == ("stopped", None)


def test_jitter_moves_a_retry_by_its_share_at_most(ledger: Books) -> None:
    ledger.campaign(20, retry={"hung_up": Retry(1, (100.0,), 0.1)})
    waits = set()
    for number in range(20):
        ledger.wait(0.000_137 * number)
        waits.add(due_in(ledger, over(ledger, seconds=0.0)))

    assert all(90 <= wait <= 110 for wait in waits)
    assert len(waits) > 10


def test_a_retry_that_is_confirmed_twice_is_due_once(ledger: Books) -> None:
    ledger.campaign(retry=RETRY)
    attempt = over(ledger)
    as_it_stood = ledger.everything()

    assert not ledger.confirm(attempt, Disposition.HUNG_UP)

    assert ledger.everything() == as_it_stood


def test_a_late_message_of_an_attempt_that_is_tried_again_changes_nothing(ledger: Books) -> None:
    ledger.campaign(retry=RETRY)
    attempt = over(ledger)
    as_it_stood = ledger.everything()

    for late in (ledger.give_back, ledger.finish, ledger.begin):
        with pytest.raises(StaleAttempt):
            late(attempt)
    assert not ledger.hint(attempt)
    assert ledger.connect(attempt) == "known"
    ledger.expire()

    assert ledger.everything() == as_it_stood


def test_what_is_aborted_is_not_tried_again(ledger: Books) -> None:
    ledger.campaign(retry=RETRY)
    attempt = ledger.connected()
    ledger.abort()
    ledger.confirm(attempt, Disposition.HUNG_UP)

    assert ledger.ended_as(attempt) == ("hung_up", None)


def test_a_stop_that_nobody_confirmed_is_not_tried_again(ledger: Books) -> None:
    ledger.campaign(retry={"stopped": Retry(1, (1.0,))})
    attempt = ledger.stopping()
    ledger.wait(ledger.store.leases.stop_patience + 1)
    ledger.expire()

    assert ledger.ended_as(attempt) == ("stopped", "unconfirmed")


def test_a_rejected_call_is_tried_again_where_it_is_said(ledger: Books) -> None:
    ledger.campaign(retry={"rejected": Retry(1, (60.0,))})
    attempt = begun(ledger)
    ledger.finish(attempt, Disposition.REJECTED, message="no such bridge")

    assert ledger.state(attempt) is CallState.PENDING
    assert ledger.result(attempt)["error"] == "no such bridge"
    assert ledger.slots() == {}
    ledger.wait(60)
    assert begun(ledger).number == 2


# A campaign stops itself --------------------------------------------------------------------------


def fail(ledger: Books) -> None:
    ledger.finish(begun(ledger), Disposition.REJECTED)


BREAKER = CircuitBreaker(share=0.5, window_seconds=600.0, min_calls=4)


def test_too_many_failures_in_the_window_stop_a_campaign(ledger: Books) -> None:
    ledger.campaign(20, circuit_breaker=BREAKER)
    over(ledger)
    over(ledger)
    fail(ledger)
    assert not stopped_itself(ledger)

    fail(ledger)

    assert "2 of the last 4 calls failed" in stopped_itself(ledger)
    assert ledger.claim() is None


def test_failures_before_the_window_are_forgotten(ledger: Books) -> None:
    ledger.campaign(20, circuit_breaker=BREAKER)
    for _ in range(3):
        fail(ledger)
    ledger.wait(601)
    fail(ledger)

    assert not stopped_itself(ledger)


def test_who_resumes_a_stopped_campaign_gives_it_a_fresh_window(ledger: Books) -> None:
    ledger.campaign(20, circuit_breaker=BREAKER)
    for _ in range(4):
        fail(ledger)
    assert stopped_itself(ledger)

    campaigns.resume(ledger.store, "c")

    fail(ledger)
    assert not stopped_itself(ledger)


def test_the_first_calls_go_alone(ledger: Books) -> None:
    ledger.campaign(20, canary=Canary(first=3, success=0.6))
    first = [begun(ledger), begun(ledger), ledger.claimed()]

    assert ledger.claim() is None
    ledger.give_back(first.pop())
    first.append(begun(ledger))
    assert ledger.claim() is None

    for attempt in first[1:]:
        ledger.connect(attempt)
        ledger.confirm(attempt)
    assert ledger.claim() is None
    ledger.finish(first[0], Disposition.REJECTED)

    assert len({begun(ledger).row for _ in range(5)}) == 5


def test_when_the_first_calls_go_badly_no_others_follow(ledger: Books) -> None:
    ledger.campaign(20, canary=Canary(first=3, success=0.6))
    over(ledger)
    fail(ledger)
    fail(ledger)

    assert "1 of the first 3 calls went well" in stopped_itself(ledger)
    campaigns.resume(ledger.store, "c")
    for _ in range(17):
        fail(ledger)
    assert views.campaign(ledger.store, "c").state is CampaignState.FINISHED


def test_a_budget_counts_the_worst_case_of_what_is_live(ledger: Books) -> None:
    ledger.campaign(20, budget_seconds=2.5 * DURATION)
    first, second = begun(ledger), begun(ledger)
    refused(ledger)
    assert not stopped_itself(ledger), "a live call may give some of it back"

    ledger.connect(first)
    ledger.wait(10)
    ledger.confirm(first, Disposition.HUNG_UP)  # 10 s of 60
    ledger.wait(1)
    third = begun(ledger)
    for attempt in (second, third):
        ledger.connect(attempt)
        ledger.wait(DURATION)
        ledger.confirm(attempt)
    ledger.wait(1)

    refused(ledger)

    assert "budget" in stopped_itself(ledger)
    assert ledger.claim() is None


def test_a_start_that_rang_nobody_costs_nothing(ledger: Books) -> None:
    ledger.campaign(4, budget_seconds=DURATION)
    ledger.finish(begun(ledger), Disposition.REJECTED)
    ledger.give_back(begun(ledger), delay_seconds=HOUR)

    attempt = begun(ledger)
    ledger.finish(attempt, Disposition.UNKNOWN)
    ledger.wait(1)

    refused(ledger)
    assert stopped_itself(ledger), "what may have rung counts at its worst"


# Explain ------------------------------------------------------------------------------------------


def test_explain_says_what_each_rule_finds_and_changes_nothing(ledger: Books) -> None:
    ledger.campaign()
    same_people(ledger, "other", caps=TWICE_A_DAY, budget_seconds=600.0)
    begun(ledger)
    as_it_stood = ledger.everything()

    at, found = explanation.explain(ledger.store, "other", 1, now=ledger.now)

    assert at == ledger.now
    by_name = {one.rule: one for one in found}
    assert list(by_name) == [
        *("campaign", "stops", "do_not_call", "one_at_a_time", "caps", "budget"),
    ]
    assert by_name["one_at_a_time"].said == "c:1:1 is live"
    assert not by_name["one_at_a_time"].passes
    assert by_name["caps"].passes
    assert "1 of 2 calls in 24 h" in by_name["caps"].said
    assert ledger.everything() == as_it_stood


def test_a_policy_of_an_earlier_release_has_no_rules(ledger: Books) -> None:
    ledger.campaign(2)
    ledger.reader.hset(
        keys.campaign("c", "meta"), "policy", '{"max_duration_seconds":60,"on_unknown":"hold"}'
    )

    over(ledger)

    assert ledger.reader.keys("callsched:called:*") == [f"callsched:called:{contact(1).party}"]
