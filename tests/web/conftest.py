"""One site for all tests of a process, whose ledger is empty for each of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.operations import users
from scheduler.settings import read_settings
from tests.web.running import TOKEN, RunningSite


@pytest.fixture(scope="session", autouse=True)
def quick_hashes() -> Iterator[None]:
    """Passwords of tests are worth no memory and no time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(users, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        users._nobodys.cache_clear()
        yield
        users._nobodys.cache_clear()


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    with EmbeddedRedis(tmp_path_factory.mktemp("redis")) as redis:
        settings = read_settings(
            {
                "CALLSCHED_REDIS_URL": redis.url,
                "CALLSCHED_STATE_DIR": str(tmp_path_factory.mktemp("state")),
                "CALLSCHED_TWILIO_BASE_URL": "http://127.0.0.1:9",
                "CALLSCHED_TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
                "CALLSCHED_TWILIO_AUTH_TOKEN": "2" * 32,
                "CALLSCHED_CALLER_ID": "+12025550199",
                "CALLSCHED_CALLING_HOURS": "always",
                "CALLSCHED_WEB_TOKEN": TOKEN,
            }
        )
        ledger = Ledger(redis.url)
        with RunningSite(ledger, settings) as site:
            yield site
        ledger.close()


@pytest.fixture
def site(running: RunningSite) -> RunningSite:
    running.ledger.redis.flushall()
    running.ledger.open()
    return running
