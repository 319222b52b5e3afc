"""Which rows reach a number: found by the index, and the same as a walk over all contacts finds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scheduler.ledger import addresses, keys, views
from scheduler.ledger.ledger import Ledger
from scheduler.models import Contact, Reason, Row
from tests.integration.ledger import Books

NUMBER, OTHER = "+12025550143", "+12025550144"
SIP = "sip:front@desk.example"


def person(n: int, address: str, dtmf: str = "", reason: Reason | None = None) -> Row:
    number, uri = (address, "") if address[0] == "+" else ("", address)
    return Row(Contact(f"c-{n}", number, sip_uri=uri, dtmf=dtmf), n, has_id=True, reason=reason)


ROWS = (
    person(1, NUMBER),
    person(2, OTHER),
    person(3, NUMBER, "1#"),
    person(4, NUMBER, "2#"),
    person(5, NUMBER, reason=Reason.DO_NOT_CALL),
    person(6, "…0143", reason=Reason.INVALID_NUMBER),
    person(7, NUMBER),  # a duplicate
    person(8, SIP, "9"),
    person(9, SIP),
)


def found(books: Books, address: str, *ids: str) -> dict[str, list[int]]:
    some = views.campaigns(books.ledger, ids or ("c",))
    return {view.campaign_id: rows for view, rows in addresses.rows_to(books.ledger, some, address)}


@pytest.mark.parametrize(("address", "rows"), [(NUMBER, [1, 3, 4, 5, 7]), (SIP, [8, 9])])
def test_every_row_of_an_address_is_found_whatever_keys_it_has_and_however_it_ended(
    books: Books, address: str, rows: list[int]
) -> None:
    for _ in range(2):
        books.create(columns=())
        books.load(ROWS)
    books.create("older")  # by a release that kept no such index
    books.load(ROWS, campaign_id="older")
    books.create("others", columns=())
    books.load([person(1, OTHER)], campaign_id="others")

    assert found(books, address, "c", "older", "others") == {"c": rows, "older": rows}
    assert list(views.rows_to(books.ledger, "c", address)) == rows


def test_contacts_are_not_read_one_by_one_where_few_rows_have_the_address(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    books.create(columns=())
    books.load(ROWS)
    walked: list[str] = []
    walk = views.rows_to

    def walking(ledger: Ledger, campaign_id: str, address: str) -> Iterator[int]:
        walked.append(campaign_id)
        return walk(ledger, campaign_id, address)

    monkeypatch.setattr(views, "rows_to", walking)

    assert found(books, NUMBER) == {"c": [1, 3, 4, 5, 7]}
    assert walked == []
    books.load((person(n, NUMBER, f"{n}#") for n in range(10, 100)), load_id="2")
    assert found(books, NUMBER) == {"c": [1, 3, 4, 5, 7, *range(10, 100)]}
    assert walked == ["c"]


def test_what_lies_in_the_index_and_is_another_contact_is_not_taken_for_one(books: Books) -> None:
    books.create(columns=())
    books.load(ROWS)
    books.ledger.redis.hset(keys.campaign("c", "known"), f"a{NUMBER}", "2 3 99")

    assert found(books, NUMBER) == {"c": [1, 3]}
