"""One campaign of a kind at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from scheduler.ledger import admission
from tests.integration.ledger import Books, rows


def test_of_many_that_ask_at_once_one_is_let_in(books: Books) -> None:
    names = [f"nightly-{n}" for n in range(16)]
    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(lambda name: admission.admit(books.ledger, "nightly", name), names))

    (admitted,) = [name for name, other in zip(names, told, strict=True) if other is None]
    assert {other for other in told if other} == {admitted}


def test_the_same_one_is_let_in_again_and_other_kinds_are_others(books: Books) -> None:
    assert admission.admit(books.ledger, "nightly", "a", now=books.now) is None
    assert admission.admit(books.ledger, "nightly", "a", now=books.now) is None
    assert admission.admit(books.ledger, "weekly", "b", now=books.now) is None


def test_one_that_is_not_finished_keeps_the_others_out(books: Books) -> None:
    assert admission.admit(books.ledger, "nightly", "c", now=books.now) is None
    books.campaign(1, insights=())
    books.wait(3600)

    assert admission.admit(books.ledger, "nightly", "d", now=books.now) == "c"

    books.confirm(books.connected())

    assert admission.admit(books.ledger, "nightly", "d", now=books.now) is None


def test_a_load_that_has_died_keeps_nobody_out(books: Books) -> None:
    assert admission.admit(books.ledger, "nightly", "c", now=books.now) is None
    books.create()
    books.wait(50)
    books.load(rows(1))
    books.wait(50)
    assert admission.admit(books.ledger, "nightly", "d", now=books.now) == "c"

    books.wait(11)

    assert admission.admit(books.ledger, "nightly", "d", now=books.now) is None


def test_one_that_died_before_it_was_created_keeps_nobody_out(books: Books) -> None:
    admission.admit(books.ledger, "nightly", "c", now=books.now)
    assert admission.admit(books.ledger, "nightly", "d", now=books.now + 59) == "c"

    assert admission.admit(books.ledger, "nightly", "d", now=books.now + 61) is None
