"""The token that all workers share: where it lies, until when, and what a refusal does to it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from scheduler.errors import LedgerUnreachable
from scheduler.ledger import keys
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.tokens import RedisTokenShelf
from scheduler.tokens import SharedToken, TokenShelf
from tests.integration.lossy_proxy import LossyProxy

KEY = keys.token("f")
TOKEN = SharedToken("secret token", 86_400.0, 60.0)


@pytest.fixture
def shelf(ledger: Ledger) -> TokenShelf:
    return RedisTokenShelf(ledger)


@pytest.fixture
def another(other: Ledger) -> TokenShelf:
    """The shelf as another worker sees it."""
    return RedisTokenShelf(other)


def test_there_is_no_token_before_one_is_put(shelf: TokenShelf) -> None:
    assert shelf.read("f") is None


def test_what_one_worker_puts_another_finds(shelf: TokenShelf, another: TokenShelf) -> None:
    assert shelf.put("f", TOKEN) == TOKEN

    found = another.read("f")

    assert found is not None
    assert (found.value, found.margin_seconds, found.on_trial) == ("secret token", 60.0, False)
    assert 86_390 < found.seconds_left <= 86_400
    assert another.read("other credentials") is None


def test_a_token_is_gone_at_its_end(shelf: TokenShelf, ledger: Ledger) -> None:
    shelf.put("f", SharedToken("t", 0.05, 0.0))
    assert 0 < ledger.redis.pttl(KEY) <= 50

    ledger.redis.pexpire(KEY, 0)

    assert shelf.read("f") is None


def test_a_token_that_has_ended_already_is_not_found(shelf: TokenShelf, ledger: Ledger) -> None:
    shelf.put("f", SharedToken("t", 0.0, 0.0))

    assert ledger.redis.pttl(KEY) <= 1


def test_a_newer_token_replaces_the_older_one(shelf: TokenShelf) -> None:
    shelf.put("f", TOKEN)

    shelf.put("f", SharedToken("newer", 100.0, 10.0))

    found = shelf.read("f")
    assert found is not None
    assert (found.value, found.margin_seconds) == ("newer", 10.0)
    assert found.seconds_left <= 100


def test_no_token_is_shown_when_it_is_printed() -> None:
    assert "secret token" not in repr(TOKEN)


# Who fetches --------------------------------------------------------------------------------------


def test_of_32_workers_one_fetches(shelf: TokenShelf) -> None:
    with ThreadPoolExecutor(32) as threads:
        said = list(threads.map(lambda _: shelf.reserve("f", 10), range(32)))

    assert said.count(True) == 1


def test_who_fetched_lets_the_next_one_fetch(shelf: TokenShelf, another: TokenShelf) -> None:
    assert shelf.reserve("f", 10)
    assert not another.reserve("f", 10)

    shelf.put("f", TOKEN)

    assert another.reserve("f", 10)


def test_who_could_not_fetch_lets_the_next_one_try(shelf: TokenShelf, another: TokenShelf) -> None:
    shelf.reserve("f", 10)

    shelf.release("f")

    assert another.read("f") is None
    assert another.reserve("f", 10)


def test_who_died_while_fetching_keeps_others_back_for_a_while_only(
    shelf: TokenShelf, ledger: Ledger
) -> None:
    shelf.reserve("f", 10)

    assert 9_000 < ledger.redis.pttl(f"{KEY}:fetching") <= 10_000


def test_other_credentials_are_fetched_by_themselves(shelf: TokenShelf) -> None:
    assert shelf.reserve("f", 10)
    assert shelf.reserve("other", 10)


# Refusals -----------------------------------------------------------------------------------------


def test_a_refused_token_is_nobodys_any_more(shelf: TokenShelf, another: TokenShelf) -> None:
    shelf.put("f", TOKEN)

    assert not shelf.refuse("f", TOKEN.value)

    assert another.read("f") is None


def test_the_successor_of_a_refused_token_is_on_trial(
    shelf: TokenShelf, another: TokenShelf
) -> None:
    shelf.put("f", TOKEN)
    shelf.refuse("f", TOKEN.value)

    assert shelf.put("f", SharedToken("newer", 100.0, 10.0)).on_trial

    found = another.read("f")
    assert found is not None
    assert found.on_trial


def test_a_token_on_trial_that_is_refused_is_the_second_refusal(
    shelf: TokenShelf, another: TokenShelf
) -> None:
    shelf.put("f", TOKEN)
    shelf.refuse("f", TOKEN.value)
    shelf.put("f", SharedToken("newer", 100.0, 10.0))

    assert another.refuse("f", "newer")


def test_a_token_that_was_accepted_is_on_trial_no_longer(
    shelf: TokenShelf, another: TokenShelf
) -> None:
    shelf.put("f", TOKEN)
    shelf.refuse("f", TOKEN.value)
    shelf.put("f", SharedToken("newer", 100.0, 10.0))

    another.accept("f", "newer")

    assert not shelf.refuse("f", "newer")
    assert shelf.put("f", SharedToken("newest", 100.0, 10.0)).on_trial


def test_what_was_under_way_with_the_old_token_refuses_no_new_one(
    shelf: TokenShelf, another: TokenShelf
) -> None:
    shelf.put("f", TOKEN)
    shelf.refuse("f", TOKEN.value)
    shelf.put("f", SharedToken("newer", 100.0, 10.0))

    assert [another.refuse("f", TOKEN.value) for _ in range(8)] == [False] * 8
    another.accept("f", TOKEN.value)

    found = shelf.read("f")
    assert found is not None
    assert (found.value, found.on_trial) == ("newer", True)


def test_of_many_refusals_at_once_none_is_the_second(shelf: TokenShelf) -> None:
    shelf.put("f", TOKEN)

    with ThreadPoolExecutor(16) as threads:
        said = list(threads.map(lambda _: shelf.refuse("f", TOKEN.value), range(16)))

    assert said == [False] * 16


def test_a_refusal_is_not_remembered_for_ever(shelf: TokenShelf, ledger: Ledger) -> None:
    shelf.put("f", TOKEN)

    shelf.refuse("f", TOKEN.value)

    assert 0 < ledger.redis.ttl(f"{KEY}:refused") <= 600


# Redis is away ------------------------------------------------------------------------------------


@pytest.fixture
def far(redis_url: str, ledger: Ledger) -> Iterator[tuple[TokenShelf, LossyProxy]]:
    with LossyProxy(redis_url) as proxy:
        far = Ledger(proxy.url)
        yield RedisTokenShelf(far), proxy
        far.close()


def test_a_reservation_whose_reply_was_lost_is_still_ones_own(
    far: tuple[TokenShelf, LossyProxy], shelf: TokenShelf
) -> None:
    from_afar, proxy = far
    proxy.lose_reply(b"fetching")

    assert from_afar.reserve("f", 10)

    assert proxy.commands_sent > 1
    assert not shelf.reserve("f", 10)


def test_a_shelf_out_of_reach_says_so() -> None:
    ledger = Ledger("redis://127.0.0.1:1/0")
    shelf = RedisTokenShelf(ledger)

    for ask in (
        lambda: shelf.read("f"),
        lambda: shelf.reserve("f", 1),
        lambda: shelf.put("f", TOKEN),
        lambda: shelf.release("f"),
        lambda: shelf.refuse("f", "t"),
        lambda: shelf.accept("f", "t"),
    ):
        with pytest.raises(LedgerUnreachable):
            ask()
    ledger.close()
