"""Which columns the results of a campaign have, whoever loaded its rows."""

from __future__ import annotations

from scheduler.ledger import columns
from scheduler.models import Contact, Row
from tests.integration.ledger import Books


def person(n: int, **variables: str) -> Row:
    return Row(Contact(f"c-{n}", f"+1202555010{n}", variables=variables), n, has_id=True)


def test_columns_come_from_the_record_and_add_up_in_the_order_of_the_files(books: Books) -> None:
    for _ in range(2):  # the same again changes nothing
        books.create(columns=("plan", "city"))
        books.load([person(1, city="Bern")])
    assert columns.known(books.ledger, "c") == ["plan", "city"]

    books.create(columns=("city", "age", "a b"))
    books.load([person(1, city="Bern"), person(2, age="7")], load_id="2")

    assert columns.every(books.ledger, "c") == ["plan", "city", "age", "a b"]


def test_contacts_are_read_where_somebody_did_not_say_which_columns_they_have(
    books: Books,
) -> None:
    books.create()  # as a release before did
    books.load([person(1, city="Bern")])
    books.create(columns=("age",))
    books.load([person(2, age="7")], load_id="2")
    books.ledger.redis.xadd("callsched:campaign:c:contacts", {"c": "no record"}, "3-0")

    assert columns.known(books.ledger, "c") is None
    assert columns.every(books.ledger, "c") == ["city", "age"]


def test_an_older_release_that_adds_rows_leaves_no_column_out(books: Books) -> None:
    books.create(columns=("city",))
    books.load([person(1, city="Bern")])
    books.load([person(2, age="7")], load_id="2")
    # It counts the rows of the campaign, and none of those whose columns are known.
    books.ledger.redis.hincrby("callsched:campaign:c:meta", "columned", -1)

    assert columns.every(books.ledger, "c") == ["city", "age"]
