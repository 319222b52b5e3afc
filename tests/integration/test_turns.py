"""What a claim looks at: the campaigns that have something due, and no others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import pytest

from scheduler.ledger import calls, campaigns, keys
from scheduler.ledger.ledger import Control
from scheduler.ledger.scripts import source
from scheduler.models import Attempt
from tests.integration.ledger import ACCOUNT, PLENTY, Books, rows
from tests.integration.overlooked import overlooked
from tests.integration.test_twice import LUA

#: What the release before does not write.
INDEX = ("next", "paced", "classes", "ready:0")


def forget(books: Books) -> None:
    """Leave the ledger as a worker of the release before would have it."""
    names = [keys.account(ACCOUNT, part) for part in INDEX]
    books.ledger.redis.delete(*names, f"{keys.ROOT}turns")


def claims(books: Books, count: int) -> Iterable[str]:
    for _ in range(count):
        yield books.claimed(ceiling=10 * PLENTY).campaign_id


def tick(books: Books) -> None:
    calls.ready(books.ledger, ACCOUNT, ceiling=PLENTY, now=books.now)


def test_a_thousand_campaigns_share_by_weight_and_a_higher_class_goes_first(books: Books) -> None:
    for at in range(500):
        books.campaign(3, f"one-{at}")
        books.campaign(3, f"two-{at}", weight=2.0)
    books.campaign(20, "urgent", priority=3)
    books.learn(10 * PLENTY)

    first = Counter(claims(books, 20))
    assert first["urgent"] >= 16  # all but the first few, which came before all were looked at

    shares = Counter(campaign[:3] for campaign in claims(books, 1500))
    assert shares["two"] / shares["one"] == pytest.approx(2, rel=0.05)


def test_calls_of_a_ledger_of_the_release_before_are_claimed_once_this_one_opens_it(
    books: Books,
) -> None:
    books.campaign(2, "c")
    books.campaign(2, "d")
    forget(books)
    assert books.claim() is None

    books.ledger.open()

    assert sorted(claims(books, 4)) == ["c", "c", "d", "d"]


def test_who_only_looks_leaves_the_ledger_as_it_is(books: Books) -> None:
    books.campaign(2)
    forget(books)
    books.ledger.open(upgrades=False)
    assert books.claim() is None


def test_what_an_older_worker_makes_due_is_found_by_ticks(books: Books) -> None:
    for at in range(40):
        books.campaign(1, f"c{at}")
    forget(books)
    books.ledger.redis.set(f"{keys.ROOT}turns", 2)

    for _ in range(8):
        tick(books)

    assert overlooked(books) == []
    assert len(set(claims(books, 40))) == 40


def test_a_full_campaign_is_looked_at_again_once_it_has_room(books: Books) -> None:
    books.campaign(3, max_concurrency=1)
    attempt = books.begun()
    assert books.claim() is None
    assert books.ledger.redis.zcard(keys.account(ACCOUNT, "classes")) == 0

    books.connect(attempt)
    books.confirm(attempt)

    assert books.claimed().row == 2


def test_a_call_that_is_due_later_costs_no_claim_anything_until_then(books: Books) -> None:
    books.campaign(1, "now")
    books.campaign(1, "later")
    both = {attempt.campaign_id: attempt for attempt in (books.claimed(), books.claimed())}
    books.give_back(both["later"], delay_seconds=60.0)
    assert books.ledger.redis.zrange(keys.account(ACCOUNT, "next"), 0, -1) == ["later"]
    assert books.claim() is None

    books.wait(60)
    assert books.claimed().campaign_id == "later"


@pytest.mark.parametrize("priority", [-3, 7])
def test_another_class_is_where_a_campaign_stands_from_then_on(books: Books, priority: int) -> None:
    books.campaign(2)
    books.campaign(2, "other")
    tick(books)
    campaigns.prioritise(books.ledger, "c", priority, None, Control("me"), now=books.now)
    assert next(iter(claims(books, 1))) == ("c" if priority > 0 else "other")
    assert books.ledger.redis.zrange(keys.account(ACCOUNT, "ready:0"), 0, -1) == ["other"]


def test_rows_for_a_campaign_that_was_over_are_claimed(books: Books) -> None:
    books.campaign(1)
    attempt: Attempt = books.connected()
    books.confirm(attempt)
    assert books.campaign_state() == "finished"

    books.load(rows(2), load_id="2")
    books.seal(load_id="2")

    assert books.claimed().row == 2


def test_no_script_makes_a_call_due_by_itself() -> None:
    # But for `load`, which adds many at once and has the campaign looked at.
    for path in set(LUA.glob("*.lua")) - {LUA / "take_schedule.lua"}:  # its due is of schedules
        written = re.findall(r'"ZADD", (?:due|campaign_key\([^"]*"due"\))', path.read_text("utf-8"))
        assert len(written) == (path.stem in ("_shared", "load")), path.stem
    assert "look_at" in source("load")
