"""What becomes of unknown calls: evidence, the operator's word, and the policy to dial again."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from scheduler.errors import StaleAttempt
from scheduler.ledger import calls, campaigns, controls, unknowns, views
from scheduler.ledger.ledger import Control, Ledger
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


def lost(books: Books, *, by_lease: bool = False) -> Attempt:
    """Return the next due call's attempt, whose answer was lost."""
    attempt = books.begun()
    if by_lease:
        books.wait(books.ledger.leases.dial)
        books.expire()
    else:
        lose(books, attempt)
    return attempt


def lose(books: Books, attempt: Attempt) -> None:
    books.finish(
        attempt,
        Disposition.UNKNOWN,
        reason=Reason.ANSWER_LOST,
        message="500",
        hold_seconds=DURATION,
    )


def say(books: Books, attempt: Attempt, verdict: Resolution, token: str = "") -> Settled:
    return unknowns.settle(books.ledger, ACCOUNT, attempt, verdict, token=token, now=books.now)


def found(books: Books, attempt: Attempt, **known: Any) -> tuple[bool, bool]:
    known = {"started_at": books.now - 30, "ended_at": books.now - 5} | known
    return unknowns.attach(
        books.ledger, ACCOUNT, attempt, f"heard {attempt}", now=books.now, **known
    )


def unknown(books: Books, *rows: int) -> list[UnknownCall]:
    return list(unknowns.calls(books.ledger, "c", ACCOUNT, rows))


def dials(books: Books) -> int:
    return views.campaign(books.ledger, "c").dials


def assert_counts_agree(books: Books) -> None:
    view, calls = views.campaign(books.ledger, "c"), books.results()
    assert sum(view.calls.values()) == view.total == len(calls)
    for state, count in view.calls.items():
        assert count == sum(call["state"] == state for call in calls)
    assert sum(view.dispositions.values()) == view.calls[CallState.ENDED]
    assert dials(books) == sum(call["attempts"] for call in calls)


# Which calls they are --------------------------------------------------------------------------


def test_unknown_calls_are_found_among_the_others(books: Books) -> None:
    books.campaign(4)
    first = lost(books)
    books.finish(books.claimed())
    third = lost(books, by_lease=True)

    calls = unknown(books)

    assert [(call.attempt, call.reason) for call in calls] == [
        (first, "answer_lost"),
        (third, "lease"),
    ]
    assert calls[1].held_until == books.now + DURATION
    assert calls[1].begun_at == books.now - books.ledger.leases.dial
    assert [call.contact.phone_number for call in calls] == ["+12025550001", "+12025550003"]
    assert calls[0].conversation_id == ""
    assert calls[0].redial_at is None
    assert [call.attempt for call in unknown(books, 3, 4)] == [third]


def test_a_campaign_of_several_pages_is_looked_through(books: Books) -> None:
    books.campaign(1001)
    books.ledger.redis.zadd("callsched:campaign:c:due", {"1001": 1.0})
    last = lost(books)

    assert [call.attempt for call in unknown(books)] == [last]
    assert last.row == 1001


def test_a_conversation_is_named_by_campaign_contact_and_attempt() -> None:
    attempt, contact = Attempt("c", 7, 2), Contact("+12025550001")
    plain, named = Policy(), Policy(options={"session_name": "spring"})
    own = Contact("+12025550001", options={"session_name": "Ana, 3 pm"})

    assert conversation_name(attempt, plain, contact) == "callsched c:7:2"
    assert conversation_name(attempt, named, contact) == "spring c:7:2"
    assert conversation_name(attempt, named, own) == "Ana, 3 pm c:7:2"


# A conversation that was found -----------------------------------------------------------------


def test_a_conversation_that_was_found_proves_that_the_call_was_placed(books: Books) -> None:
    books.campaign()
    attempt = lost(books)

    assert found(books, attempt) == (True, True)

    assert books.ended_as(attempt) == ("unknown", "placed")
    assert books.result(attempt)["conversation_id"] == f"heard {attempt}"
    assert books.result(attempt)["duration_seconds"] == 25.0
    assert books.collects() == {attempt: 0.0}
    assert books.collecting() == 1
    assert unknowns.still_to_read(books.ledger, ACCOUNT, [attempt]) == 1
    assert_counts_agree(books)


def test_what_was_said_in_it_is_read_and_kept(books: Books) -> None:
    books.campaign()
    attempt = lost(books)
    found(books, attempt)

    due = books.take_collect()
    assert due is not None
    assert (due.conversation_id, due.over_for_seconds) == (f"heard {attempt}", 5.0)
    assert books.keep_collected(attempt, {"transcript": [{"text": "Hello."}]})

    assert books.result(attempt)["transcript"] == [{"text": "Hello."}]
    assert found(books, attempt) == (False, True)
    assert books.collects() == {}
    assert unknowns.still_to_read(books.ledger, ACCOUNT, [attempt]) == 0


def test_what_could_not_be_read_is_read_when_it_is_found_again(books: Books) -> None:
    books.campaign()
    attempt = lost(books)
    found(books, attempt)
    books.keep_collected(attempt, None, error="503")

    assert found(books, attempt) == (False, True)

    assert books.collects() == {attempt: 0.0}
    assert books.collecting() == 1
    assert "insights_error" not in books.result(attempt)


def test_a_campaign_that_collects_nothing_reads_nothing(books: Books) -> None:
    books.campaign(insights=())
    attempt = lost(books)

    found(books, attempt)

    assert books.collects() == {}
    assert books.result(attempt)["conversation_id"] == f"heard {attempt}"


def test_a_conversation_that_may_be_live_is_read_when_it_no_longer_may(books: Books) -> None:
    books.campaign()
    attempt = lost(books)

    assert found(books, attempt, ended_at=None) == (True, False)
    assert books.collects() == {}
    assert books.slots() == {attempt: DURATION}

    books.wait(DURATION)
    books.expire()
    assert found(books, attempt, ended_at=None) == (False, True)
    assert books.collects() == {attempt: 0.0}


def test_the_slot_of_a_call_that_was_found_stays_taken(books: Books) -> None:
    books.campaign()
    attempt = lost(books)

    found(books, attempt)

    assert books.slots() == {attempt: DURATION}


def test_a_late_answer_ends_a_call_that_was_found_before(books: Books) -> None:
    books.campaign()
    attempt = lost(books)
    found(books, attempt)

    assert books.connect(attempt) == "late"

    assert books.ended_as(attempt) == ("stopped", "late_answer")
    assert books.collects() == {}
    assert books.collecting() == 0
    assert [order.attempt for order in books.take_stops()] == [attempt]
    assert books.confirm(attempt)
    assert books.collects() == {attempt: 0.0}
    assert books.collecting() == 1
    assert books.slots() == {}
    with pytest.raises(StaleAttempt):
        found(books, attempt)


def test_a_late_answer_without_a_conversation_keeps_the_one_that_was_found(books: Books) -> None:
    books.campaign()
    attempt = lost(books)
    found(books, attempt)

    calls.connect(
        books.ledger,
        ACCOUNT,
        attempt,
        Connection("a leg"),
        answered_ago_seconds=0.0,
        max_duration_seconds=DURATION,
        now=books.now,
    )

    assert books.result(attempt)["conversation_id"] == f"heard {attempt}"


@pytest.mark.parametrize("state", ["claimed", "dialing", "connected", "ended"])
def test_a_call_that_is_not_unknown_takes_no_conversation_and_no_verdict(
    books: Books, state: str
) -> None:
    books.campaign()
    if state == "claimed":
        attempt = books.claimed()
    elif state == "dialing":
        attempt = books.begun()
    else:
        attempt = books.connected()
        if state == "ended":
            books.confirm(attempt)
    as_it_stood = books.everything()

    with pytest.raises(StaleAttempt):
        found(books, attempt)
    for verdict in Resolution:
        with pytest.raises(StaleAttempt):
            say(books, attempt, verdict)

    assert unknown(books) == []
    assert books.everything() == as_it_stood


# The operator's word ---------------------------------------------------------------------------


@pytest.mark.parametrize("by_lease", [False, True])
def test_a_call_that_was_placed_stays_unknown_and_keeps_its_slot(
    books: Books, by_lease: bool
) -> None:
    books.campaign()
    attempt = lost(books, by_lease=by_lease)

    assert say(books, attempt, Resolution.PLACED) is Settled.SETTLED

    assert books.ended_as(attempt) == ("unknown", "placed")
    assert books.dispositions() == {"unknown:placed": 1}
    assert books.slots() == {attempt: DURATION}
    assert books.result(attempt)["attempts"] == 1
    assert books.campaign_state() is CampaignState.FINISHED
    assert books.claim() is None
    assert_counts_agree(books)


def test_a_call_that_was_not_placed_counts_as_not_dialled_and_frees_its_slot(
    books: Books,
) -> None:
    books.campaign()
    attempt = lost(books)

    assert say(books, attempt, Resolution.NOT_PLACED) is Settled.SETTLED

    assert books.ended_as(attempt) == ("skipped", "not_placed")
    assert books.slots() == {}
    assert books.result(attempt)["attempts"] == 0
    assert books.campaign_state() is CampaignState.FINISHED
    assert books.claim() is None
    assert unknown(books) == []
    assert_counts_agree(books)


@pytest.mark.parametrize("settled_before", [False, True])
def test_a_call_that_is_to_be_dialled_again_is_due_as_a_new_attempt(
    books: Books, settled_before: bool
) -> None:
    books.campaign()
    attempt = lost(books)
    if settled_before:
        say(books, attempt, Resolution.NOT_PLACED)
    assert books.campaign_state() is CampaignState.FINISHED

    assert say(books, attempt, Resolution.REDIAL) is Settled.SETTLED

    assert books.campaign_state() is CampaignState.ACTIVE
    assert (books.state(attempt), books.ended_as(attempt)) == (CallState.PENDING, (None, None))
    assert books.slots() == {}
    assert books.dispositions() == {}
    assert_counts_agree(books)

    again = books.claimed()
    assert (again.row, again.number) == (attempt.row, attempt.number + 1)
    assert books.begin(again, "another")
    books.connect(again)
    books.confirm(again)
    assert books.ended_as(again) == ("stopped", None)
    assert books.result(again)["attempts"] == 1
    assert books.campaign_state() is CampaignState.FINISHED
    assert_counts_agree(books)


def test_a_paused_campaign_stays_paused(books: Books) -> None:
    books.campaign(2)
    attempt = lost(books)
    campaigns.halt(books.ledger, "c", now=books.now)

    say(books, attempt, Resolution.REDIAL)

    assert books.campaign_state() is CampaignState.PAUSED
    assert books.claim() is None


@pytest.mark.parametrize("verdict", NOBODY_RANG)
def test_a_call_that_was_found_cannot_be_said_not_to_have_been_placed(
    books: Books, verdict: Resolution
) -> None:
    books.campaign()
    attempt = lost(books)
    found(books, attempt)
    as_it_stood = books.everything()

    assert say(books, attempt, verdict) is Settled.PROVEN

    assert books.everything() == as_it_stood


def test_a_conversation_that_is_found_later_corrects_the_operator(books: Books) -> None:
    books.campaign()
    attempt = lost(books)
    say(books, attempt, Resolution.NOT_PLACED)
    assert [call.reason for call in unknown(books, 1)] == ["not_placed"]

    assert found(books, attempt) == (True, True)

    assert books.ended_as(attempt) == ("unknown", "placed")
    assert books.result(attempt)["attempts"] == 1
    assert_counts_agree(books)


def test_the_operator_may_correct_himself(books: Books) -> None:
    books.campaign()
    attempt = lost(books)

    for verdict in (Resolution.PLACED, Resolution.NOT_PLACED, Resolution.PLACED):
        assert say(books, attempt, verdict) is Settled.SETTLED
        assert say(books, attempt, verdict) is Settled.KNOWN
        assert_counts_agree(books)

    assert books.ended_as(attempt) == ("unknown", "placed")


@pytest.mark.parametrize("verdict", Resolution)
@pytest.mark.parametrize("policy", [{}, REDIAL])
def test_a_verdict_that_is_sent_again_changes_nothing_more(
    books: Books, verdict: Resolution, policy: dict[str, Any]
) -> None:
    books.campaign(**policy)
    attempt, token = lost(books), uuid4().hex
    say(books, attempt, verdict, token)
    as_it_stood = books.everything()

    books.wait(1)

    assert say(books, attempt, verdict, token) is Settled.SETTLED
    assert books.everything() == as_it_stood


def test_a_redial_that_is_sent_again_after_the_call_has_begun_dials_nobody_twice(
    books: Books,
) -> None:
    books.campaign()
    attempt, token = lost(books), uuid4().hex
    say(books, attempt, Resolution.REDIAL, token)
    again = books.begun()

    assert say(books, attempt, Resolution.REDIAL, token) is Settled.SETTLED
    with pytest.raises(StaleAttempt):
        say(books, attempt, Resolution.REDIAL)

    assert books.state(again) is CallState.DIALING
    assert books.claim() is None


def test_a_conversation_that_is_attached_again_changes_nothing(books: Books) -> None:
    books.campaign()
    attempt = lost(books)
    found(books, attempt)
    as_it_stood = books.everything()

    assert found(books, attempt) == (False, True)

    assert books.everything() == as_it_stood


# The fences ------------------------------------------------------------------------------------


def test_who_dialled_before_has_no_say_after_a_redial(books: Books) -> None:
    books.campaign()
    attempt = lost(books)
    say(books, attempt, Resolution.REDIAL)
    as_it_stood = books.everything()

    with pytest.raises(StaleAttempt):
        books.begin(attempt)
    with pytest.raises(StaleAttempt):
        books.give_back(attempt)
    with pytest.raises(StaleAttempt):
        lose(books, attempt)
    books.expire()

    assert books.everything() == as_it_stood


@pytest.mark.parametrize("verdict", Resolution)
def test_a_late_answer_goes_before_what_the_operator_said(
    books: Books, verdict: Resolution
) -> None:
    books.campaign()
    attempt = lost(books)
    say(books, attempt, verdict)

    assert books.connect(attempt) == "late"

    assert books.ended_as(attempt) == ("stopped", "late_answer")
    assert [order.attempt for order in books.take_stops()] == [attempt]
    assert books.claim() is None
    assert books.dispositions() == {"stopped:late_answer": 1}
    assert books.campaign_state() is CampaignState.FINISHED
    with pytest.raises(StaleAttempt):
        say(books, attempt, Resolution.REDIAL)


@pytest.mark.parametrize("policy", [{}, REDIAL])
def test_an_answer_that_comes_before_the_redial_has_begun_keeps_it_from_dialling(
    books: Books, other: Ledger, policy: dict[str, Any]
) -> None:
    books.campaign(**policy)
    attempt = lost(books)
    say(books, attempt, Resolution.REDIAL)
    again = books.claimed()

    assert books.connect(attempt) == "late"

    with pytest.raises(StaleAttempt):
        books.begin(again)
    assert books.ended_as(attempt) == ("stopped", "late_answer")
    assert set(books.slots()) == {attempt}
    assert books.confirm(attempt)
    assert books.slots() == {}


def test_an_answer_that_comes_after_the_claim_has_lapsed_keeps_it_from_dialling(
    books: Books,
) -> None:
    books.campaign()
    attempt = lost(books)
    say(books, attempt, Resolution.REDIAL)
    books.claimed()
    books.wait(books.ledger.leases.claim)
    books.expire()

    assert books.connect(attempt) == "late"

    assert books.claim() is None
    assert books.ended_as(attempt) == ("stopped", "late_answer")


def test_an_answer_that_comes_after_the_redial_has_begun_is_stopped_and_changes_nothing_else(
    books: Books,
) -> None:
    books.campaign()
    attempt = lost(books)
    say(books, attempt, Resolution.REDIAL)
    again = books.begun()

    assert books.connect(attempt) == "late"

    assert books.state(again) is CallState.DIALING
    assert [order.attempt for order in books.take_stops()] == [attempt]


# on_unknown: redial ----------------------------------------------------------------------------


@pytest.mark.parametrize("by_lease", [False, True])
def test_an_unknown_call_is_dialled_again_when_its_slot_is_free(
    books: Books, by_lease: bool
) -> None:
    books.campaign(**REDIAL)
    attempt = lost(books, by_lease=by_lease)

    assert books.state(attempt) is CallState.PENDING
    assert books.slots() == {attempt: DURATION}
    assert books.campaign_state() is CampaignState.ACTIVE
    books.wait(DURATION - 0.001)
    books.expire()
    assert books.claim() is None
    assert books.slots() == {attempt: 0.001}

    books.wait(0.001)
    books.expire()
    assert books.slots() == {}
    again = books.begun()
    assert (again.row, again.number) == (attempt.row, attempt.number + 1)
    assert books.result(again)["attempts"] == 2
    assert_counts_agree(books)


def test_it_is_dialled_again_so_often_and_no_more(books: Books) -> None:
    books.campaign(**REDIAL)

    for _ in range(REDIALS):
        assert books.state(lost(books)) is CallState.PENDING
        books.wait(DURATION)
        books.expire()
    last = lost(books)

    assert books.ended_as(last) == ("unknown", "answer_lost")
    assert books.result(last)["attempts"] == REDIALS + 1
    books.wait(DURATION)
    books.expire()
    assert books.claim() is None
    assert books.campaign_state() is CampaignState.FINISHED
    assert_counts_agree(books)


def test_an_attempt_that_placed_no_call_uses_up_no_redial(books: Books) -> None:
    books.campaign(**REDIAL)
    lost(books)
    books.wait(DURATION)
    books.expire()
    for _ in range(3):
        books.give_back(books.begun())

    last = lost(books)

    assert books.ended_as(last) == ("unknown", "answer_lost")
    assert books.result(last)["attempts"] == 2


def test_a_late_answer_ends_a_call_that_waits_to_be_dialled_again(books: Books) -> None:
    books.campaign(2, **REDIAL)
    attempt = lost(books)

    assert books.connect(attempt) == "late"

    assert books.ended_as(attempt) == ("stopped", "late_answer")
    books.confirm(attempt)
    assert books.slots() == {}
    books.wait(DURATION)
    books.expire()
    assert books.claimed().row != attempt.row
    assert books.claim() is None


def test_a_call_that_was_found_is_not_dialled_again(books: Books) -> None:
    books.campaign(2, **REDIAL)
    attempt = lost(books)
    (call,) = unknown(books)
    assert (call.attempt, call.redial_at) == (attempt, books.now + DURATION)

    assert found(books, attempt) == (True, True)

    assert books.ended_as(attempt) == ("unknown", "placed")
    books.wait(DURATION)
    books.expire()
    assert books.claimed().row != attempt.row
    assert books.claim() is None
    assert_counts_agree(books)


@pytest.mark.parametrize(
    ("verdict", "ending"),
    [
        (Resolution.PLACED, ("unknown", "placed")),
        (Resolution.NOT_PLACED, ("skipped", "not_placed")),
    ],
)
def test_the_operator_settles_a_call_that_waits_to_be_dialled_again(
    books: Books, verdict: Resolution, ending: tuple[str, str]
) -> None:
    books.campaign(2, **REDIAL)
    attempt = lost(books)

    assert say(books, attempt, verdict) is Settled.SETTLED

    assert books.ended_as(attempt) == ending
    books.wait(DURATION)
    books.expire()
    assert books.claimed().row != attempt.row
    assert books.claim() is None
    assert_counts_agree(books)


def test_a_call_that_the_operator_has_dialled_now_keeps_its_redial(books: Books) -> None:
    books.campaign(**REDIAL)
    attempt = lost(books)

    assert say(books, attempt, Resolution.REDIAL) is Settled.SETTLED

    assert books.slots() == {}
    assert unknown(books) == []
    assert books.state(lost(books)) is CallState.PENDING
    assert_counts_agree(books)


def test_a_policy_that_a_release_of_before_has_written_holds(books: Books) -> None:
    books.campaign()
    books.ledger.redis.hset("callsched:campaign:c:meta", "policy", '{"max_duration_seconds":60.0}')

    attempt = lost(books)

    assert books.ended_as(attempt) == ("unknown", "answer_lost")


# In any order ------------------------------------------------------------------------------------


class SettlingMachine(LedgerMachine):
    """Plays an operator besides, who settles unknown calls rightly, wrongly, late and twice."""

    @rule(wanted=st.sampled_from(OnUnknown))
    def choose(self, wanted: OnUnknown) -> None:
        policy = Policy(max_duration_seconds=DURATION, on_unknown=wanted)
        self.books.ledger.redis.hset("callsched:campaign:c:meta", "policy", encode_policy(policy))

    @rule(attempt=LedgerMachine.attempts, verdict=st.sampled_from(Resolution))
    def settle(self, attempt: Attempt, verdict: Resolution) -> None:
        before, token = self.books.everything(), uuid4().hex
        try:
            said = say(self.books, attempt, verdict, token)
        except StaleAttempt:
            assert self.books.everything() == before
            return
        after = self.books.everything()
        assert (said is Settled.SETTLED) == (after != before)
        if said is Settled.SETTLED:
            assert say(self.books, attempt, verdict, token) is Settled.SETTLED
            assert self.books.everything() == after
        if said is Settled.SETTLED and verdict is Resolution.REDIAL:
            self.over_for_good.discard(attempt.row)

    @rule(attempt=LedgerMachine.attempts, is_over=st.booleans())
    def find(self, attempt: Attempt, is_over: bool) -> None:
        before = self.books.everything()
        ended_at = self.books.now - 5 if is_over else None
        try:
            found(self.books, attempt, ended_at=ended_at)
        except StaleAttempt:
            assert self.books.everything() == before
            return
        assert self.books.ended_as(attempt) == ("unknown", "placed")
        assert attempt.row not in self.pending()
        self.kept.discard(attempt)

    def pending(self) -> set[int]:
        due = self.books.ledger.redis.zrange("callsched:campaign:c:due", 0, -1)
        return set(map(int, due))

    def hold(self, calls: list[dict[str, Any]]) -> None:
        super().hold(calls)
        self.every_unknown_call_is_seen(calls)

    def every_unknown_call_is_seen(self, calls: list[dict[str, Any]]) -> None:
        ended = {row for row, call in enumerate(calls, start=1) if call["disposition"] == "unknown"}
        seen = {call.attempt.row for call in unknown(self.books)}
        assert ended <= seen <= ended | self.pending()


def test_whatever_is_said_of_unknown_calls_the_ledger_holds(books: Books) -> None:
    SettlingMachine.books = books

    run_state_machine_as_test(
        SettlingMachine,
        settings=examples(
            30,
            stateful_step_count=40,
            derandomize=True,  # a run that fails, fails again
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_verdict_that_is_sent_again_is_on_record_once(books: Books) -> None:
    books.campaign()
    attempt = lost(books)
    order = Control("ana@desk", "row 1 as placed")
    for _ in range(2):
        said = unknowns.settle(
            books.ledger, ACCOUNT, attempt, Resolution.PLACED, token="t", control=order
        )
        assert said is Settled.SETTLED
    (recorded,) = controls.of_campaign(books.ledger, "c")
    assert (recorded.what, recorded.who, recorded.note) == ("settle", order.who, order.note)
