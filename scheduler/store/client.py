"""How we speak to Redis: every client sets its timeouts and its retry itself.

redis-py 8 sends a command whose reply was lost again, up to ten times, scripts included, and waits
5 s for each. Both defaults are replaced here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.exceptions import (
    AuthenticationError,
    ConnectionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TimeoutError,
)
from redis.retry import Retry

from scheduler.errors import ConfigError, LedgerUnreachable

#: A verb takes well under a millisecond; a server that is silent for longer than this is away.
TIMEOUT_SECONDS = 3.0

#: What Redis says when it can't do what it is asked now, and could later.
_AWAY = ("LOADING", "MASTERDOWN", "MISCONF", "NOAUTH", "NOREPLICAS", "OOM", "READONLY")


def connect(url: str) -> Redis:
    """Return a client that sends a command at most twice more; every verb allows for that."""
    return _client(url, Retry(ExponentialBackoff(cap=0.2, base=0.02), 2), TIMEOUT_SECONDS)


def connect_once(url: str) -> Redis:
    """Return a client that never sends a command twice, for `begin`, and gives up soon."""
    return _client(url, Retry(NoBackoff(), 0), 1.5)


def _client(url: str, retry: Retry, timeout_seconds: float) -> Redis:
    try:
        client: Redis = Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=timeout_seconds,
            socket_connect_timeout=timeout_seconds,
            health_check_interval=30,
            retry=retry,
        )
    except ValueError as error:
        raise ConfigError(f"CALLSCHED_REDIS_URL: {error}") from None
    return client


@contextmanager
def reaching() -> Iterator[None]:
    """Turn "Redis is away, or can't write" into LedgerUnreachable; other errors are our bugs."""
    try:
        yield
    except AuthenticationError as error:
        raise ConfigError(f"Redis refuses the login, check CALLSCHED_REDIS_URL: {error}") from error
    except (ConnectionError, TimeoutError, OutOfMemoryError, ReadOnlyError) as error:
        raise LedgerUnreachable(f"Redis does not answer or can't write: {error}") from error
    except ResponseError as error:
        # Anywhere in it: Redis 6.2 puts words of its own in front of what a script ran into.
        if any(f"{code} " in str(error) for code in _AWAY):
            raise LedgerUnreachable(f"Redis can't write: {error}") from error
        raise
    except RedisError as error:
        raise LedgerUnreachable(str(error)) from error
