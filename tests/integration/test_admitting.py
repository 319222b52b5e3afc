"""One campaign of a kind at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from scheduler.ledger import admission
from tests.integration.ledger import Books, rows


def test_of_many_that_ask_at_once_one_is_let_in(ledger: Books) -> None:
    names = [f"nightly-{n}" for n in range(16)]
    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(lambda name: admission.admit(ledger.store, "nightly", name), names))

    (admitted,) = [name for name, other in zip(names, told, strict=True) if other is None]
    assert {other for other in told if other} == {admitted}


def test_the_same_one_is_let_in_again_and_other_kinds_are_others(ledger: Books) -> None:
    assert admission.admit(ledger.store, "nightly", "a", now=ledger.now) is None
    assert admission.admit(ledger.store, "nightly", "a", now=ledger.now) is None
    assert admission.admit(ledger.store, "weekly", "b", now=ledger.now) is None


def test_one_that_is_not_finished_keeps_the_others_out(ledger: Books) -> None:
    assert admission.admit(ledger.store, "nightly", "c", now=ledger.now) is None
    ledger.campaign(1, insights=())
    ledger.wait(3600)

    assert admission.admit(ledger.store, "nightly", "d", now=ledger.now) == "c"

    ledger.confirm(ledger.connected())

    assert admission.admit(ledger.store, "nightly", "d", now=ledger.now) is None


def test_a_load_that_has_died_keeps_nobody_out(ledger: Books) -> None:
    assert admission.admit(ledger.store, "nightly", "c", now=ledger.now) is None
    ledger.create()
    ledger.wait(50)
    ledger.load(rows(1))
    ledger.wait(50)
    assert admission.admit(ledger.store, "nightly", "d", now=ledger.now) == "c"

    ledger.wait(11)

    assert admission.admit(ledger.store, "nightly", "d", now=ledger.now) is None


def test_one_that_died_before_it_was_created_keeps_nobody_out(ledger: Books) -> None:
    admission.admit(ledger.store, "nightly", "c", now=ledger.now)
    assert admission.admit(ledger.store, "nightly", "d", now=ledger.now + 59) == "c"

    assert admission.admit(ledger.store, "nightly", "d", now=ledger.now + 61) is None
