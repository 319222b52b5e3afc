"""Who is meant by a name, a line of a file, or another of its columns."""

from __future__ import annotations

import pytest

from scheduler.models import Contact
from scheduler.operations.contact_search import Search
from scheduler.records import encode

PEOPLE = (
    (2, Contact("a-1", "+12025550100", name="Ana Smith", variables={"Patient No": "P0001"})),
    (5, Contact("+12025550101", "+12025550101", name="Ben")),
    (6, Contact("c", "+12025550102", name="Ben", variables={"Patient No": "P0003"})),
)


def searched(who: str) -> Search:
    search = Search(who)
    for row, (line, contact) in enumerate(PEOPLE, start=1):
        search.look(row, line, contact)
    return search


@pytest.mark.parametrize(
    ("who", "row"),
    [
        ("ana  smith", 1),
        ("P0003", 3),
        ("line 5", 2),
        ("line 4", 1),
        ("c.csv:6:phone_number", 3),
        (":2", 1),
        ("line 1", None),
        ("line 7", None),
        ("Ben", None),
        ("nobody", None),
    ],
)
def test_a_contact_is_found_by_what_nobody_else_has(who: str, row: int | None) -> None:
    assert searched(who).found() == row


def test_who_is_not_found_is_asked_whom_they_meant() -> None:
    assert searched("Ben").miss() == ("2 contacts are called 'Ben': #2 …0101 (Ben), #3 c (Ben)")
    assert searched("Anna Smith").miss() == (
        "there is no contact 'Anna Smith': did you mean 'Ana Smith' (#1)?"
    )
    assert searched("A1").miss() == "there is no contact 'A1': did you mean 'a-1' (#1)?"
    search = Search("20251128009")
    search.look(1, 2, Contact("20251128001", "+12025550100"))
    search.look(2, 3, Contact("12025550101", "+12025550101"))
    assert search.miss().endswith("did you mean '20251128001' (#1)?")
    assert searched("+12025550199").miss() == "there is no contact '…0199': its rows are #1 to #3"


def test_of_a_million_contacts_only_those_are_read_that_may_be_meant() -> None:
    _, ana = PEOPLE[0]
    record = encode(ana, 2)

    assert not Search("ben").may_be(5_001, record)
    assert Search("ANA smith").may_be(5_001, record)
    assert Search("line 3").may_be(5_001, record)
    assert Search("ben").may_be(5_000, record)
