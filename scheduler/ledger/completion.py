"""Names for shell completion. If no ledger answers at once there are none; it starts no Redis."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from scheduler.errors import SchedulerError
from scheduler.ledger import keys
from scheduler.ledger.redis.client import connect_briefly
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.records import decode
from scheduler.settings import Settings

#: How many of the newest campaigns or schedules to offer.
_MOST = 2_000
#: How many contacts to look at, from the first.
_MOST_CONTACTS = 500


def campaign_ids(settings: Settings) -> list[str]:
    """Return the ids of campaigns, the newest first; none if no ledger answers at once."""
    with suppress(RedisError, SchedulerError, OSError), _client(settings) as client:
        return _newest(client, "campaigns")
    return []


def schedule_names(settings: Settings) -> list[str]:
    """Return the names of schedules, the newest first; none if no ledger answers at once."""
    with suppress(RedisError, SchedulerError, OSError), _client(settings) as client:
        return _newest(client, "schedules")
    return []


def contact_ids(settings: Settings, campaign_id: str) -> list[str]:
    """Return the ids of the first contacts of a campaign; none if no ledger answers at once."""
    with suppress(RedisError, SchedulerError, OSError, ValueError), _client(settings) as client:
        rows: Any = client.xrange(keys.campaign(campaign_id, "contacts"), count=_MOST_CONTACTS)
        found = [decode(fields["c"])[0].contact_id for _, fields in rows]
        return [each for each in found if each]
    return []


def _newest(client: Redis, of: str) -> list[str]:
    found: Any = client.zrevrange(f"{keys.ROOT}{of}", 0, _MOST - 1)
    return list(found)


@contextmanager
def _client(settings: Settings) -> Iterator[Redis]:
    if settings.redis_url is not None:
        url = settings.redis_url.get_secret_value()
    else:
        url = EmbeddedRedis(settings.state_dir).url
    client = connect_briefly(url)
    try:
        yield client
    finally:
        client.close()
