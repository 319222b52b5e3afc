"""Connections that follow the primary: the ledger's and the broker's, by redis-py and by kombu."""

from __future__ import annotations

from typing import Any

from redis import Connection, Redis, SSLConnection
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    ConnectionError,
    InvalidResponse,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.retry import Retry
from redis.sentinel import (
    MasterNotFoundError,
    Sentinel,
    SentinelConnectionPool,
    SentinelManagedConnection,
    SentinelManagedSSLConnection,
)

from scheduler.ledger.redis.url import RedisUrl

#: If a Sentinel is silent for longer, we ask the next one.
SENTINEL_SECONDS = 0.5


class SentinelFault(MasterNotFoundError):
    """The Sentinels answer, but an operator has to mend the primary's name, or our login."""


class _LeavesReplicas:
    """A connection that closes once its server takes no writes, or turns out to be no Redis.

    redis-py would keep it, and then nothing looks for the primary. It also does not recognise
    READONLY in the middle of a text, as Redis 6.2 writes it if a script runs into it.
    """

    def connect_check_health(self, *args: Any, **options: Any) -> None:
        """Connect; unknown hosts and servers that are no Redis raise redis-py's errors too."""
        try:
            super().connect_check_health(*args, **options)  # type: ignore[misc]
        except (RedisError, OSError):
            raise
        except Exception as error:
            self.disconnect()  # type: ignore[attr-defined]
            raise ConnectionError(f"{type(error).__name__}: {error}") from error

    def read_response(self, *args: Any, **options: Any) -> Any:
        try:
            return super().read_response(*args, **options)  # type: ignore[misc]
        except UnicodeDecodeError as error:
            self.disconnect()  # type: ignore[attr-defined]
            raise InvalidResponse(f"its answer is no text: {error}") from error
        except ResponseError as error:
            if not isinstance(error, ReadOnlyError) and "READONLY " not in str(error):
                raise
            self.disconnect()  # type: ignore[attr-defined]
            text = "the server has become a replica, which takes no writes"
            raise ConnectionError(text) from error


class Tcp(_LeavesReplicas, Connection):
    """To a server."""


class Tls(_LeavesReplicas, SSLConnection):
    """To a server, over TLS."""


class ToPrimary(_LeavesReplicas, SentinelManagedConnection):
    """To whichever server is the primary."""


class ToPrimaryTls(_LeavesReplicas, SentinelManagedSSLConnection):
    """To whichever server is the primary, over TLS."""


class Sentinels(Sentinel):
    """The Sentinels of a URL."""

    def discover_master(self, service_name: str) -> tuple[str, int]:
        """Ask the Sentinels one after the other, the one that answered last time first.

        Raises SentinelFault if an operator has to mend something, else MasterNotFoundError; its
        cause is the last Sentinel's error.
        """
        known: set[str] = set()
        trouble: RedisError | None = None
        for sentinel in list(self.sentinels):
            try:
                primaries: Any = sentinel.sentinel_masters()
                known.update(map(str, primaries))
                state = primaries.get(service_name)
                if state and self.check_master_state(state, service_name):  # type: ignore[no-untyped-call]
                    self._ask_first(sentinel)
                    return str(state["ip"]), int(state["port"])
            except RedisError as error:
                trouble = error
            except (AttributeError, LookupError, TypeError, ValueError) as error:
                trouble = InvalidResponse(f"what answers there is none: {error}")
        raise _not_found(service_name, known, trouble) from trouble

    def _ask_first(self, sentinel: Any) -> None:
        # A new list, because other threads may be iterating over the old one.
        others = [other for other in self.sentinels if other is not sentinel]
        self.sentinels = [sentinel, *others]


def _not_found(name: str, known: set[str], trouble: RedisError | None) -> MasterNotFoundError:
    if known and name not in known:
        return SentinelFault(f"the Sentinels know no primary {name!r}, but {', '.join(known)}")
    if known:
        return MasterNotFoundError(f"the Sentinels see no primary {name!r} that lives")
    if isinstance(trouble, AuthenticationError | ResponseError):
        text = "the Sentinels refuse us, check sentinel_username and sentinel_password"
        return SentinelFault(f"{text}: {trouble}")
    return MasterNotFoundError(f"no Sentinel can be asked for the primary {name!r}: {trouble}")


class PrimaryPool(SentinelConnectionPool):
    """Connections to the primary. Closing them closes those to the Sentinels too."""

    def disconnect(self, inuse_connections: bool = True) -> None:
        """Close the connections, as redis-py does."""
        super().disconnect(inuse_connections)
        if inuse_connections:
            self.sentinel_manager.close()


def primary_pool(url: RedisUrl, **options: Any) -> PrimaryPool:
    """Return a pool whose connections go to the server that is the primary when each is opened.

    `options` are redis-py's for a connection; `connection_class` is one of this module.
    """
    of_sentinel = url.sentinel_login | {
        "decode_responses": True,
        "socket_timeout": SENTINEL_SECONDS,
        "socket_connect_timeout": SENTINEL_SECONDS,
        "retry": Retry(NoBackoff(), 0),
    }
    pool: Any = PrimaryPool
    sentinels: Any = Sentinels
    made: PrimaryPool = pool(
        url.primary, sentinels(url.hosts, sentinel_kwargs=of_sentinel), **options
    )
    return made


def primary_address(client: Redis) -> tuple[str, int] | None:
    """Ask the Sentinels of a client for the primary's address; None if it has none.

    Asks each time. Raises redis-py's errors.
    """
    pool = client.connection_pool
    if not isinstance(pool, PrimaryPool):
        return None
    host, port = pool.sentinel_manager.discover_master(pool.service_name)
    return str(host), int(port)
