"""A way to the broker that a worker outlives: kombu's for Redis, with faults of it mended."""

from __future__ import annotations

from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis

from scheduler.redis_connections import Tcp, Tls, ToPrimary, ToPrimaryTls, primary_pool
from scheduler.redis_url import RedisUrl


class Channel(redis.Channel):
    """A channel that says so when its connection is gone, and leaves a server that is a replica.

    The transport option `address` is the URL of the ledger, which is the broker's as well: what
    kombu's own URLs and options can't say, or would show to whoever asks a worker for them, it
    carries to here.
    """

    from_transport_options = (*redis.Channel.from_transport_options, "address")
    connection_class: Any = Tcp
    connection_class_ssl: Any = Tls
    address: RedisUrl | None = None

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        # When Redis goes, Celery takes the old connection's transport away and closes or
        # acknowledges on its channels all the same (celery 5.7.0, kombu 5.7.0). kombu then finds
        # no transport and raises AttributeError, which ends the worker, and with it the
        # timekeeper. A lost connection is what it is, and what both know how to go on from; the
        # message that was to be acknowledged comes again, which does no harm.
        if self.connection.client is None:
            raise ConnectionResetError("this channel's connection to the broker is gone")
        params: dict[str, Any] = super()._connparams(asynchronous)  # type: ignore[misc]
        return params | self.address.login if self.address is not None else params


class Transport(redis.Transport):
    """The transport of `redis://` and `rediss://`."""

    Channel = Channel


class SentinelChannel(redis.SentinelChannel, Channel):
    """The same where Sentinel says which server is the primary."""

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


class SentinelTransport(redis.SentinelTransport):
    """The transport of `sentinel://`."""

    Channel = SentinelChannel


def register() -> None:
    """Have kombu take these transports for its URLs of Redis."""
    ours = {"redis": Transport, "rediss": Transport, "sentinel": SentinelTransport}
    for scheme, transport in ours.items():
        TRANSPORT_ALIASES[scheme] = f"{__name__}:{transport.__name__}"
