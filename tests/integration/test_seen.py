"""Orders that say what they have seen of a campaign: carried out only while that is so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from scheduler.errors import MovedOn
from scheduler.ledger import campaigns, controls, views
from scheduler.ledger.ledger import Control
from scheduler.models import CampaignState, CircuitBreaker, Disposition
from scheduler.operations.orders import seeing, seen_of
from tests.integration.ledger import Books

Order = Callable[[Books, Control], object]

ORDERS: dict[str, Order] = {
    "pause": lambda books, control: campaigns.halt(
        books.ledger, "c", control=control, now=books.now
    ),
    "resume": lambda books, control: campaigns.resume(books.ledger, "c", control, now=books.now),
    "cancel": lambda books, control: campaigns.cancel(books.ledger, "c", control, now=books.now),
    "abort": lambda books, control: campaigns.cancel(
        books.ledger, "c", control, abort=True, now=books.now
    ),
    "priority": lambda books, control: campaigns.prioritise(
        books.ledger, "c", 5, 2.0, control, now=books.now
    ),
}


def seen(books: Books) -> str:
    return seen_of(views.campaign(books.ledger, "c"))


def order(books: Books, token: str, *, having_seen: str = "") -> Control:
    """Return an order in view of how it stands, or of how it stood."""
    view = views.campaign(books.ledger, "c")
    return seeing(Control("ana@desk", "", token), view, having_seen or seen_of(view))


def recorded(books: Books) -> list[str]:
    return [each.what for each in controls.of_campaign(books.ledger, "c")]


def give(books: Books, what: str, token: str, *, having_seen: str = "") -> None:
    ORDERS[what](books, order(books, token, having_seen=having_seen))


def prepare(books: Books, what: str) -> None:
    """Bring a campaign to where this order changes something."""
    books.campaign(3)
    books.connected()
    if what == "resume":
        campaigns.halt(books.ledger, "c", control=Control("ben@desk"), now=books.now)


@pytest.mark.parametrize("what", ORDERS)
def test_an_order_in_view_of_how_it_stands_is_carried_out_and_moves_it_on(
    books: Books, what: str
) -> None:
    prepare(books, what)
    before = seen(books)

    give(books, what, "t")

    assert recorded(books)[0] == what
    assert seen(books) != before


@pytest.mark.parametrize("what", ORDERS)
@pytest.mark.parametrize("between", ORDERS)
def test_an_order_in_view_of_what_is_no_longer_so_changes_nothing(
    books: Books, what: str, between: str
) -> None:
    prepare(books, between)
    before = seen(books)
    give(books, between, "between")
    as_it_stood = books.everything()

    with pytest.raises(MovedOn, match="campaign c has moved on"):
        give(books, what, "late", having_seen=before)

    assert books.everything() == as_it_stood


@pytest.mark.parametrize("what", ORDERS)
def test_an_order_that_is_sent_again_is_not_refused_for_its_own_first_run(
    books: Books, what: str
) -> None:
    prepare(books, what)
    once = order(books, "t")
    ORDERS[what](books, once)
    as_it_stood = books.everything()

    books.wait(1)
    ORDERS[what](books, once)

    assert books.everything() == as_it_stood


@pytest.mark.parametrize("what", ["pause", "priority"])
def test_an_order_that_is_sent_again_undoes_nothing_that_came_after_it(
    books: Books, what: str
) -> None:
    prepare(books, what)
    once = order(books, "t")
    ORDERS[what](books, once)
    campaigns.prioritise(books.ledger, "c", 7, None, Control("ben@desk"), now=books.now)
    if what == "pause":
        campaigns.resume(books.ledger, "c", Control("ben@desk"), now=books.now)
    as_it_stood = books.everything()

    ORDERS[what](books, once)

    assert books.everything() == as_it_stood


@pytest.mark.parametrize("what", ["cancel", "abort"])
def test_a_cancel_that_is_sent_again_still_tells_what_is_live(books: Books, what: str) -> None:
    prepare(books, what)
    once = order(books, "t")

    first, second = ORDERS[what](books, once), ORDERS[what](books, once)

    assert first == second


def test_it_does_not_move_on_by_what_becomes_of_its_calls(books: Books) -> None:
    books.campaign(3)
    before = seen(books)
    attempt = books.connected()
    books.over(attempt)
    controls.note(books.ledger, "c", "reveal", Control("ana@desk"), now=books.now)

    assert seen(books) == before


def test_it_moves_on_by_what_nobody_orders_once(books: Books) -> None:
    """As a run does with a campaign of its own, before and after an interruption."""
    books.campaign(1)
    known = [seen(books)]
    for change in (campaigns.halt, campaigns.resume):
        for _ in range(2):
            change(books.ledger, "c", now=books.now)
            known.append(seen(books))

    assert known[1] == known[2]
    assert known[3] == known[4]
    assert len(set(known)) == 3


def test_it_moves_on_when_it_finishes_and_an_order_is_refused(books: Books) -> None:
    books.campaign(1)
    before = seen(books)
    books.over(books.connected())
    assert views.campaign(books.ledger, "c").state is CampaignState.FINISHED

    with pytest.raises(MovedOn):
        give(books, "cancel", "late", having_seen=before)


def test_it_moves_on_when_it_stops_itself(books: Books) -> None:
    breaker = CircuitBreaker(0.5, 60, 2, (Disposition.REJECTED,))
    books.campaign(4, circuit_breaker=breaker)
    before = seen(books)
    for _ in range(2):
        books.finish(books.begun())
    assert views.campaign(books.ledger, "c").stopped_itself

    with pytest.raises(MovedOn):
        give(books, "resume", "late", having_seen=before)
    give(books, "resume", "then")


@pytest.mark.parametrize("nonsense", ["", "0", "x-0", "paused", "-", "1-1-1"])
def test_what_is_not_of_this_campaign_is_moved_on(books: Books, nonsense: str) -> None:
    books.campaign()
    view = views.campaign(books.ledger, "c")

    with pytest.raises(MovedOn):
        seeing(Control("ana@desk"), view, nonsense)
    other = replace(view, created_at=view.created_at + 1)
    with pytest.raises(MovedOn):
        seeing(Control("ana@desk"), view, seen_of(other))
