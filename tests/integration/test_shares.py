"""How campaigns share an account: classes, weights, and a pace of starts."""

from __future__ import annotations

from collections import Counter

import pytest

from scheduler.ledger import calls
from scheduler.ledger.calls import Bid
from scheduler.limit import STARVING
from tests.integration.ledger import ACCOUNT, Books


def grants(books: Books, count: int) -> Counter[str]:
    """Claim and end so many calls; return how many slots each campaign got."""
    shares: Counter[str] = Counter()
    for _ in range(count):
        attempt = books.claimed()
        shares[attempt.campaign_id] += 1
        books.begin(attempt)
        books.connect(attempt)
        books.confirm(attempt)
    return shares


def test_campaigns_of_a_class_share_by_their_weights(books: Books) -> None:
    weights = {"one": 1.0, "two": 2.0, "half": 0.5, "four": 4.0}
    for campaign, weight in weights.items():
        books.campaign(300, campaign, weight=weight)

    shares = grants(books, 300)

    for campaign, weight in weights.items():
        assert shares[campaign] == pytest.approx(300 * weight / 7.5, rel=0.05, abs=1)


def test_a_higher_class_goes_first_and_the_lower_one_is_not_starved(books: Books) -> None:
    books.campaign(300, "urgent", priority=5)
    books.campaign(300, "usual")
    books.campaign(300, "idle", priority=-5)

    shares = grants(books, 200)

    assert shares["usual"] == 200 // STARVING
    assert shares["urgent"] == 200 - shares["usual"]


def test_a_class_that_comes_later_does_not_catch_up_on_turns_it_never_had(books: Books) -> None:
    books.campaign(300, "old")
    grants(books, 100)
    books.campaign(300, "new")

    shares = grants(books, 100)

    assert shares["old"] == pytest.approx(50, abs=1)


def test_a_lower_class_has_the_account_while_no_higher_one_has_due_calls(books: Books) -> None:
    books.campaign(1, "urgent", priority=5)
    books.campaign(9, "usual")

    assert grants(books, 10) == {"urgent": 1, "usual": 9}


def test_starts_of_a_campaign_keep_its_pace(books: Books) -> None:
    books.campaign(9, max_starts_per_second=4.0)
    books.claimed()

    wait = calls.claim(books.ledger, ACCOUNT, Bid("next", ceiling=99), now=books.now)

    assert wait == pytest.approx(0.25)
    assert calls.claim(books.ledger, ACCOUNT, Bid("early", ceiling=99), now=books.now + 0.2) == (
        pytest.approx(0.05)
    )
    books.now += 0.25
    books.claimed()


def test_a_pace_gives_no_burst_after_a_pause(books: Books) -> None:
    books.campaign(9, max_starts_per_second=4.0)
    books.claimed()
    books.now += 60

    books.claimed()

    assert calls.claim(
        books.ledger, ACCOUNT, Bid("next", ceiling=99), now=books.now
    ) == pytest.approx(0.25)


def test_a_campaign_without_a_pace_goes_on_beside_one_that_waits(books: Books) -> None:
    books.campaign(9, "slow", max_starts_per_second=1.0)
    books.campaign(9, "fast")

    assert grants(books, 5) == {"slow": 1, "fast": 4}


def test_the_account_has_a_pace_of_its_own(books: Books) -> None:
    books.campaign(9)
    books.claimed(starts_per_second=2.0)

    wait = calls.claim(
        books.ledger, ACCOUNT, Bid("next", ceiling=99, starts_per_second=2.0), now=books.now
    )

    assert wait == pytest.approx(0.5)
