"""kombu's transport for Redis, changed so that a worker survives whatever the broker answers.

If Redis refuses a command (it is full, it has become a replica, a right is missing), this counts as
a lost connection: Celery connects again, with growing pauses, and logs why. Entries of a queue
that are no messages are dropped and counted.
"""

from __future__ import annotations

import logging
from queue import Empty
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis

from scheduler.ledger.redis.connections import Tcp, Tls, ToPrimary, ToPrimaryTls, primary_pool
from scheduler.ledger.redis.url import RedisUrl

logger = logging.getLogger(__name__)

#: With kombu 5.7.0 a refusal of Redis ends the worker, unless it counts as a lost connection.
CONNECTION_ERRORS = (*redis.Transport.connection_errors, *redis.Transport.channel_errors)

#: The errors that come from Redis rather than from an entry of a queue. kombu has KeyError among
#: them, which may be either.
_FAULTS_OF_REDIS: Any = tuple(error for error in CONNECTION_ERRORS if error is not KeyError)

#: The key that is set to see whether Redis takes writes.
WRITTEN = "written"


class Dropped:
    """Counts the entries of queues that this process has dropped because they were no messages."""

    def __init__(self) -> None:
        self.count = 0

    def note(self, why: str) -> None:
        """Count one, and log why."""
        self.count += 1
        logger.error("a message was dropped, %d so far: %s", self.count, why)


dropped = Dropped()


class Channel(redis.Channel):
    """A channel that reports a lost connection as such, and leaves a server that is a replica.

    The transport option `address` is the URL of the ledger, which is also the broker's. It has what
    kombu's own URLs and options can't express, or would show to anybody who asks a worker for them.
    """

    from_transport_options = (*redis.Channel.from_transport_options, "address")
    connection_class: Any = Tcp
    connection_class_ssl: Any = Tls
    address: RedisUrl | None = None

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        # When Redis goes away, Celery removes the old connection's transport, but still closes its
        # channels or acknowledges on them (celery 5.7.0, kombu 5.7.0). kombu then finds no
        # transport and raises AttributeError, which ends the worker, and with it the timekeeper.
        # Both can recover from a lost connection, so raise that. The message that was to be
        # acknowledged comes again, which does no harm.
        if self.connection.client is None:
            raise ConnectionResetError("this channel's connection to the broker is gone")
        params: dict[str, Any] = super()._connparams(asynchronous)  # type: ignore[misc]
        return params | self.address.login if self.address is not None else params

    def _brpop_read(self, **options: Any) -> Any:
        held = set(self.qos._delivered or ())
        try:
            return super()._brpop_read(**options)  # type: ignore[misc]
        except (Empty, *_FAULTS_OF_REDIS):
            raise
        except Exception as error:
            # kombu would let this end the worker. The entry has left the queue, and must not come
            # back.
            dropped.note(type(error).__name__)
            for tag in set(self.qos._delivered or ()) - held:
                self.basic_reject(tag, requeue=False)
            raise Empty from error


def expect_writes(transport: Any) -> None:
    """Raise the error of Redis if it takes no writes, and close the channel."""
    channel = transport._avail_channels[-1]
    try:
        with channel.conn_or_acquire() as client:
            client.set(WRITTEN, 1)
    except BaseException:
        transport._avail_channels.pop()
        channel.close()
        raise


class Transport(redis.Transport):
    """The transport of `redis://` and `rediss://`."""

    Channel = Channel
    connection_errors = CONNECTION_ERRORS

    def establish_connection(self) -> Transport:
        """Connect to a Redis that takes writes; one that refuses them counts as not reached."""
        super().establish_connection()
        expect_writes(self)
        return self


class SentinelChannel(redis.SentinelChannel, Channel):
    """A channel to the primary that Sentinel names."""

    from_transport_options = (*redis.SentinelChannel.from_transport_options, "address")
    connection_class = ToPrimary
    connection_class_ssl = ToPrimaryTls

    def _sentinel_managed_pool(self, asynchronous: bool = False) -> Any:
        if self.address is None:
            return super()._sentinel_managed_pool(asynchronous)  # type: ignore[misc]
        options = self._connparams(asynchronous)
        for name in ("host", "port"):
            options.pop(name, None)
        return primary_pool(self.address, **options)


class SentinelTransport(Transport, redis.SentinelTransport):
    """The transport of `sentinel://`."""

    Channel = SentinelChannel


def register() -> None:
    """Make kombu use these transports for its Redis URLs."""
    ours = {"redis": Transport, "rediss": Transport, "sentinel": SentinelTransport}
    for scheme, transport in ours.items():
        TRANSPORT_ALIASES[scheme] = f"{__name__}:{transport.__name__}"
