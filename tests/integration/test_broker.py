"""A worker's way to its broker outlives the broker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kombu import Connection
from redis import Redis

from scheduler.ledger.redis import broker
from scheduler.ledger.redis.embedded import EmbeddedRedis


@pytest.fixture
def private(tmp_path: Path) -> EmbeddedRedis:
    broker.register()
    return EmbeddedRedis(tmp_path)


def test_what_was_held_when_the_broker_went_is_a_lost_connection_and_no_fault(
    private: EmbeddedRedis,
) -> None:
    with (
        private,
        Connection(private.broker_url) as connection,
        connection.SimpleQueue("q") as queue,
    ):
        queue.put("work")
        message = queue.get(timeout=30)
        channel: Any = message.channel

        with Redis.from_url(private.url) as redis:
            redis.shutdown(nosave=True)
        # What comes of Celery's giving up the connection while the message is in a thread's hands.
        channel._disconnect_pools()
        lost: Any = connection
        lost._do_close_transport()

        with pytest.raises(connection.recoverable_connection_errors):
            message.ack()
