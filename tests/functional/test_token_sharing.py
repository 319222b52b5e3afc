"""One access token for all workers: fetched once, renewed near its end, and once when refused."""

from __future__ import annotations

import base64
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from pydantic import SecretStr
from redis import Redis

from scheduler.errors import AccountFault, NotDone, ProviderError
from scheduler.ledger import keys
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.ledger.tokens import RedisTokenShelf
from scheduler.providers import StartOrder
from scheduler.providers.symbl import Symbl
from scheduler.providers.symbl.credentials import SymblCredentials
from scheduler.settings import Settings
from tests.functional.campaign import Judge, Site, numbers
from tests.functional.rig import Rig, number
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until
from tests.wire import CONNECT_PATH, TOKEN_PATH, Api, http

ORDER = StartOrder("+12025550143", session_name="autumn c:7:1")
STARTED = http(200, {"connectionId": "c-1", "conversationId": "51"})
STOPPED = http(200, {"connectionId": "c-1"})
UNAUTHORIZED = http(401, {"message": "Token validation failed for provided token."})


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxProcess]:
    with SandboxProcess(limit=200) as sandbox:
        yield sandbox


Open = Callable[..., Symbl]


class Overtaken(RedisTokenShelf):
    """Lets somebody else fetch a token between the first look and the reservation."""

    def __init__(self, ledger: Ledger, by: Symbl) -> None:
        super().__init__(ledger)
        self._by = by

    def reserve(self, fingerprint: str, seconds: float) -> bool:
        self._by.authorize(60)
        return super().reserve(fingerprint, seconds)


@pytest.fixture
def opened(private: EmbeddedRedis, redis: Redis) -> Iterator[Open]:
    """Opens the same account as another process would, with connections of its own."""
    accounts: list[Symbl] = []
    ledgers: list[Ledger] = []

    def open_account(
        url: str,
        token: str | None = None,
        ledger_url: str = "",
        shelf: Callable[[Ledger], RedisTokenShelf] = RedisTokenShelf,
    ) -> Symbl:
        ledgers.append(Ledger(ledger_url or private.url))
        settings = Settings(
            symbl_base_url=url,
            symbl_app_id=None if token else "app",
            symbl_app_secret=None if token else SecretStr("app-secret"),
            symbl_access_token=SecretStr(token) if token else None,
        )
        accounts.append(Symbl(SymblCredentials.of(settings), shelf(ledgers[-1])))
        return accounts[-1]

    yield open_account
    for account in accounts:
        account.close()
    for ledger in ledgers:
        ledger.close()


def go() -> None:
    """Leave at once."""


def start(account: Symbl) -> type[Exception] | None:
    """Start a call; return the class of what was raised."""
    try:
        account.start(ORDER, go)
    except ProviderError as error:
        return type(error)
    finally:
        account.close()
    return None


def tokens(sandbox: SandboxProcess) -> list[bool]:
    """Return for each fetching whether a new token was handed out."""
    return [event["renewed"] for event in sandbox.events("token")]


def lasting(seconds: float, name: str) -> bytes:
    return http(200, {"accessToken": name, "expiresIn": seconds})


# Fetched once


def test_of_many_threads_in_many_processes_one_fetches(
    opened: Open, sandbox: SandboxProcess
) -> None:
    accounts = [opened(sandbox.url) for _ in range(4)]
    together = threading.Barrier(24)

    def start_together(n: int) -> type[Exception] | None:
        together.wait(60)
        return start(accounts[n % 4])

    with ThreadPoolExecutor(24) as pool:
        assert set(pool.map(start_together, range(24))) == {None}

    assert tokens(sandbox) == [True]
    assert len(sandbox.events("accepted")) == 24


def test_a_worker_that_starts_later_uses_what_is_there(
    opened: Open, sandbox: SandboxProcess
) -> None:
    opened(sandbox.url).authorize(60)

    opened(sandbox.url).start(ORDER, go)

    assert tokens(sandbox) == [True]


def test_who_may_not_fetch_waits_for_who_does(
    opened: Open, private: EmbeddedRedis, redis: Redis
) -> None:
    with Api(STARTED) as api, ThreadPoolExecutor(1) as pool:
        account = opened(api.url)
        key = keys.token(account.fingerprint)
        redis.set(f"{key}:fetching", "another worker", ex=60)
        waiting = pool.submit(start, account)
        with pytest.raises(TimeoutError):
            waiting.result(0.2)

        redis.hset(key, mapping={"value": "theirs", "margin": "1.0", "on_trial": 0})
        redis.expire(key, 60)

        assert waiting.result(10) is None
        assert api.asked(TOKEN_PATH) == []
        assert api.asked(CONNECT_PATH)[0].headers["x-api-key"] == "theirs"


def test_who_is_overtaken_before_it_may_fetch_uses_what_is_there(
    opened: Open, sandbox: SandboxProcess
) -> None:
    quick = opened(sandbox.url)

    opened(sandbox.url, shelf=partial(Overtaken, by=quick)).authorize(60)

    assert tokens(sandbox) == [True]
    later = opened(sandbox.url)
    sandbox.expire_tokens()
    assert [start(later), start(later)] == [NotDone, None]  # nobody is kept from fetching


def test_who_can_not_fetch_lets_another_one_try(opened: Open, sandbox: SandboxProcess) -> None:
    sandbox.knobs(token_fault="500")
    with pytest.raises(NotDone):
        opened(sandbox.url).authorize(60)
    sandbox.knobs(token_fault=None)

    opened(sandbox.url).authorize(60)

    assert tokens(sandbox) == [True]


# Renewed near its end


@pytest.mark.parametrize("count", [1, 3])
def test_a_token_is_renewed_by_one_within_its_last_tenth_and_not_before(
    opened: Open, count: int
) -> None:
    given = [lasting(2.0, "first"), lasting(60.0, "second")]
    with Api(STARTED, tokens=given) as api:
        accounts = [opened(api.url) for _ in range(count)]
        began_at = time.monotonic()
        while len(api.asked(TOKEN_PATH)) < 2:
            for account in accounts:
                account.authorize(0)
        passed = time.monotonic() - began_at
        # By then its last tenth has begun for each of them, however late it read the token.
        wait_until(lambda: time.monotonic() - began_at > 1.95)
        for account in accounts:
            account.authorize(0)
            assert start(account) is None

        assert passed >= 1.75
        assert len(api.asked(TOKEN_PATH)) == 2
        sent = [request.headers["x-api-key"] for request in api.asked(CONNECT_PATH)]
        assert sent == ["second"] * count


def test_the_margin_of_a_long_token_is_a_minute(opened: Open, redis: Redis) -> None:
    with Api(STARTED) as api:
        account = opened(api.url)
        account.authorize(60)
        key = keys.token(account.fingerprint)

        redis.expire(key, 62)
        opened(api.url).authorize(60)
        assert len(api.asked(TOKEN_PATH)) == 1

        redis.expire(key, 59)
        opened(api.url).authorize(60)
        assert len(api.asked(TOKEN_PATH)) == 2


# Refused


def test_a_refused_token_is_renewed_once_for_all(opened: Open, sandbox: SandboxProcess) -> None:
    accounts = [opened(sandbox.url) for _ in range(3)]
    assert {start(account) for account in accounts} == {None}
    sandbox.expire_tokens()

    first = [start(account) for account in accounts]
    again = [start(account) for account in accounts]

    # Who comes after the renewal uses it only when its own token has been refused, too.
    assert first == [NotDone] * 3
    assert again == [None] * 3
    assert tokens(sandbox) == [True, True]


def test_what_was_under_way_with_the_old_token_is_no_second_refusal(opened: Open) -> None:
    with Api(*[UNAUTHORIZED] * 8, STARTED) as api, ThreadPoolExecutor(8) as pool:
        accounts = [opened(api.url), opened(api.url)]
        for account in accounts:
            account.authorize(60)
        together = threading.Barrier(8)

        def leave() -> None:
            together.wait(60)

        def start_together(n: int) -> type[Exception]:
            account = accounts[n % 2]
            try:
                with pytest.raises(ProviderError) as raised:
                    account.start(ORDER, leave)
            finally:
                account.close()
            return raised.type

        assert set(pool.map(start_together, range(8))) == {NotDone}
        assert [start(account) for account in accounts] == [None, None]
        assert len(api.asked(TOKEN_PATH)) == 2


def test_what_comes_late_with_the_old_token_does_not_cost_the_new_one(opened: Open) -> None:
    with Api(UNAUTHORIZED, UNAUTHORIZED, STARTED) as api:
        quick, late = opened(api.url), opened(api.url)
        for account in (quick, late):
            account.authorize(60)
        assert start(quick) is NotDone
        quick.authorize(60)  # the new token is there, and on trial

        assert start(late) is NotDone
        assert [start(quick), start(late)] == [None, None]
        assert len(api.asked(TOKEN_PATH)) == 2


def test_the_second_refusal_is_the_accounts_fault_whoever_meets_it(opened: Open) -> None:
    with Api(UNAUTHORIZED) as api:
        one, another = opened(api.url), opened(api.url)

        assert start(one) is NotDone
        assert start(another) is AccountFault


def test_after_the_credentials_are_mended_a_refusal_is_a_first_one_again(opened: Open) -> None:
    with Api(UNAUTHORIZED, UNAUTHORIZED, STARTED, UNAUTHORIZED, STARTED) as api:
        account = opened(api.url)

        said = [start(account) for _ in range(5)]

        assert said == [NotDone, AccountFault, None, NotDone, None]


def test_a_stop_with_a_refused_token_goes_on_with_the_one_that_another_has_fetched(
    opened: Open,
) -> None:
    with Api(STARTED, UNAUTHORIZED, UNAUTHORIZED, STARTED, STOPPED) as api:
        one, another = opened(api.url), opened(api.url)
        another.start(ORDER, go)
        assert start(one) is NotDone
        # `another` still has the old token: its stop is refused once, and goes on.
        one.authorize(60)

        another.stop("c-1")

        assert len(api.asked(TOKEN_PATH)) == 2
        sent = [request.headers["x-api-key"] for request in api.asked(CONNECT_PATH)]
        assert sent == ["token-1", "token-1", "token-1", "token-2"]


# Redis is away


def test_without_redis_a_worker_has_a_token_of_its_own(
    opened: Open, sandbox: SandboxProcess, caplog: pytest.LogCaptureFixture
) -> None:
    account = opened(sandbox.url, ledger_url="redis://127.0.0.1:1/0")

    connection = account.start(ORDER, go)
    account.stop(connection.connection_id)

    assert tokens(sandbox) == [True]
    assert "can't be reached" in caplog.text


def test_without_redis_the_second_refusal_is_the_accounts_fault_too(opened: Open) -> None:
    with Api(UNAUTHORIZED) as api:
        account = opened(api.url, ledger_url="redis://127.0.0.1:1/0")

        assert [start(account), start(account)] == [NotDone, AccountFault]


# A given token


def jwt(**claims: object) -> str:
    """Write an unsigned token whose payload says this."""
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
    return ".".join([*(base64.urlsafe_b64encode(each).decode().rstrip("=") for each in parts), "s"])


def test_nothing_is_authorized_whose_deadline_lies_beyond_the_end_of_a_given_token(
    opened: Open,
) -> None:
    account = opened("http://127.0.0.1:1", jwt(exp=time.time() + 100))

    account.authorize(90)
    with pytest.raises(AccountFault, match="CALLSCHED_SYMBL_ACCESS_TOKEN") as raised:
        account.authorize(110)

    assert not raised.value.maybe_done


@pytest.mark.parametrize(
    "token", ["opaque", "a.b.c", jwt(), jwt(exp="soon"), jwt(exp=None), "a.bm90IGpzb24.c"]
)
def test_a_given_token_whose_end_is_not_known_is_good_for_any_call(
    opened: Open, token: str
) -> None:
    opened("http://127.0.0.1:1", token).authorize(4 * 3600)


def test_with_a_given_token_that_has_ended_stops_are_still_sent(opened: Open) -> None:
    with Api(STOPPED) as api:
        account = opened(api.url, jwt(exp=time.time() - 5))

        with pytest.raises(AccountFault):
            account.authorize(0)
        account.stop("c-1")

        assert len(api.asked(CONNECT_PATH)) == 1


def test_a_given_token_is_not_put_where_others_find_it(opened: Open, redis: Redis) -> None:
    with Api(STARTED) as api:
        opened(api.url, "given").start(ORDER, go)

    assert redis.keys("callsched:token:*") == []


# Secrets


def test_the_token_is_in_no_text_and_in_no_log(
    opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with Api(UNAUTHORIZED, STARTED, STOPPED) as api:
        account = opened(api.url)
        with pytest.raises(NotDone) as raised:
            account.start(ORDER, go)
        connection = account.start(ORDER, go)
        account.stop("c-1")
        places = account.subscriptions(connection)
        access = account._access
        held, shared = access._token, access._shelf and access._shelf.read(account.fingerprint)

    assert held is not None
    assert held.value == "token-2"
    shown = [account, access, held, shared, access._proof, places, raised.value]
    text = "\n".join([*map(repr, shown), *map(str, shown), caplog.text])
    for hidden in ("token-1", "token-2", "app-secret"):
        assert hidden not in text


# In the middle of a hundred starts


def test_a_token_that_expires_in_the_middle_of_a_hundred_starts_costs_nobody_a_call(
    private: EmbeddedRedis, redis: Redis, sandbox: SandboxProcess
) -> None:
    """Fifty starts are on their way when it does, fifty leave right after it, of two workers."""
    sandbox.knobs(latency_seconds=0.5)
    workers = [
        Rig(private.url, sandbox.url, ceiling=100, shares_token=True, threads=50) for _ in range(2)
    ]
    one, another = workers
    one.load(*map(number, range(100)))
    one.raise_limit(100)
    another.provider.authorize(60)
    claims = [one.claimed() for _ in range(100)]

    for claim in claims[:50]:
        one.threads.submit(one.dialer.dial_one, claim)
    wait_until(lambda: len(sandbox.events("start")) == 50)
    sandbox.expire_tokens()
    for claim in claims[50:]:
        another.threads.submit(another.dialer.dial_one, claim)
    another.start()  # whoever was refused is given back, and due again
    wait_until(lambda: one.account().live == 100)

    judge = Judge(sandbox)
    assert judge.accepted == {number(row): 1 for row in range(100)}
    assert tokens(sandbox) == [True, True]
    assert {event["status"] for event in sandbox.events("refused")} == {401}
    assert {(each["state"], each["attempts"]) for each in one.records()} == {("connected", 1)}
    assert one.account().blocks == {}
    for worker in workers:
        worker.close()


def test_a_token_that_expires_while_workers_call_is_renewed_once_for_both(
    site: Site, sandbox: SandboxProcess, private: EmbeddedRedis, redis: Redis
) -> None:
    site.env |= {"CALLSCHED_REDIS_URL": private.url, "CALLSCHED_MAX_CONCURRENCY": "20"}
    workers = [site.start("worker") for _ in range(2)]
    wait_until(lambda: all("ready." in worker.err for worker in workers))
    path = site.contacts(numbers(40))
    site.call("submit", path, "--id", "c", "--max-duration", "1s")
    wait_until(lambda: len(sandbox.events("answered")) >= 8)

    sandbox.expire_tokens()

    wait_until(lambda: redis.hget(keys.campaign("c", "meta"), "state") == "finished")
    judge = Judge(sandbox)
    assert judge.accepted == dict.fromkeys(numbers(40), 1)
    assert tokens(sandbox) == [True, True]
    assert {record["disposition"] for record in site.results("c")} == {"stopped"}
