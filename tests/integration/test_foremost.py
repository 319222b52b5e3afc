"""Which campaigns are looked at where there are more than anybody can look at."""

from __future__ import annotations

import pytest

from scheduler.ledger import accounts, calls, campaigns, foremost, keys, turns, views
from scheduler.ledger.ledger import Control
from scheduler.live.picture import Picture
from scheduler.live.standing import standing
from scheduler.live.watcher import Focus, Watcher
from scheduler.models import Policy, Row
from scheduler.web.console.now import section
from tests.integration.ledger import ACCOUNT, PLENTY, Books, contact

MANY = 600
WEEK = 7 * 86_400.0


def make(books: Books, name: str, due_at: float) -> None:
    """Make a campaign of one call, which is due then."""
    policy = Policy(max_duration_seconds=60.0)
    campaigns.create(
        books.ledger, name, account=ACCOUNT, name=name, policy=policy, digest="d", now=books.now
    )
    row = Row(contact(len(name)), 2, due_at=due_at)
    campaigns.load(books.ledger, name, "1", 1, [row], now=books.now)
    campaigns.seal(books.ledger, name, "1", now=books.now)


def waiting(books: Books, first: int, last: int) -> None:
    """Make campaigns of which a call is due in a week, and have workers look at them."""
    for at in range(first, last):
        make(books, f"waits-{at}", books.now + WEEK + at)
        books.wait(0.01)
    for _ in range((last - first) // 100 + 1):
        calls.ready(books.ledger, ACCOUNT, ceiling=PLENTY, now=books.now)


def halt(books: Books, campaign_id: str) -> None:
    campaigns.halt(books.ledger, campaign_id, control=Control("ana@desk"), now=books.now)


@pytest.fixture
def crowd(books: Books) -> Books:
    """A campaign that runs, one that is due and one that is paused, older than all that wait."""
    books.campaign(1, "done")
    books.confirm(books.connected())
    books.campaign(1, "runs")
    books.connected()
    books.campaign(1, "paused")
    halt(books, "paused")
    make(books, "due", books.now)
    # By the server's clock, which looks go by and which is behind that of these books.
    long_ago = {"1": books.ledger.time() - 60}
    books.ledger.redis.zadd(keys.campaign("due", "due"), long_ago)
    books.wait(1)
    waiting(books, 0, MANY)
    return books


def watcher(books: Books, account: str | None = None) -> Watcher:
    return Watcher(books.ledger, (), account=account, ceiling_of=lambda _: 20)


def shown(picture: Picture) -> list[str]:
    return [each.view.campaign_id for each in picture.campaigns]


@pytest.mark.parametrize("account", [None, ACCOUNT])
def test_a_campaign_that_runs_is_seen_however_many_newer_ones_wait(
    crowd: Books, account: str | None
) -> None:
    watching = watcher(crowd, account)
    first = watching.look(Focus())

    assert shown(first)[:3] == ["due", "paused", "runs"]
    unfinished = MANY + 3
    all_ = unfinished + (account is None)  # of one account, those that are over don't count
    assert len(first.campaigns) + first.others == all_

    last = [watching.look(Focus()) for _ in range(4)][-1]
    assert shown(last)[:3] == ["due", "paused", "runs"]
    assert len(last.campaigns) == 500
    assert last.others == all_ - 500


def test_one_that_begins_to_run_is_seen_in_the_next_look(crowd: Books) -> None:
    watching = watcher(crowd)
    for _ in range(4):
        watching.look(Focus())
    every = set(views.campaign_ids(crowd.ledger)) - {"done"}
    unseen = sorted(every - set(shown(watching.look(Focus()))))[:2]

    for campaign_id in unseen:
        halt(crowd, campaign_id)

    assert set(unseen) <= set(shown(watching.look(Focus()))[:5])


def test_one_that_somebody_looks_at_stays_in_sight(crowd: Books) -> None:
    watching = watcher(crowd)
    looked_at = f"waits-{MANY - 1}"  # the newest one
    assert looked_at in shown(watching.look(Focus()))

    waiting(crowd, MANY, 2 * MANY)
    with_it = [watching.look(Focus(campaign_id=looked_at)) for _ in range(4)][-1]

    assert looked_at in shown(with_it)
    assert looked_at not in shown(watcher(crowd).look(Focus()))


def test_the_console_says_how_many_others_wait(crowd: Books) -> None:
    picture = watcher(crowd, ACCOUNT).look(Focus())

    page = section(ACCOUNT, picture, 20, None)

    assert [each.shown.view.campaign_id for each in page.cards[:3]] == ["due", "paused", "runs"]
    assert len(page.cards) + page.more == MANY + 3


def test_status_lists_what_runs_first(crowd: Books) -> None:
    known = standing(crowd.ledger, most=200)

    listed = [view.campaign_id for view in known.campaigns]
    assert listed[:3] == ["due", "paused", "runs"]
    assert len(listed) + known.others == MANY + 4
    assert [account.account for account in known.accounts] == [ACCOUNT]


def test_a_look_costs_the_same_however_many_wait(crowd: Books) -> None:
    def cost() -> int:
        watching = watcher(crowd, ACCOUNT)
        for _ in range(4):
            watching.look(Focus())
        before = asked()
        watching.look(Focus())
        standing(crowd.ledger, most=200)
        return asked() - before

    def asked() -> int:
        return int(crowd.ledger.redis.info("stats")["total_commands_processed"])

    once = cost()
    waiting(crowd, MANY, 2 * MANY)

    assert cost() <= once + 5
    assert once < 1500


def test_a_ledger_of_the_release_before_is_looked_at_alike(crowd: Books) -> None:
    redis = crowd.ledger.redis
    redis.delete(f"{keys.ROOT}accounts", keys.account(ACCOUNT, "paused"))
    redis.set(f"{keys.ROOT}turns", 1)
    assert accounts.names(crowd.ledger) == [ACCOUNT]

    crowd.ledger.open()

    assert accounts.names(crowd.ledger) == [ACCOUNT]
    assert redis.zrange(keys.account(ACCOUNT, "paused"), 0, -1) == ["paused"]
    assert {"due", "paused", "runs"} <= set(shown(watcher(crowd).look(Focus())))


def test_what_goes_on_again_is_paused_no_more(books: Books) -> None:
    for name in ("goes-on", "is-over"):
        books.campaign(1, name)
        halt(books, name)
    paused = keys.account(ACCOUNT, "paused")
    assert set(books.ledger.redis.zrange(paused, 0, -1)) == {"goes-on", "is-over"}

    campaigns.resume(books.ledger, "goes-on", control=Control("ana@desk"), now=books.now)
    campaigns.cancel(books.ledger, "is-over", control=Control("ana@desk"), now=books.now)
    campaigns.end_pending(books.ledger, "is-over", now=books.now)

    assert books.ledger.redis.zrange(paused, 0, -1) == []


def test_what_waits_is_not_taken_for_due_where_no_worker_runs(books: Books) -> None:
    make(books, "waits", books.now + WEEK)
    make(books, "due", books.now)
    books.wait(1)

    looked_at = turns.of_which_something_is_due(books.ledger.redis, ACCOUNT, books.now)

    assert looked_at == ["due"]


def test_what_may_have_calls_to_make_is_found_among_all_that_wait(crowd: Books) -> None:
    found = foremost.with_calls_to_make(crowd.ledger, [ACCOUNT])

    assert sorted(found) == ["due", "paused", "runs"]
