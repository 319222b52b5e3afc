from __future__ import annotations

import pytest

import scheduler.errors
from scheduler.calls.exchanges import ANSWERS, Exchange, OnAnswer, Watchers, answer
from scheduler.errors import AtLimit, MaybeDone, NotDone, NotSent, ProviderError
from scheduler.models import Attempt

EXCHANGE = Exchange("start", Attempt("c", 1, 1))
ERRORS = [
    value
    for value in vars(scheduler.errors).values()
    if isinstance(value, type) and issubclass(value, ProviderError) and value is not ProviderError
]


class Witness:
    """Remembers what it saw."""

    def __init__(self) -> None:
        self.seen: list[tuple[Exchange, Exception | None]] = []

    def watch(self, exchange: Exchange) -> OnAnswer:
        return lambda error: self.seen.append((exchange, error))


def test_everybody_hears_of_an_answer_and_of_an_error() -> None:
    first, second = Witness(), Witness()
    watchers, error = Watchers(first.watch, second.watch), MaybeDone("lost")

    with watchers.see(EXCHANGE):
        pass
    with pytest.raises(MaybeDone), watchers.see(EXCHANGE):
        raise error

    assert first.seen == second.seen == [(EXCHANGE, None), (EXCHANGE, error)]


@pytest.mark.parametrize("fault", ["before", "after"])
def test_a_fault_of_a_watcher_holds_up_neither_the_exchange_nor_the_others(fault: str) -> None:
    def faulty(exchange: Exchange) -> OnAnswer:
        if fault == "before":
            raise RuntimeError("watching failed")
        return lambda error: 1 / 0

    witness, done = Witness(), False

    with Watchers(faulty, witness.watch).see(EXCHANGE):
        done = True

    assert done
    assert witness.seen == [(EXCHANGE, None)]


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (None, "accepted"),
        (NotDone("refused", reached=False), "not_reached"),
        (NotDone("401"), "not_done"),
        (NotSent("held back"), "held_back"),
        (AtLimit("429"), "at_limit"),
        (MaybeDone("500"), "lost"),
        (ValueError("ours"), "failed"),
    ],
)
def test_an_answer_has_a_word(error: Exception | None, word: str) -> None:
    assert answer(error) == word


@pytest.mark.parametrize("kind", ERRORS)
def test_every_error_of_a_provider_has_a_word_of_its_own(kind: type[ProviderError]) -> None:
    word = answer(kind("…"))

    assert word != "failed"
    assert any(word in words for words in ANSWERS.values())
