"""What becomes of unknown calls: evidence, the operator's word, and the policy to dial again."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from scheduler.errors import StaleAttempt
from scheduler.ledger import calls, campaigns, unknowns, views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.unknowns import Resolution, Settled, UnknownCall
from scheduler.models import (
    REDIALS,
    Attempt,
    CallState,
    CampaignState,
    Connection,
    Contact,
    Disposition,
    OnUnknown,
    Policy,
    Reason,
    conversation_name,
)
from scheduler.records import encode_policy
from tests.examples import examples
from tests.integration.ledger import ACCOUNT, DURATION, Books
from tests.integration.test_ledger_model import LedgerMachine

REDIAL: dict[str, Any] = {"on_unknown": OnUnknown.REDIAL}
NOBODY_RANG = (Resolution.NOT_PLACED, Resolution.REDIAL)


def lost(ledger: Books, *, by_lease: bool = False) -> Attempt:
    """Return the next due call's attempt, whose answer was lost."""
    attempt = ledger.begun()
    if by_lease:
        ledger.wait(ledger.store.leases.dial)
        ledger.expire()
    else:
        lose(ledger, attempt)
    return attempt


def lose(ledger: Books, attempt: Attempt) -> None:
    ledger.finish(
        attempt,
        Disposition.UNKNOWN,
        reason=Reason.ANSWER_LOST,
        message="500",
        hold_seconds=DURATION,
    )


def say(ledger: Books, attempt: Attempt, verdict: Resolution, token: str = "") -> Settled:
    return unknowns.settle(ledger.store, ACCOUNT, attempt, verdict, token=token, now=ledger.now)


def found(ledger: Books, attempt: Attempt, **known: Any) -> tuple[bool, bool]:
    known = {"started_at": ledger.now - 30, "ended_at": ledger.now - 5} | known
    return unknowns.attach(
        ledger.store, ACCOUNT, attempt, f"heard {attempt}", now=ledger.now, **known
    )


def unknown(ledger: Books, *rows: int) -> list[UnknownCall]:
    return list(unknowns.calls(ledger.store, "c", ACCOUNT, rows))


def dials(ledger: Books) -> int:
    return views.campaign(ledger.store, "c").dials


def assert_counts_agree(ledger: Books) -> None:
    view, calls = views.campaign(ledger.store, "c"), ledger.results()
    assert sum(view.calls.values()) == view.total == len(calls)
    for state, count in view.calls.items():
        assert count == sum(call["state"] == state for call in calls)
    assert sum(view.dispositions.values()) == view.calls[CallState.ENDED]
    assert dials(ledger) == sum(call["attempts"] for call in calls)


# Which calls they are --------------------------------------------------------------------------


def test_unknown_calls_are_found_among_the_others(ledger: Books) -> None:
    ledger.campaign(4)
    first = lost(ledger)
    ledger.finish(ledger.claimed())
    third = lost(ledger, by_lease=True)

    calls = unknown(ledger)

    assert [(call.attempt, call.reason) for call in calls] == [
        (first, "answer_lost"),
        (third, "lease"),
    ]
    assert calls[1].held_until == ledger.now + DURATION
    assert calls[1].begun_at == ledger.now - ledger.store.leases.dial
    assert [call.contact.phone_number for call in calls] == ["+12025550001", "+12025550003"]
    assert calls[0].conversation_id == ""
    assert calls[0].redial_at is None
    assert [call.attempt for call in unknown(ledger, 3, 4)] == [third]


def test_a_campaign_of_several_pages_is_looked_through(ledger: Books) -> None:
    ledger.campaign(1001)
    ledger.store.redis.zadd("callsched:campaign:c:due", {"1001": 1.0})
    last = lost(ledger)

    assert [call.attempt for call in unknown(ledger)] == [last]
    assert last.row == 1001


def test_a_conversation_is_named_by_campaign_contact_and_attempt() -> None:
    attempt, contact = Attempt("c", 7, 2), Contact("+12025550001")
    plain, named = Policy(), Policy(options={"session_name": "spring"})
    own = Contact("+12025550001", options={"session_name": "Ana, 3 pm"})

    assert conversation_name(attempt, plain, contact) == "callsched c:7:2"
    assert conversation_name(attempt, named, contact) == "spring c:7:2"
    assert conversation_name(attempt, named, own) == "Ana, 3 pm c:7:2"


# A conversation that was found -----------------------------------------------------------------


def test_a_conversation_that_was_found_proves_that_the_call_was_placed(ledger: Books) -> None:
    ledger.campaign()
    attempt = lost(ledger)

    assert found(ledger, attempt) == (True, True)

    assert ledger.ended_as(attempt) == ("unknown", "placed")
    assert ledger.result(attempt)["conversation_id"] == f"heard {attempt}"
    assert ledger.result(attempt)["duration_seconds"] == 25.0
    assert ledger.collects() == {attempt: 0.0}
    assert ledger.collecting() == 1
    assert unknowns.still_to_read(ledger.store, ACCOUNT, [attempt]) == 1
    assert_counts_agree(ledger)


def test_what_was_said_in_it_is_read_and_kept(ledger: Books) -> None:
    ledger.campaign()
    attempt = lost(ledger)
    found(ledger, attempt)

    due = ledger.take_collect()
    assert due is not None
    assert (due.conversation_id, due.over_for_seconds) == (f"heard {attempt}", 5.0)
    assert ledger.keep_collected(attempt, {"transcript": [{"text": "Hello."}]})

    assert ledger.result(attempt)["transcript"] == [{"text": "Hello."}]
    assert found(ledger, attempt) == (False, True)
    assert ledger.collects() == {}
    assert unknowns.still_to_read(ledger.store, ACCOUNT, [attempt]) == 0


def test_what_could_not_be_read_is_read_when_it_is_found_again(ledger: Books) -> None:
    ledger.campaign()
    attempt = lost(ledger)
    found(ledger, attempt)
    ledger.keep_collected(attempt, None, error="503")

    assert found(ledger, attempt) == (False, True)

    assert ledger.collects() == {attempt: 0.0}
    assert ledger.collecting() == 1
    assert "insights_error" not in ledger.result(attempt)


def test_a_campaign_that_collects_nothing_reads_nothing(ledger: Books) -> None:
    ledger.campaign(insights=())
    attempt = lost(ledger)

    found(ledger, attempt)

    assert ledger.collects() == {}
    assert ledger.result(attempt)["conversation_id"] == f"heard {attempt}"


def test_a_conversation_that_may_be_live_is_read_when_it_no_longer_may(ledger: Books) -> None:
    ledger.campaign()
    attempt = lost(ledger)

    assert found(ledger, attempt, ended_at=None) == (True, False)
    assert ledger.collects() == {}
    assert ledger.slots() == {attempt: DURATION}

    ledger.wait(DURATION)
    ledger.expire()
    assert found(ledger, attempt, ended_at=None) == (False, True)
    assert ledger.collects() == {attempt: 0.0}


def test_the_slot_of_a_call_that_was_found_stays_taken(ledger: Books) -> None:
    ledger.campaign()
    attempt = lost(ledger)

    found(ledger, attempt)

    assert ledger.slots() == {attempt: DURATION}


def test_a_late_answer_ends_a_call_that_was_found_before(ledger: Books) -> None:
    ledger.campaign()
    attempt = lost(ledger)
    found(ledger, attempt)

    assert ledger.connect(attempt) == "late"

    assert ledger.ended_as(attempt) == ("stopped", "late_answer")
    assert ledger.collects() == {}
    assert ledger.collecting() == 0
    assert [order.attempt for order in ledger.take_stops()] == [attempt]
    assert ledger.confirm(attempt)
    assert ledger.collects() == {attempt: 0.0}
    assert ledger.collecting() == 1
    assert ledger.slots() == {}
    with pytest.raises(StaleAttempt):
        found(ledger, attempt)


def test_a_late_answer_without_a_conversation_keeps_the_one_that_was_found(ledger: Books) -> None:
    ledger.campaign()
    attempt = lost(ledger)
    found(ledger, attempt)

    calls.connect(
        ledger.store,
        ACCOUNT,
        attempt,
        Connection("a leg"),
        answered_ago_seconds=0.0,
        max_duration_seconds=DURATION,
        now=ledger.now,
    )

    assert ledger.result(attempt)["conversation_id"] == f"heard {attempt}"


@pytest.mark.parametrize("state", ["claimed", "dialing", "connected", "ended"])
def test_a_call_that_is_not_unknown_takes_no_conversation_and_no_verdict(
    ledger: Books, state: str
) -> None:
    ledger.campaign()
    if state == "claimed":
        attempt = ledger.claimed()
    elif state == "dialing":
        attempt = ledger.begun()
    else:
        attempt = ledger.connected()
        if state == "ended":
            ledger.confirm(attempt)
    as_it_stood = ledger.everything()

    with pytest.raises(StaleAttempt):
        found(ledger, attempt)
    for verdict in Resolution:
        with pytest.raises(StaleAttempt):
            say(ledger, attempt, verdict)

    assert unknown(ledger) == []
    assert ledger.everything() == as_it_stood


# The operator's word ---------------------------------------------------------------------------


@pytest.mark.parametrize("by_lease", [False, True])
def test_a_call_that_was_placed_stays_unknown_and_keeps_its_slot(
    ledger: Books, by_lease: bool
) -> None:
    ledger.campaign()
    attempt = lost(ledger, by_lease=by_lease)

    assert say(ledger, attempt, Resolution.PLACED) is Settled.SETTLED

    assert ledger.ended_as(attempt) == ("unknown", "placed")
    assert ledger.dispositions() == {"unknown:placed": 1}
    assert ledger.slots() == {attempt: DURATION}
    assert ledger.result(attempt)["attempts"] == 1
    assert ledger.campaign_state() is CampaignState.FINISHED
    assert ledger.claim() is None
    assert_counts_agree(ledger)


def test_a_call_that_was_not_placed_counts_as_not_dialled_and_frees_its_slot(
    ledger: Books,
) -> None:
    ledger.campaign()
    attempt = lost(ledger)

    assert say(ledger, attempt, Resolution.NOT_PLACED) is Settled.SETTLED

    assert ledger.ended_as(attempt) == ("skipped", "not_placed")
    assert ledger.slots() == {}
    assert ledger.result(attempt)["attempts"] == 0
    assert ledger.campaign_state() is CampaignState.FINISHED
    assert ledger.claim() is None
    assert unknown(ledger) == []
    assert_counts_agree(ledger)


@pytest.mark.parametrize("settled_before", [False, True])
def test_a_call_that_is_to_be_dialled_again_is_due_as_a_new_attempt(
    ledger: Books, settled_before: bool
) -> None:
    ledger.campaign()
    attempt = lost(ledger)
    if settled_before:
        say(ledger, attempt, Resolution.NOT_PLACED)
    assert ledger.campaign_state() is CampaignState.FINISHED

    assert say(ledger, attempt, Resolution.REDIAL) is Settled.SETTLED

    assert ledger.campaign_state() is CampaignState.ACTIVE
    assert (ledger.state(attempt), ledger.ended_as(attempt)) == (CallState.PENDING, (None, None))
    assert ledger.slots() == {}
    assert ledger.dispositions() == {}
    assert_counts_agree(ledger)

    again = ledger.claimed()
    assert (again.row, again.number) == (attempt.row, attempt.number + 1)
    assert ledger.begin(again, "another")
    ledger.connect(again)
    ledger.confirm(again)
    assert ledger.ended_as(again) == ("stopped", None)
    assert ledger.result(again)["attempts"] == 1
    assert ledger.campaign_state() is CampaignState.FINISHED
    assert_counts_agree(ledger)


def test_a_paused_campaign_stays_paused(ledger: Books) -> None:
    ledger.campaign(2)
    attempt = lost(ledger)
    campaigns.halt(ledger.store, "c", now=ledger.now)

    say(ledger, attempt, Resolution.REDIAL)

    assert ledger.campaign_state() is CampaignState.PAUSED
    assert ledger.claim() is None


@pytest.mark.parametrize("verdict", NOBODY_RANG)
def test_a_call_that_was_found_cannot_be_said_not_to_have_been_placed(
    ledger: Books, verdict: Resolution
) -> None:
    ledger.campaign()
    attempt = lost(ledger)
    found(ledger, attempt)
    as_it_stood = ledger.everything()

    assert say(ledger, attempt, verdict) is Settled.PROVEN

    assert ledger.everything() == as_it_stood


def test_a_conversation_that_is_found_later_corrects_the_operator(ledger: Books) -> None:
    ledger.campaign()
    attempt = lost(ledger)
    say(ledger, attempt, Resolution.NOT_PLACED)
    assert [call.reason for call in unknown(ledger, 1)] == ["not_placed"]

    assert found(ledger, attempt) == (True, True)

    assert ledger.ended_as(attempt) == ("unknown", "placed")
    assert ledger.result(attempt)["attempts"] == 1
    assert_counts_agree(ledger)


def test_the_operator_may_correct_himself(ledger: Books) -> None:
    ledger.campaign()
    attempt = lost(ledger)

    for verdict in (Resolution.PLACED, Resolution.NOT_PLACED, Resolution.PLACED):
        assert say(ledger, attempt, verdict) is Settled.SETTLED
        assert say(ledger, attempt, verdict) is Settled.KNOWN
        assert_counts_agree(ledger)

    assert ledger.ended_as(attempt) == ("unknown", "placed")


@pytest.mark.parametrize("verdict", Resolution)
@pytest.mark.parametrize("policy", [{}, REDIAL])
def test_a_verdict_that_is_sent_again_changes_nothing_more(
    ledger: Books, verdict: Resolution, policy: dict[str, Any]
) -> None:
    ledger.campaign(**policy)
    attempt, token = lost(ledger), uuid4().hex
    say(ledger, attempt, verdict, token)
    as_it_stood = ledger.everything()

    ledger.wait(1)

    assert say(ledger, attempt, verdict, token) is Settled.SETTLED
    assert ledger.everything() == as_it_stood


def test_a_redial_that_is_sent_again_after_the_call_has_begun_dials_nobody_twice(
    ledger: Books,
) -> None:
    ledger.campaign()
    attempt, token = lost(ledger), uuid4().hex
    say(ledger, attempt, Resolution.REDIAL, token)
    again = ledger.begun()

    assert say(ledger, attempt, Resolution.REDIAL, token) is Settled.SETTLED
    with pytest.raises(StaleAttempt):
        say(ledger, attempt, Resolution.REDIAL)

    assert ledger.state(again) is CallState.DIALING
    assert ledger.claim() is None


def test_a_conversation_that_is_attached_again_changes_nothing(ledger: Books) -> None:
    ledger.campaign()
    attempt = lost(ledger)
    found(ledger, attempt)
    as_it_stood = ledger.everything()

    assert found(ledger, attempt) == (False, True)

    assert ledger.everything() == as_it_stood


# The fences ------------------------------------------------------------------------------------


def test_who_dialled_before_has_no_say_after_a_redial(ledger: Books) -> None:
    ledger.campaign()
    attempt = lost(ledger)
    say(ledger, attempt, Resolution.REDIAL)
    as_it_stood = ledger.everything()

    with pytest.raises(StaleAttempt):
        ledger.begin(attempt)
    with pytest.raises(StaleAttempt):
        ledger.give_back(attempt)
    with pytest.raises(StaleAttempt):
        lose(ledger, attempt)
    ledger.expire()

    assert ledger.everything() == as_it_stood


@pytest.mark.parametrize("verdict", Resolution)
def test_a_late_answer_goes_before_what_the_operator_said(
    ledger: Books, verdict: Resolution
) -> None:
    ledger.campaign()
    attempt = lost(ledger)
    say(ledger, attempt, verdict)

    assert ledger.connect(attempt) == "late"

    assert ledger.ended_as(attempt) == ("stopped", "late_answer")
    assert [order.attempt for order in ledger.take_stops()] == [attempt]
    assert ledger.claim() is None
    assert ledger.dispositions() == {"stopped:late_answer": 1}
    assert ledger.campaign_state() is CampaignState.FINISHED
    with pytest.raises(StaleAttempt):
        say(ledger, attempt, Resolution.REDIAL)


@pytest.mark.parametrize("policy", [{}, REDIAL])
def test_an_answer_that_comes_before_the_redial_has_begun_keeps_it_from_dialling(
    ledger: Books, other: Ledger, policy: dict[str, Any]
) -> None:
    ledger.campaign(**policy)
    attempt = lost(ledger)
    say(ledger, attempt, Resolution.REDIAL)
    again = ledger.claimed()

    assert ledger.connect(attempt) == "late"

    with pytest.raises(StaleAttempt):
        ledger.begin(again)
    assert ledger.ended_as(attempt) == ("stopped", "late_answer")
    assert set(ledger.slots()) == {attempt}
    assert ledger.confirm(attempt)
    assert ledger.slots() == {}


def test_an_answer_that_comes_after_the_claim_has_lapsed_keeps_it_from_dialling(
    ledger: Books,
) -> None:
    ledger.campaign()
    attempt = lost(ledger)
    say(ledger, attempt, Resolution.REDIAL)
    ledger.claimed()
    ledger.wait(ledger.store.leases.claim)
    ledger.expire()

    assert ledger.connect(attempt) == "late"

    assert ledger.claim() is None
    assert ledger.ended_as(attempt) == ("stopped", "late_answer")


def test_an_answer_that_comes_after_the_redial_has_begun_is_stopped_and_changes_nothing_else(
    ledger: Books,
) -> None:
    ledger.campaign()
    attempt = lost(ledger)
    say(ledger, attempt, Resolution.REDIAL)
    again = ledger.begun()

    assert ledger.connect(attempt) == "late"

    assert ledger.state(again) is CallState.DIALING
    assert [order.attempt for order in ledger.take_stops()] == [attempt]


# on_unknown: redial ----------------------------------------------------------------------------


@pytest.mark.parametrize("by_lease", [False, True])
def test_an_unknown_call_is_dialled_again_when_its_slot_is_free(
    ledger: Books, by_lease: bool
) -> None:
    ledger.campaign(**REDIAL)
    attempt = lost(ledger, by_lease=by_lease)

    assert ledger.state(attempt) is CallState.PENDING
    assert ledger.slots() == {attempt: DURATION}
    assert ledger.campaign_state() is CampaignState.ACTIVE
    ledger.wait(DURATION - 0.001)
    ledger.expire()
    assert ledger.claim() is None
    assert ledger.slots() == {attempt: 0.001}

    ledger.wait(0.001)
    ledger.expire()
    assert ledger.slots() == {}
    again = ledger.begun()
    assert (again.row, again.number) == (attempt.row, attempt.number + 1)
    assert ledger.result(again)["attempts"] == 2
    assert_counts_agree(ledger)


def test_it_is_dialled_again_so_often_and_no_more(ledger: Books) -> None:
    ledger.campaign(**REDIAL)

    for _ in range(REDIALS):
        assert ledger.state(lost(ledger)) is CallState.PENDING
        ledger.wait(DURATION)
        ledger.expire()
    last = lost(ledger)

    assert ledger.ended_as(last) == ("unknown", "answer_lost")
    assert ledger.result(last)["attempts"] == REDIALS + 1
    ledger.wait(DURATION)
    ledger.expire()
    assert ledger.claim() is None
    assert ledger.campaign_state() is CampaignState.FINISHED
    assert_counts_agree(ledger)


def test_an_attempt_that_placed_no_call_uses_up_no_redial(ledger: Books) -> None:
    ledger.campaign(**REDIAL)
    lost(ledger)
    ledger.wait(DURATION)
    ledger.expire()
    for _ in range(3):
        ledger.give_back(ledger.begun())

    last = lost(ledger)

    assert ledger.ended_as(last) == ("unknown", "answer_lost")
    assert ledger.result(last)["attempts"] == 2


def test_a_late_answer_ends_a_call_that_waits_to_be_dialled_again(ledger: Books) -> None:
    ledger.campaign(2, **REDIAL)
    attempt = lost(ledger)

    assert ledger.connect(attempt) == "late"

    assert ledger.ended_as(attempt) == ("stopped", "late_answer")
    ledger.confirm(attempt)
    assert ledger.slots() == {}
    ledger.wait(DURATION)
    ledger.expire()
    assert ledger.claimed().row != attempt.row
    assert ledger.claim() is None


def test_a_call_that_was_found_is_not_dialled_again(ledger: Books) -> None:
    ledger.campaign(2, **REDIAL)
    attempt = lost(ledger)
    (call,) = unknown(ledger)
    assert (call.attempt, call.redial_at) == (attempt, ledger.now + DURATION)

    assert found(ledger, attempt) == (True, True)

    assert ledger.ended_as(attempt) == ("unknown", "placed")
    ledger.wait(DURATION)
    ledger.expire()
    assert ledger.claimed().row != attempt.row
    assert ledger.claim() is None
    assert_counts_agree(ledger)


@pytest.mark.parametrize(
    ("verdict", "ending"),
    [
        (Resolution.PLACED, ("unknown", "placed")),
        (Resolution.NOT_PLACED, ("skipped", "not_placed")),
    ],
)
def test_the_operator_settles_a_call_that_waits_to_be_dialled_again(
    ledger: Books, verdict: Resolution, ending: tuple[str, str]
) -> None:
    ledger.campaign(2, **REDIAL)
    attempt = lost(ledger)

    assert say(ledger, attempt, verdict) is Settled.SETTLED

    assert ledger.ended_as(attempt) == ending
    ledger.wait(DURATION)
    ledger.expire()
    assert ledger.claimed().row != attempt.row
    assert ledger.claim() is None
    assert_counts_agree(ledger)


def test_a_call_that_the_operator_has_dialled_now_keeps_its_redial(ledger: Books) -> None:
    ledger.campaign(**REDIAL)
    attempt = lost(ledger)

    assert say(ledger, attempt, Resolution.REDIAL) is Settled.SETTLED

    assert ledger.slots() == {}
    assert unknown(ledger) == []
    assert ledger.state(lost(ledger)) is CallState.PENDING
    assert_counts_agree(ledger)


def test_a_policy_that_a_release_of_before_has_written_holds(ledger: Books) -> None:
    ledger.campaign()
    ledger.store.redis.hset("callsched:campaign:c:meta", "policy", '{"max_duration_seconds":60.0}')

    attempt = lost(ledger)

    assert ledger.ended_as(attempt) == ("unknown", "answer_lost")


# In any order ------------------------------------------------------------------------------------


class SettlingMachine(LedgerMachine):
    """Plays an operator besides, who settles unknown calls rightly, wrongly, late and twice."""

    @rule(wanted=st.sampled_from(OnUnknown))
    def choose(self, wanted: OnUnknown) -> None:
        policy = Policy(max_duration_seconds=DURATION, on_unknown=wanted)
        self.ledger.store.redis.hset("callsched:campaign:c:meta", "policy", encode_policy(policy))

    @rule(attempt=LedgerMachine.attempts, verdict=st.sampled_from(Resolution))
    def settle(self, attempt: Attempt, verdict: Resolution) -> None:
        before, token = self.ledger.everything(), uuid4().hex
        try:
            said = say(self.ledger, attempt, verdict, token)
        except StaleAttempt:
            assert self.ledger.everything() == before
            return
        after = self.ledger.everything()
        assert (said is Settled.SETTLED) == (after != before)
        if said is Settled.SETTLED:
            assert say(self.ledger, attempt, verdict, token) is Settled.SETTLED
            assert self.ledger.everything() == after
        if said is Settled.SETTLED and verdict is Resolution.REDIAL:
            self.over_for_good.discard(attempt.row)

    @rule(attempt=LedgerMachine.attempts, is_over=st.booleans())
    def find(self, attempt: Attempt, is_over: bool) -> None:
        before = self.ledger.everything()
        ended_at = self.ledger.now - 5 if is_over else None
        try:
            found(self.ledger, attempt, ended_at=ended_at)
        except StaleAttempt:
            assert self.ledger.everything() == before
            return
        assert self.ledger.ended_as(attempt) == ("unknown", "placed")
        assert attempt.row not in self.pending()
        self.kept.discard(attempt)

    def pending(self) -> set[int]:
        due = self.ledger.store.redis.zrange("callsched:campaign:c:due", 0, -1)
        return set(map(int, due))

    @invariant()
    def every_unknown_call_is_seen(self) -> None:
        ended = {
            row
            for row, call in enumerate(self.ledger.results(), start=1)
            if call["disposition"] == "unknown"
        }
        seen = {call.attempt.row for call in unknown(self.ledger)}
        assert ended <= seen <= ended | self.pending()


def test_whatever_is_said_of_unknown_calls_the_ledger_holds(ledger: Books) -> None:
    SettlingMachine.ledger = ledger

    run_state_machine_as_test(
        SettlingMachine,
        settings=examples(
            30,
            stateful_step_count=40,
            derandomize=True,  # a run that fails, fails again
            suppress_health_check=list(HealthCheck),
        ),
    )
