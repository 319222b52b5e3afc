"""A way to the broker that a worker outlives: kombu's for Redis, with one fault of it mended."""

from __future__ import annotations

from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis


class Channel(redis.Channel):
    """A channel that says so when its connection is gone."""

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        # When Redis goes, Celery takes the old connection's transport away and closes or
        # acknowledges on its channels all the same (celery 5.7.0, kombu 5.7.0). kombu then finds
        # no transport and raises AttributeError, which ends the worker, and with it the
        # timekeeper. A lost connection is what it is, and what both know how to go on from; the
        # message that was to be acknowledged comes again, which does no harm.
        if self.connection.client is None:
            raise ConnectionResetError("this channel's connection to the broker is gone")
        params: dict[str, Any] = super()._connparams(asynchronous)  # type: ignore[misc]
        return params


class Transport(redis.Transport):
    """The transport of `redis://` and `rediss://`."""

    Channel = Channel


class SentinelChannel(redis.SentinelChannel, Channel):
    """The same where Sentinel says which server is the primary."""


class SentinelTransport(redis.SentinelTransport):
    """The transport of `sentinel://`."""

    Channel = SentinelChannel


def register() -> None:
    """Have kombu take these transports for its URLs of Redis."""
    ours = {"redis": Transport, "rediss": Transport, "sentinel": SentinelTransport}
    for scheme, transport in ours.items():
        TRANSPORT_ALIASES[scheme] = f"{__name__}:{transport.__name__}"
