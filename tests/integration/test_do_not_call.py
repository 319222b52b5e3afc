"""The do-not-call list of the ledger: who is on it, and since when."""

from __future__ import annotations

import pytest

from scheduler.ledger import do_not_call
from scheduler.ledger.do_not_call import KEY, Listing
from scheduler.ledger.ledger import Control, Ledger
from scheduler.models import CampaignState, Reason, Row
from tests.integration.ledger import Books, contact, named, rows

NUMBER, OTHER = contact(1).phone_number, contact(2).phone_number
SIP = "sip:room7@sip.example.com"


def test_who_asked_for_it_is_on_the_list_once(books: Books, other: Ledger) -> None:
    assert do_not_call.barred(books.ledger, NUMBER) is None

    assert do_not_call.bar(books.ledger, NUMBER, "asked for it", now=100.0)
    assert not do_not_call.bar(other, NUMBER, "asked again", now=200.0)

    assert do_not_call.barred(other, NUMBER) == (NUMBER, Listing(100.0, "asked for it"))
    assert do_not_call.barred(other, OTHER) is None


def test_who_is_taken_off_and_put_on_again_is_on_it_since_then(books: Books) -> None:
    do_not_call.bar(books.ledger, NUMBER, "asked for it", now=100.0)

    assert do_not_call.unbar(books.ledger, [NUMBER])
    assert do_not_call.barred(books.ledger, NUMBER) is None
    assert not do_not_call.unbar(books.ledger, [NUMBER])

    assert do_not_call.bar(books.ledger, NUMBER, "asked again", now=200.0)
    assert do_not_call.barred(books.ledger, NUMBER) == (NUMBER, Listing(200.0, "asked again"))


@pytest.mark.parametrize("prefix", ["+1*", "+1202*", f"{NUMBER[:-1]}*", f"{NUMBER}*"])
def test_a_prefix_stands_for_all_numbers_that_begin_so(books: Books, prefix: str) -> None:
    do_not_call.bar(books.ledger, prefix, "a whole area")

    found = do_not_call.barred(books.ledger, NUMBER)

    assert found is not None
    assert found[0] == prefix


@pytest.mark.parametrize("prefix", ["+1203*", f"{NUMBER}0*", "+2*"])
def test_a_prefix_stands_for_no_others(books: Books, prefix: str) -> None:
    do_not_call.bar(books.ledger, prefix, "another area")

    assert do_not_call.barred(books.ledger, NUMBER) is None


def test_who_leaves_the_list_may_still_be_kept_on_it_by_a_prefix(books: Books) -> None:
    do_not_call.bar(books.ledger, NUMBER, "asked for it")
    do_not_call.bar(books.ledger, "+1202*", "a whole area")

    do_not_call.unbar(books.ledger, [NUMBER])

    assert do_not_call.barred(books.ledger, NUMBER) is not None


def test_a_sip_address_is_on_the_list_by_itself(books: Books) -> None:
    do_not_call.bar(books.ledger, SIP, "asked for it")

    assert do_not_call.barred(books.ledger, SIP) is not None
    assert do_not_call.barred(books.ledger, f"{SIP};transport=tcp") is None


def test_what_an_earlier_release_wrote_is_still_on_the_list(books: Books) -> None:
    books.ledger.redis.hset(KEY, NUMBER, "asked for it in c:1:1")

    assert do_not_call.barred(books.ledger, NUMBER) == (
        NUMBER,
        Listing(None, "asked for it in c:1:1"),
    )


def test_an_import_adds_who_is_not_known_and_tells_who_is(books: Books) -> None:
    everyone = [contact(n).phone_number for n in range(2500)]
    do_not_call.bar(books.ledger, everyone[1], "asked for it", now=100.0)

    assert do_not_call.import_entries(books.ledger, iter([*everyone, everyone[0]]), "registry") == (
        2499,
        2,
    )
    assert do_not_call.import_entries(books.ledger, everyone, "registry") == (0, 2500)

    assert sorted(each for each, _ in do_not_call.entries(books.ledger)) == sorted(everyone)
    assert dict(do_not_call.entries(books.ledger))[everyone[1]] == Listing(100.0, "asked for it")


def test_an_import_that_breaks_off_has_kept_what_it_read(books: Books) -> None:
    def broken_off() -> object:
        yield from (contact(n).phone_number for n in range(1500))
        raise OSError

    with pytest.raises(OSError):
        do_not_call.import_entries(books.ledger, broken_off(), "registry")  # type: ignore[arg-type]

    assert do_not_call.count(books.ledger) == 1000


# Campaigns ------------------------------------------------------------------------------------


def listed(row: Row) -> Row:
    """Return a row as it is loaded when its number is on a list of the campaign."""
    return Row(row.contact, row.line, row.has_id, Reason.DO_NOT_CALL, "phone_number: on it")


@pytest.mark.parametrize("row", [rows(1)[0], named("a", 1)])
def test_who_comes_onto_a_list_of_the_file_is_left_out_of_the_calls_that_wait(
    books: Books, row: Row
) -> None:
    books.create()
    books.load([row, *rows(2)], load_id="1")
    books.seal()

    books.load([listed(row), *rows(2)], load_id="2")
    books.seal(load_id="2")

    assert [record["reason"] for record in books.results()] == ["do_not_call", None]
    assert books.claimed().row == 2
    assert books.claim() is None


def test_who_left_the_list_is_not_called_by_the_same_campaign(books: Books) -> None:
    books.create()
    books.load([listed(rows(1)[0])], load_id="1")
    books.seal()

    books.load(rows(1), load_id="2")
    books.seal(load_id="2")

    assert books.claim() is None
    assert len(books.results()) == 1


def test_a_campaign_whose_last_call_is_left_out_is_finished(books: Books) -> None:
    books.campaign(1)

    books.load(map(listed, rows(1)), load_id="2")

    assert books.seal(load_id="2") is CampaignState.FINISHED
    assert books.dispositions() == {"skipped:do_not_call": 1}


@pytest.mark.parametrize("stage", [Books.claimed, Books.begun, Books.connected])
def test_a_call_that_is_under_way_goes_on(books: Books, stage: object) -> None:
    books.campaign(1)
    attempt = stage(books)  # type: ignore[operator]
    state = books.result(attempt)["state"]

    books.load(map(listed, rows(1)), load_id="2")

    assert books.result(attempt)["state"] == state


def test_a_removal_that_is_sent_again_is_on_record_once(books: Books) -> None:
    order = Control("ana@desk", "a typing error")
    do_not_call.bar(books.ledger, NUMBER, "by mail")
    as_said = [
        do_not_call.unbar(books.ledger, ["+12025550199", NUMBER], order, now=books.now)
        for _ in range(2)
    ]
    assert as_said == [[NUMBER], [NUMBER]]
    (record,) = do_not_call.removals(books.ledger)
    assert (record.at, record.who, record.note) == (books.now, "ana@desk", "a typing error")
    assert (record.count, NUMBER in record.shown) == (1, False)


def test_what_was_put_on_the_list_again_is_taken_off_by_another_order(books: Books) -> None:
    for _ in range(2):
        do_not_call.bar(books.ledger, NUMBER, "by mail")
        assert do_not_call.unbar(books.ledger, [NUMBER], Control("ana@desk"))
    assert len(do_not_call.removals(books.ledger)) == 2
