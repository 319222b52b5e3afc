"""Somebody complains: which calls are live to them, which wait, and how the live ones end."""

from __future__ import annotations

from scheduler.ledger import do_not_call
from scheduler.ledger.ledger import Control
from scheduler.models import Attempt, CallState, Contact, Disposition, OnUnknown, Row
from scheduler.operations import complaint
from tests.integration.ledger import Books

NUMBER, OTHER, SIP = "+12025550143", "+12025550199", "sip:front@desk.example"
ANN = Control("ann", "by phone")


def person(n: int, address: str, dtmf: str = "") -> Row:
    number, uri = (address, "") if address[0] == "+" else ("", address)
    return Row(Contact(f"c-{n}", number, sip_uri=uri, dtmf=dtmf), n, has_id=True)


def calling(books: Books, *people: Row, campaign_id: str = "c", **policy: object) -> None:
    books.create(campaign_id, columns=(), **policy)
    books.load(people, campaign_id=campaign_id)
    books.seal(campaign_id)
    books.learn(20)


def two_live_and_one_that_waits(books: Books) -> tuple[Attempt, Attempt]:
    """Two meetings at a number are called, in two campaigns; of a third one the call waits."""
    calling(books, person(1, NUMBER, "1#"), person(2, OTHER))
    calling(books, person(3, NUMBER, "3#"), campaign_id="d")
    begun, connected, other = books.begun(), books.connected(), books.connected()
    assert [(one.campaign_id, one.row) for one in (begun, connected, other)] == [
        ("c", 1),
        ("d", 1),
        ("c", 2),
    ]
    calling(books, person(4, NUMBER), person(5, SIP), campaign_id="e")
    return begun, connected


def test_every_live_call_to_a_number_is_found_and_ended_and_only_those(books: Books) -> None:
    begun, connected = two_live_and_one_that_waits(books)
    do_not_call.bar(books.ledger, NUMBER, "complaint")

    found = complaint.look(books.ledger, [NUMBER])

    assert [(one.attempt, one.label) for one in found.certain] == [
        (begun, "c-1"),
        (connected, "c-3"),
    ]
    assert found.waits == (complaint.WaitsIn("e", 1),)
    assert complaint.look(books.ledger, [SIP]).waits == (complaint.WaitsIn("e", 1),)
    assert len(complaint.look(books.ledger, ["+1202*"]).certain) == 3
    assert complaint.look(books.ledger, [NUMBER], frozenset({"north"})) == complaint.Found((), ())

    # Whoever is killed before the ends are confirmed runs it again, and it is recorded once more.
    for _ in range(2):
        hung_up = complaint.hang_up(books.ledger, found.certain, ANN, within_seconds=0)
        assert hung_up.left == 2
    assert books.state(connected) is CallState.STOPPING
    books.connect(begun)  # it is answered only now
    assert books.state(begun) is CallState.STOPPING
    for attempt in (begun, connected):
        books.confirm(attempt, Disposition.ABORTED)
    over = complaint.hang_up(books.ledger, found.certain, ANN, within_seconds=0)
    assert (over.left, over.endings) == (0, ())
    assert complaint.look(books.ledger, [NUMBER]).live == ()


def test_a_call_whose_answer_was_lost_may_ring_and_is_not_said_to_be_ended(books: Books) -> None:
    calling(books, person(1, NUMBER), on_unknown=OnUnknown.REDIAL)
    attempt = books.begun()
    books.finish(attempt, Disposition.UNKNOWN, hold_seconds=60)

    found = complaint.look(books.ledger, [NUMBER])

    assert [one.attempt for one in found.doubtful] == [attempt]
    assert found.certain == ()
    assert complaint.hang_up(books.ledger, found.live, ANN, within_seconds=0).left == 0


def test_of_very_many_numbers_nobody_asks_who_waits_for_them(books: Books) -> None:
    many = [f"+1202555{n:04d}" for n in range(complaint.MOST_ASKED + 1)]

    assert complaint.look(books.ledger, many).waits is None
