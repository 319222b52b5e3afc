"""Verbs in any order, early, late and twice: what holds of the ledger after each of them.

Contacts are far fewer than verbs, so that each call meets many of them, stale ones included.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from scheduler.errors import LedgerError, StaleAttempt
from scheduler.ledger import campaigns, census, erasure, keys, live_calls, views
from scheduler.ledger.ledger import Control
from scheduler.ledger.views import CampaignView
from scheduler.models import OPEN_STATES, Attempt, CallState, Disposition, Reason
from tests.examples import examples
from tests.integration.ledger import ACCOUNT, BEGIN, DURATION, LISTENER_LEASE, Books, named, rows
from tests.integration.overlooked import overlooked

CEILING = 3

#: Until claim's lease, dial's lease, a deadline, our patience and the end of all repeating is over.
PAUSES = (0.5, 5.0, 10.0, 25.0, DURATION, 600.0, 24 * 3600.0)

FILES = st.lists(
    st.builds(lambda n: rows(n)[0], st.integers(1, 4))
    | st.builds(named, st.sampled_from("ab"), st.integers(1, 4)),
    max_size=4,
)
#: An operator who acts in every history leaves few calls that get far.
SELDOM = st.sampled_from([False, False, True])
TOKENS = st.sampled_from(["one execution", "another"])


class LedgerMachine(RuleBasedStateMachine):
    """Plays workers, timekeepers, listeners, readers, the API and an operator at once."""

    books: Books  # set by the test

    attempts: Bundle[Attempt] = Bundle("attempts")
    rung: Bundle[Attempt] = Bundle("rung")
    tokens: Bundle[str] = Bundle("tokens")

    @initialize(everyone=FILES, may_cancel=SELDOM, may_halt=SELDOM)
    def open(self, everyone: list[Any], may_cancel: bool, may_halt: bool) -> None:
        self.may_cancel, self.may_halt, self.cancelled = may_cancel, may_halt, False
        self.books.ledger.redis.flushall()
        self.books.now = BEGIN  # or a history that is tried again would differ by its roundings
        self.books.create()
        self.books.learn(CEILING)
        self.goes: dict[Attempt, set[str]] = {}
        self.over_for_good: set[int] = set()
        self.held: dict[str, set[Attempt]] = {}
        self.kept: set[Attempt] = set()
        self.loads = 0
        self.load(everyone)

    # The operator ---------------------------------------------------------------------------------

    @rule(everyone=FILES)
    def load(self, everyone: list[Any]) -> None:
        self.loads += 1
        for _ in range(2):
            self.books.load(everyone, load_id=str(self.loads))
        self.books.seal(load_id=str(self.loads))

    @precondition(lambda self: self.may_halt)
    @rule()
    def abort(self) -> None:
        self.books.abort()

    @precondition(lambda self: self.may_halt)
    @rule()
    def pause(self) -> None:
        campaigns.halt(self.books.ledger, "c", now=self.books.now)

    @rule()
    def resume(self) -> None:
        try:
            campaigns.resume(self.books.ledger, "c")
        except LedgerError:
            assert self.cancelled
        else:
            assert not self.cancelled

    @precondition(lambda self: self.may_cancel)
    @rule(abort=st.booleans())
    def cancel(self, abort: bool) -> None:
        before = self.books.campaign_state()
        campaigns.cancel(self.books.ledger, "c", Control("me"), abort=abort, now=self.books.now)
        self.cancelled = self.cancelled or before != "finished"

    @rule()
    def end_one_that_waits(self) -> None:
        left = campaigns.end_pending(self.books.ledger, "c", most=1, now=self.books.now)
        assert self.cancelled or not left

    @rule(attempt=attempts)
    def stop(self, attempt: Attempt) -> None:
        for _ in range(2):
            with suppress(StaleAttempt):
                live_calls.stop(
                    self.books.ledger, ACCOUNT, attempt, Control("me"), now=self.books.now
                )

    @rule(attempt=attempts, seconds=st.sampled_from([1.0, 30.0]))
    def extend(self, attempt: Attempt, seconds: float) -> None:
        control, before = Control("me"), self.books.live().get(attempt)
        try:
            for _ in range(2):
                live_calls.extend(
                    *(self.books.ledger, ACCOUNT, attempt, seconds, control),
                    ceiling_seconds=3 * DURATION,
                    now=self.books.now,
                )
        except LedgerError:
            assert self.books.live().get(attempt) == before
        else:
            assert self.books.live()[attempt] == (before or 0.0) + seconds

    # Workers and the API --------------------------------------------------------------------------

    @rule(target=attempts, token=st.uuids().map(str))
    def claim(self, token: str) -> Any:
        room = len(self.books.slots()) < CEILING
        claim = self.books.claim(token, ceiling=CEILING)
        assert self.books.claim(token, ceiling=CEILING) == claim
        if claim is None:
            return multiple()
        assert room
        assert claim.attempt not in self.goes
        assert claim.attempt.row not in self.over_for_good
        self.goes[claim.attempt] = set()
        return claim.attempt

    @rule(target=rung, attempt=attempts, token=TOKENS)
    def begin(self, attempt: Attempt, token: str) -> Any:
        try:
            go = self.books.begin(attempt, token)
        except StaleAttempt:
            return multiple()
        if not go:
            return multiple()
        assert not self.cancelled or token in self.goes[attempt]
        self.goes[attempt].add(token)
        return attempt

    @rule(targets=(attempts, rung), token=st.uuids().map(str), is_answered=st.booleans())
    def dial(self, token: str, is_answered: bool) -> Any:
        """Do at once what a dialer does: of verbs alone few would ever lead to a live call."""
        attempt = self.claim(token)
        if not isinstance(attempt, Attempt) or self.begin(attempt, token) is not attempt:
            return multiple()
        if is_answered:
            self.answer(attempt, 0.0)
        return attempt

    @rule(attempt=rung, ago=st.sampled_from([0.0, 3.0]))
    def answer(self, attempt: Attempt, ago: float) -> None:
        before = self.books.everything()
        said = self.books.connect(attempt, ago=ago)
        assert (said == "known") == (self.books.everything() == before)
        assert self.books.connect(attempt, ago=ago) == "known"
        assert self.books.connect(attempt, "another connection") == "second"

    @rule(attempt=attempts, token=TOKENS, delay=st.sampled_from([0.0, 30.0]))
    def give_back(self, attempt: Attempt, token: str, delay: float) -> None:
        self.twice(lambda: self.books.give_back(attempt, token, delay_seconds=delay))

    @rule(attempt=attempts, disposition=st.sampled_from(["rejected", "unknown", "skipped"]))
    def finish(self, attempt: Attempt, disposition: str) -> None:
        hold = DURATION if disposition == "unknown" else 0.0
        reason = Reason.ANSWER_LOST if disposition == "unknown" else None
        end = Disposition(disposition)
        self.twice(lambda: self.books.finish(attempt, end, reason=reason, hold_seconds=hold))

    def twice(self, verb: Any) -> None:
        """Do something, then once more, which must be refused and change nothing."""
        try:
            verb()
        except StaleAttempt:
            return
        after = self.books.everything()
        with pytest.raises(StaleAttempt):
            verb()
        assert self.books.everything() == after

    @rule(attempt=attempts)
    def confirm(self, attempt: Attempt) -> None:
        if self.books.confirm(attempt):
            assert attempt not in self.books.slots()
        assert not self.books.confirm(attempt)

    @rule(attempt=attempts)
    def deny(self, attempt: Attempt) -> None:
        if self.books.deny(attempt):
            self.books.confirm(attempt, Disposition.HUNG_UP)

    # Listeners and readers ------------------------------------------------------------------------

    @rule(attempt=attempts, why=st.sampled_from(["hung_up", "machine"]))
    def hint(self, attempt: Attempt, why: str) -> None:
        slots = set(self.books.slots())
        if self.books.hint(attempt, why):
            assert self.books.owed_stops()[attempt] == 0.0
        assert set(self.books.slots()) == slots
        assert not self.books.hint(attempt, why)

    @rule(listener=st.sampled_from(["one", "two"]), is_open=st.booleans())
    def listen(self, listener: str, is_open: bool) -> None:
        held = self.held.setdefault(listener, set())
        lost, taken = self.books.listen(listener, dict.fromkeys(held, is_open))
        held.difference_update(lost)
        held.update(call.attempt for call in taken)
        ears = self.books.ears()
        assert all(ears[attempt] == LISTENER_LEASE for attempt in held)
        assert set(ears) <= set(self.books.live())

    @rule(is_complete=st.booleans())
    def collect(self, is_complete: bool) -> None:
        due = self.books.take_collect()
        if due is None:
            return
        assert due.attempt not in self.books.live()
        assert due.attempt not in self.kept
        if is_complete:
            assert self.books.keep_collected(due.attempt, {"transcript": []})
            assert not self.books.keep_collected(due.attempt, None)
            self.kept.add(due.attempt)
        else:
            self.books.postpone_collect(due.attempt)

    @rule(row=st.integers(1, 8))
    def erase(self, row: int) -> None:
        erasure.erase(self.books.ledger, "c", row)
        assert row not in {attempt.row for attempt in self.books.collects()}

    # Time -----------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from(PAUSES))
    def wait(self, seconds: float) -> None:
        self.books.wait(seconds)

    @rule(seconds=st.sampled_from(PAUSES))
    def wait_and_tick(self, seconds: float) -> None:
        self.books.wait(seconds)
        self.tick()

    @rule()
    def tick(self) -> None:
        self.books.expire()
        for order in self.books.take_stops():
            assert order.attempt in self.books.live()
        assert self.books.take_stops() == []

    # What holds -----------------------------------------------------------------------------------

    @invariant()
    def the_calls_are_as_they_must_be(self) -> None:
        """Look once for all that is asked of the calls: a look is many round trips."""
        self.hold(self.books.results())

    def hold(self, calls: list[dict[str, Any]]) -> None:
        view = views.campaign(self.books.ledger, "c")
        self.the_counts_agree_with(calls, view)
        self.each_waits_for_something(calls, view)
        self.who_has_been_called_is_not_called_again(calls)

    def the_counts_agree_with(self, calls: list[dict[str, Any]], view: CampaignView) -> None:
        assert view.total == len(calls) == sum(view.calls.values())
        assert +Counter(view.calls) == Counter(CallState(call["state"]) for call in calls)
        labels = [
            ":".join(filter(None, (call["disposition"], call["reason"])))
            for call in calls
            if call["state"] == "ended"
        ]
        assert view.dispositions == Counter(labels)
        if calls and view.calls[CallState.ENDED] == view.total:
            assert view.state == "finished"

    def each_waits_for_something(self, calls: list[dict[str, Any]], view: CampaignView) -> None:
        due = self.books.ledger.redis.zrange(keys.campaign("c", "due"), 0, -1)
        slots, live, stops = self.books.slots(), self.books.live(), self.books.owed_stops()
        for row, (call, attempt) in enumerate(
            zip(calls, self.current(len(calls)), strict=True), start=1
        ):
            state = CallState(call["state"])
            assert (str(row) in due) == (state is CallState.PENDING)
            assert (attempt in slots) or state not in OPEN_STATES
            assert (attempt in live) or state is not CallState.CONNECTED
            assert (attempt in stops) or state is not CallState.STOPPING
        collects = set(self.books.collects())
        assert set(stops) <= set(live)
        assert view.collecting == len(collects)
        assert not collects & set(live)
        assert set(live) <= set(slots) | set(stops)

    def who_has_been_called_is_not_called_again(self, calls: list[dict[str, Any]]) -> None:
        for row, call in enumerate(calls, start=1):
            if call["state"] == "ended":
                self.over_for_good.add(row)
            assert (row in self.over_for_good) == (call["state"] == "ended")

    @invariant()
    def a_claim_looks_at_every_campaign_of_which_something_is_due(self) -> None:
        assert overlooked(self.books) == []

    @invariant()
    def what_is_counted_is_what_a_walk_finds(self) -> None:
        found = census.counted(self.books.ledger, ACCOUNT)
        assert found == census.walked(self.books.ledger, ACCOUNT)

    @invariant()
    def slots_above_the_ceiling_are_late_answers(self) -> None:
        slots = self.books.slots()
        record = self.books.ledger.redis.hget
        late = [a for a in slots if record(keys.attempt(str(a)), "stop_why") == "late"]
        assert len(slots) - len(late) <= CEILING

    @invariant()
    def one_execution_of_an_attempt_dials(self) -> None:
        assert all(len(tokens) <= 1 for tokens in self.goes.values())

    def current(self, count: int) -> list[Attempt]:
        """Return the last attempt of each of the first so many rows."""
        with self.books.ledger.redis.pipeline(transaction=False) as pipe:
            for row in range(1, count + 1):
                pipe.hget(keys.call("c", row), "attempt")
            numbers = pipe.execute()
        return [Attempt("c", row, int(number or 0)) for row, number in enumerate(numbers, start=1)]

    def teardown(self) -> None:
        """Let so much time pass that all is over: nothing is held, and the rest can be called."""
        if not hasattr(self, "goes"):
            return
        for seconds in (DURATION, DURATION, 600.0, 24 * 3600.0, 24 * 3600.0):
            self.wait_and_tick(seconds)
        assert self.books.slots() == self.books.live() == self.books.owed_stops() == {}
        assert self.books.ears() == {}
        self.resume()
        while campaigns.end_pending(self.books.ledger, "c", now=self.books.now):
            pass
        while claim := self.books.claim():
            self.books.finish(claim.attempt)
        calls = views.campaign(self.books.ledger, "c").calls
        assert calls == {state: 0 for state in CallState} | {CallState.ENDED: sum(calls.values())}


def test_the_ledger_holds_whatever_comes(books: Books) -> None:
    LedgerMachine.books = books

    run_state_machine_as_test(
        LedgerMachine,
        settings=examples(
            100,
            stateful_step_count=40,
            derandomize=True,  # a run that fails, fails again
            suppress_health_check=list(HealthCheck),
        ),
    )
