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

#: A Sentinel that is silent for longer is passed over; the next one is asked.
SENTINEL_SECONDS = 0.5


class SentinelFault(MasterNotFoundError):
    """The Sentinels answer, and what they say has to be mended: the name, or our login."""


class _LeavesReplicas:
    """A connection that is given up once its server takes no writes, or is none.

    redis-py keeps it, and then nothing looks for the primary; of a script that runs into it Redis
    6.2 says so in the middle of a sentence, which redis-py does not know again.
    """

    def connect_check_health(self, *args: Any, **options: Any) -> None:
        """Connect; a host that has no name, and greetings of no Redis, are Redis' errors too."""
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
        """Ask one after the other, the one that knew last time first.

        Raises SentinelFault when an operator has to mend what they say, else MasterNotFoundError;
        the last Sentinel's trouble is its cause.
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
        # A new list: other threads may be on their way through the old one.
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
    """Connections to the primary; with them those to the Sentinels are closed."""

    def disconnect(self, inuse_connections: bool = True) -> None:
        """Close the connections, as redis-py does."""
        super().disconnect(inuse_connections)
        if inuse_connections:
            self.sentinel_manager.close()


def primary_pool(url: RedisUrl, **options: Any) -> PrimaryPool:
    """Return connections to the primary, whichever it is when each is opened.

    `options` are a connection's in the words of redis-py; `connection_class` is one of these here.
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
    """Ask which server the Sentinels of a client name; None where there are none. Raises as redis.

    Not cached: it is what they say now.
    """
    pool = client.connection_pool
    if not isinstance(pool, PrimaryPool):
        return None
    host, port = pool.sentinel_manager.discover_master(pool.service_name)
    return str(host), int(port)
