"""A real Redis of our own, empty for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis
from tests.integration.ledger import Books


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with EmbeddedRedis(tmp_path_factory.mktemp("redis")) as private:
        yield private.url


@pytest.fixture
def ledger(redis_url: str) -> Iterator[Ledger]:
    ledger = Ledger(redis_url)
    ledger.redis.flushall()
    ledger.open()
    yield ledger
    ledger.close()


@pytest.fixture
def other(redis_url: str, ledger: Ledger) -> Iterator[Ledger]:
    """What another worker has: the same ledger through connections of its own."""
    other = Ledger(redis_url)
    yield other
    other.close()


@pytest.fixture(scope="session")
def reader(redis_url: str) -> Iterator[Redis]:
    """A client that shows bytes that are no text as they are: digests, for one."""
    with Redis.from_url(
        redis_url,
        decode_responses=True,
        encoding_errors="backslashreplace",
        socket_timeout=30,
        retry=Retry(NoBackoff(), 0),
    ) as reader:
        yield reader


@pytest.fixture
def books(ledger: Ledger, reader: Redis) -> Books:
    return Books(ledger, reader)
