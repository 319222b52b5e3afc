"""Verbs in any order at a provider that rings, is read, and whose lost calls can be found."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck
from hypothesis import strategies as st
from hypothesis.stateful import invariant, multiple, rule, run_state_machine_as_test

from scheduler.errors import LedgerError, StaleAttempt
from scheduler.ledger import callbacks, calls, keys, live_calls, reports, searches
from scheduler.ledger.callbacks import SPEAK, Known
from scheduler.ledger.calls import LOOK, Ringing, Wait
from scheduler.ledger.ledger import Control
from scheduler.ledger.searches import Found, LostCall, Powers
from scheduler.models import Attempt, CallState, Connection, Disposition, Reason
from tests.examples import examples
from tests.integration.ledger import ACCOUNT, DURATION, RING, Books, contact
from tests.integration.test_ledger_model import CEILING, TOKENS, LedgerMachine

HOLD = RING + Wait.MARGIN_SECONDS + DURATION

#: What the provider calls its calls: so few that attempts meet each other's.
CONNECTIONS = st.sampled_from("XYZ")


class RingingMachine(LedgerMachine):
    """The same players, and a provider that answers before its callees do."""

    def __init__(self) -> None:
        super().__init__()
        self.books.now = 1_800_000_000.0  # sums of instants are rounded the same in every run

    attempts, rung, tokens = LedgerMachine.attempts, LedgerMachine.rung, LedgerMachine.tokens

    @rule(target=rung, attempt=attempts, token=TOKENS)
    def begin(self, attempt: Attempt, token: str) -> Any:
        try:
            go = calls.begin(
                self.books.ledger,
                ACCOUNT,
                attempt,
                token,
                max_duration_seconds=DURATION,
                ringing=Ringing(RING, HOLD, is_searched=True),
                now=self.books.now,
            )
        except StaleAttempt:
            return multiple()
        if not go:
            return multiple()
        assert not self.cancelled
        self.goes[attempt].add(token)
        return attempt

    @rule(target=attempts, far=st.sampled_from(["rings", "is lost", "in a long queue"]))
    def get_far(self, far: str) -> Any:
        """Bring a call to where the verbs below have something to do: alone they seldom meet."""
        self.resume()
        token = uuid4().hex
        attempt = self.claim(token)
        if not isinstance(attempt, Attempt) or self.begin(attempt, "one execution") != attempt:
            return multiple()
        if far == "is lost":
            self.finish(attempt, "unknown")
        else:
            self.answer(attempt, 0.0, 90.0 if far == "in a long queue" else 0.0)
        return attempt

    @rule(attempt=rung, ago=st.sampled_from([0.0, 3.0]), queue=st.sampled_from([0.0, 90.0]))
    def answer(self, attempt: Attempt, ago: float, queue: float = 0.0) -> None:
        self.connect(attempt, f"connection {attempt}", ago, queue)

    @rule(attempt=rung, connection=CONNECTIONS)
    def answer_late(self, attempt: Attempt, connection: str) -> None:
        self.connect(attempt, connection, 0.0, 0.0)

    def connect(self, attempt: Attempt, connection: str, ago: float, queue: float) -> None:
        for times in range(2):
            said, *_ = calls.connect(
                self.books.ledger,
                ACCOUNT,
                attempt,
                Connection(connection),
                answered_ago_seconds=ago,
                max_duration_seconds=DURATION,
                wait=Wait("queued", RING, queue),
                now=self.books.now,
            )
            assert said in ("known", "second") or not times
        if said != "second":
            owner = self.books.ledger.redis.get(f"{keys.ROOT}connection:{connection}")
            assert owner == str(attempt)
        self.reopened()

    @rule(attempt=attempts, seconds=st.sampled_from([1.0, 30.0]))
    def extend(self, attempt: Attempt, seconds: float) -> None:
        control, before = Control("me"), self.books.live().get(attempt, 0.0)
        with suppress(LedgerError):
            for _ in range(2):
                live_calls.extend(
                    *(self.books.ledger, ACCOUNT, attempt, seconds, control),
                    ceiling_seconds=3 * DURATION,
                    now=self.books.now,
                )
        # Before the answer its deadline stays where it is.
        assert self.books.live().get(attempt, 0.0) in (before, before + seconds)

    @rule(attempt=attempts)
    def pick_up(self, attempt: Attempt) -> None:
        if self.books.answered(attempt):
            assert attempt in self.books.live()
        assert not self.books.answered(attempt)

    @rule(attempt=attempts, stage=st.sampled_from(["queued", "ringing"]))
    def ring(self, attempt: Attempt, stage: str) -> None:
        reports.unanswered(self.books.ledger, self.books.now, [(attempt, stage)])

    @rule(
        attempt=attempts,
        end=st.sampled_from(
            [
                (Disposition.COMPLETED, None, False),
                (Disposition.NOT_REACHED, Reason.BUSY, False),
                (Disposition.NOT_REACHED, Reason.FAILED, True),
            ]
        ),
    )
    def over(self, attempt: Attempt, end: tuple[Disposition, Reason | None, bool]) -> None:
        disposition, reason, is_final = end
        if self.books.over(attempt, disposition, reason=reason, is_final=is_final):
            assert attempt not in self.books.slots()
        assert not self.books.over(attempt)

    @rule(attempt=attempts)
    def never_rings(self, attempt: Attempt) -> None:
        if reports.unplaced(self.books.ledger, ACCOUNT, attempt, now=self.books.now):
            assert attempt not in self.books.slots()
        assert not reports.unplaced(self.books.ledger, ACCOUNT, attempt, now=self.books.now)

    @rule(attempt=attempts)
    def recall(self, attempt: Attempt) -> None:
        reports.recall(self.books.ledger, ACCOUNT, [attempt], now=self.books.now)

    @rule(found=st.sets(CONNECTIONS, min_size=1), exclusive=st.booleans())
    def search_what_is_lost(self, found: set[str], exclusive: bool) -> None:
        for one in self.books.ledger.redis.zrange(keys.account(ACCOUNT, "searches"), 0, -1):
            self.search(Attempt.parse(one), found, exclusive)

    @rule(attempt=attempts, found=st.sets(CONNECTIONS), exclusive=st.booleans())
    def search(self, attempt: Attempt, found: set[str], exclusive: bool) -> None:
        lost = LostCall(attempt, contact(attempt.row).phone_number, "", self.books.now)
        said, connection = searches.find(
            self.books.ledger,
            ACCOUNT,
            lost,
            sorted(found),
            powers=Powers(attaches=exclusive),
            next_in_seconds=2.0,
            now=self.books.now,
        )
        if said is Found.ATTACHED:
            assert exclusive
            assert attempt in self.books.live()
            assert connection in found
        self.reopened()

    @rule(
        attempt=attempts,
        connection=st.sampled_from(["its own", "its own", "X", "Y"]),
        sequence=st.sampled_from([None, 0, 1, 2, 3]),
        stage=st.sampled_from(["", "ringing", "answered", "over"]),
        ago=st.sampled_from([None, 0.0, 5.0, 900.0, -900.0]),
    )
    def tell(
        self,
        attempt: Attempt,
        connection: str,
        sequence: int | None,
        stage: str,
        ago: float | None,
    ) -> None:
        """What the provider tells by itself comes in any order, doubled, or not at all."""
        name = f"connection {attempt}" if connection == "its own" else connection
        before = self.books.everything()
        said = self.hear(attempt, name, sequence, stage, ago)
        if said in (Known.NO_ATTEMPT, Known.OVER):
            before.pop(totals := keys.account(ACCOUNT, "totals"), None)
            assert {k: v for k, v in self.books.everything().items() if k != totals} == before
        else:
            after = self.books.everything()
            again = self.hear(attempt, name, sequence, stage, ago)
            assert again is (Known.SECOND if said is Known.SECOND else Known.KNOWN)
            assert self.books.everything() == after
            assert said is Known.SECOND or attempt in self.books.live()
        self.reopened()

    def hear(
        self,
        attempt: Attempt,
        connection: str,
        sequence: int | None,
        stage: str,
        ago: float | None,
    ) -> Known:
        return callbacks.arrived(
            *(self.books.ledger, ACCOUNT, attempt, connection),
            sequence=sequence,
            stage=stage,
            told_at=None if ago is None else self.books.now - ago,
            answered_by="unknown" if stage == "answered" else "",
            now=self.books.now,
        )

    @rule(attempt=attempts)
    def speak(self, attempt: Attempt) -> None:
        if callbacks.order_speech(self.books.ledger, ACCOUNT, attempt, now=self.books.now):
            assert attempt in self.books.owed_stops()
        assert not callbacks.order_speech(self.books.ledger, ACCOUNT, attempt, now=self.books.now)

    @rule(attempt=attempts)
    def has_spoken(self, attempt: Attempt) -> None:
        callbacks.spoken(self.books.ledger, ACCOUNT, attempt, now=self.books.now)

    @invariant()
    def who_is_to_be_read_is_live(self) -> None:
        heard = self.books.ledger.redis.zrange(keys.account(ACCOUNT, "heard"), 0, -1)
        assert set(map(Attempt.parse, heard)) <= set(self.books.live())

    def reopened(self) -> None:
        """What was unknown, and has been found, is over no longer."""
        for row, call in enumerate(self.books.results(), start=1):
            if call["state"] in (CallState.CONNECTED, CallState.STOPPING):
                self.over_for_good.discard(row)

    @rule()
    def tick(self) -> None:
        self.books.expire()
        for order in self.books.take_stops():
            assert order.attempt in self.books.live()
            is_stop = order.why not in (LOOK, SPEAK)
            assert is_stop == (self.books.state(order.attempt) is not CallState.CONNECTED)
        assert self.books.take_stops() == []

    @invariant()
    def slots_above_the_ceiling_are_late_answers(self) -> None:
        slots, record = self.books.slots(), self.books.ledger.redis.hmget
        beyond = 0
        for attempt in slots:
            why, searched = record(keys.attempt(str(attempt)), "stop_why", "searched")
            beyond += why == "late" or bool(searched)
        assert len(slots) - beyond <= CEILING

    @invariant()
    def a_live_call_has_its_connection_to_itself(self) -> None:
        open_calls = reports.open_calls(self.books.ledger, ACCOUNT)
        names = [call.connection_id for call in open_calls]
        assert len(names) == len(set(names))

    def teardown(self) -> None:
        if hasattr(self, "goes"):
            for seconds in (RING + Wait.MARGIN_SECONDS, 600.0, 600.0):
                self.wait_and_tick(seconds)
            # What is claimed at one instant here would leave one by one.
            self.books.reader.hdel(keys.account(ACCOUNT, "meta"), "queued_in_row", "quiet_until")
        super().teardown()


def test_the_ledger_holds_whatever_comes(books: Books) -> None:
    books.may_be_held_back = True
    RingingMachine.books = books

    run_state_machine_as_test(
        RingingMachine,
        settings=examples(
            40,
            stateful_step_count=40,
            derandomize=True,  # a run that fails, fails again
            suppress_health_check=list(HealthCheck),
        ),
    )
