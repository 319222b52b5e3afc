"""What news mean: the same, whichever way they come, in any order, lost or doubled."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.calls.news import Act, Meaning, line_of, meaning
from scheduler.calls.outcomes import Ending, Standing
from scheduler.models import Attempt, Disposition, OnMachine, Policy, Reason
from scheduler.providers import CallReport, Heard, News, Outcome, Stage
from scheduler.script import Say

MACHINE = News("intent", intent="answering_machine", answered_by="machine")
GO_ON = Standing()
SCRIPT = Standing(has_machine_script=True)

Told: TypeAlias = News | Heard | CallReport


@pytest.mark.parametrize(
    ("news", "on_machine", "expected"),
    [
        (News("completed"), OnMachine.GO_ON, Act.HUNG_UP),
        (News("message", "Goodbye."), OnMachine.STOP, None),
        (MACHINE, OnMachine.GO_ON, None),
        (MACHINE, OnMachine.STOP, Act.MACHINE),
        (MACHINE, OnMachine.NOT_REACHED, Act.NOT_REACHED),
        (News("intent", intent="do_not_call"), OnMachine.GO_ON, Act.DO_NOT_CALL),
        (News("intent", intent="greeting"), OnMachine.STOP, None),
    ],
)
def test_what_a_socket_tells(news: News, on_machine: OnMachine, expected: Act | None) -> None:
    policy = Policy(max_duration_seconds=60.0, on_machine=on_machine)

    told = meaning(news, Standing.under(policy))
    assert told == meaning(Heard("c", news=(news,)), Standing.under(policy))
    assert told.act is expected
    assert told.answered_by == news.answered_by
    # Who has answered is a verdict, and no wish of anybody's.
    assert told.intents == (() if news.answered_by else tuple(filter(None, [news.intent])))


HEEDS = Standing(hears_opt_outs=True)


@pytest.mark.parametrize(
    ("news", "standing", "expected"),
    [
        (News("message", "Stop calling me."), HEEDS, Act.DO_NOT_CALL),
        (News("message", "Stop calling me.", "callee"), HEEDS, Act.DO_NOT_CALL),
        # Our own script, words that are not settled, and a campaign that does not listen.
        (News("message", "Stop calling me.", "caller"), HEEDS, None),
        (News("transcript", "Stop calling me."), HEEDS, None),
        (News("message", "Stop calling me."), GO_ON, None),
        (News("message", "Don't call me before nine."), HEEDS, None),
    ],
)
def test_a_callee_is_heard_who_asks_not_to_be_called(
    news: News, standing: Standing, expected: Act | None
) -> None:
    for told in (news, Heard("c", news=(news,))):
        found = meaning(told, standing)
        assert found.act is expected
        assert found.intents == (("do_not_call",) if expected else ())


@pytest.mark.parametrize("who", ["human", "unknown", "fax"])
def test_whoever_is_no_machine_counts_as_a_person(who: str) -> None:
    standing = Standing(on_machine=OnMachine.STOP)

    assert meaning(Heard("c", answered_by=who), standing) == Meaning(answered_by=who)
    assert meaning(CallReport("c", Stage.ANSWERED, answered_by=who), standing).act is None


def test_a_machine_is_spoken_to_when_its_greeting_is_over() -> None:
    assert meaning(Heard("c", answered_by="machine"), SCRIPT).act is None
    assert meaning(Heard("c", answered_by="machine", may_speak=True), SCRIPT).act is Act.SPEAK
    assert meaning(CallReport("c", Stage.ANSWERED, answered_by="machine"), SCRIPT).act is Act.SPEAK


def test_an_end_that_was_told_is_read_before_it_counts() -> None:
    over = CallReport("c", Stage.OVER, Outcome.COMPLETED)

    told = meaning(Heard("c", report=over, answered_by="human"), GO_ON)
    assert told == Meaning(Stage.OVER, Act.READ, "human")
    assert meaning(over, GO_ON).ending == (Disposition.COMPLETED, None)


@pytest.mark.parametrize("stage", [Stage.QUEUED, Stage.RINGING, Stage.ANSWERED])
def test_how_far_a_call_has_come_is_news_until_it_is_answered(stage: Stage) -> None:
    report = CallReport("c", stage)

    assert meaning(report, GO_ON).stage is stage
    assert meaning(Heard("c", report=report), GO_ON).stage is stage
    assert meaning(report, Standing(is_answered=True)).stage is None
    assert meaning(report, Standing(tells_stages=False)).stage is None


def test_words_that_nobody_knows_are_no_news() -> None:
    assert meaning(CallReport("c", Stage.ALIVE), GO_ON) == Meaning()


def test_only_what_has_a_text_is_a_line() -> None:
    attempt = Attempt("c", 1, 1)

    assert line_of(attempt, News("completed")) is None
    line = line_of(attempt, News("message", "Hello.", "Ana", 3.0))
    assert line is not None
    assert (line.text, line.speaker, line.said_at) == ("Hello.", "Ana", 3.0)


# Any order, loss and doubling ---------------------------------------------------------------------


@dataclass
class Books:
    """What the ledger makes of news: all of it may be told again."""

    policy: Policy
    is_answered: bool = False
    stop_why: str = ""
    speeches: int = 0
    is_barred: bool = False
    ending: Ending | None = None
    answered_by: set[str] = field(default_factory=set)

    def hear(self, told: Told) -> None:
        standing = replace(
            Standing.under(self.policy), stop_why=self.stop_why, is_answered=self.is_answered
        )
        found = meaning(told, standing)
        if found.answered_by:
            self.answered_by.add(found.answered_by)
        if self.ending is None:
            self.is_answered |= found.stage is Stage.ANSWERED
            self.ending = found.ending
        self._do(found.act)

    def _do(self, act: Act | None) -> None:
        is_live = self.ending is None
        if act is Act.DO_NOT_CALL:
            self.is_barred = True
        elif act is Act.SPEAK and is_live:
            self.speeches = 1
        elif act in (Act.HUNG_UP, Act.MACHINE, Act.NOT_REACHED) and is_live:
            assert act is not None
            self.stop_why = self.stop_why or act


@dataclass(frozen=True)
class History:
    """What has truly happened to one call."""

    policy: Policy
    outcome: Outcome
    who: str  #: who has answered; "": nobody
    is_opt_out: bool

    @property
    def is_verdict_needed(self) -> bool:
        """Whether it went otherwise had nobody heard of the machine while it lived."""
        if self.who != "machine":
            return False
        return bool(self.policy.machine_script) or self.policy.on_machine is OnMachine.STOP

    def final(self) -> CallReport:
        seconds = 20.0 if self.who else 0.0
        return CallReport(
            "c", Stage.OVER, self.outcome, duration_seconds=seconds, answered_by=self.who
        )

    def stages(self) -> list[CallReport]:
        found = [CallReport("c", Stage.QUEUED), CallReport("c", Stage.RINGING)]
        return found + ([CallReport("c", Stage.ANSWERED)] if self.who else [])

    def told_by_socket(self) -> list[Told]:
        told: list[Told] = [MACHINE] if self.who == "machine" else []
        return [*told, *self._wishes(), *([News("completed")] if self.who else [])]

    def told_by_polls(self) -> list[Told]:
        verdict = [CallReport("c", Stage.ANSWERED, answered_by=self.who)] if self.who else []
        return [*self.stages(), *verdict]

    def told_by_provider(self) -> list[Told]:
        reports = [*self.stages(), self.final()]
        told: list[Told] = [
            Heard("c", number, replace(each, answered_by="")) for number, each in enumerate(reports)
        ]
        words = [Heard("c", news=(wish,)) for wish in self._wishes()]
        return [*told, *words, *([self.verdict()] if self.who else [])]

    def verdict(self) -> Heard:
        return Heard("c", answered_by=self.who, may_speak=self.who == "machine")

    def _wishes(self) -> list[News]:
        return [News("intent", intent="do_not_call")] if self.is_opt_out and self.who else []


@st.composite
def histories(draw: st.DrawFn) -> History:
    on_machine = draw(st.sampled_from(OnMachine))
    says = on_machine is OnMachine.GO_ON and draw(st.booleans())
    policy = Policy(
        max_duration_seconds=60.0,
        on_machine=on_machine,
        machine_script=(Say("Call us back."),) if says else (),
    )
    who = draw(st.sampled_from(["", "human", "machine", "unknown"]))
    never = [Outcome.BUSY, Outcome.NO_ANSWER, Outcome.FAILED]
    outcome = Outcome.COMPLETED if who else draw(st.sampled_from(never))
    return History(policy, outcome, who, draw(st.booleans()))


def told(history: History, everything: Sequence[Told]) -> Books:
    books = Books(history.policy)
    for each in (*everything, history.final()):
        books.hear(each)
    return books


def mixed(draw: st.DrawFn, everything: list[Told]) -> list[Told]:
    """Return some of it, some of it twice, in any order."""
    times = draw(st.lists(st.integers(0, 2), min_size=len(everything), max_size=len(everything)))
    kept = [each for each, count in zip(everything, times, strict=True) for _ in range(count)]
    random.Random(draw(st.integers(0, 1 << 30))).shuffle(kept)
    return kept


@given(st.data(), histories())
def test_a_call_ends_the_same_whatever_is_lost_doubled_and_shuffled(
    data: st.DataObject, history: History
) -> None:
    every = [
        *history.told_by_socket(), *history.told_by_polls(), *history.told_by_provider()
    ]  # fmt: skip
    kept = data.draw(st.composite(mixed)(every))
    if history.is_verdict_needed:
        kept.insert(data.draw(st.integers(0, len(kept))), history.verdict())
    if history.is_opt_out and history.who:
        kept.append(Heard("c", news=(News("intent", intent="do_not_call"),)))

    books, complete = told(history, kept), told(history, every)

    assert books.ending == complete.ending is not None
    assert (books.speeches, books.answered_by) == (complete.speeches, complete.answered_by)
    assert books.is_barred == complete.is_barred


def test_nothing_that_is_told_after_the_end_changes_it() -> None:
    policy = Policy(max_duration_seconds=60.0, on_machine=OnMachine.STOP)
    history = History(policy, Outcome.COMPLETED, "human", is_opt_out=False)
    books = told(history, [])

    for late in (MACHINE, *history.told_by_provider(), *history.told_by_polls()):
        books.hear(late)

    assert books.ending == (Disposition.COMPLETED, None)
    assert books.stop_why == ""


@pytest.mark.parametrize(
    ("on_machine", "end"),
    [
        (OnMachine.GO_ON, (Disposition.COMPLETED, None)),
        (OnMachine.STOP, (Disposition.STOPPED, Reason.MACHINE)),
        (OnMachine.NOT_REACHED, (Disposition.NOT_REACHED, Reason.MACHINE)),
    ],
)
def test_a_hang_up_that_is_heard_of_first_hides_no_machine(
    on_machine: OnMachine, end: Ending
) -> None:
    policy = Policy(max_duration_seconds=60.0, on_machine=on_machine)
    history = History(policy, Outcome.COMPLETED, "machine", is_opt_out=False)

    assert told(history, [News("completed"), MACHINE]).ending == end
    assert told(history, [MACHINE, News("completed")]).ending == end
