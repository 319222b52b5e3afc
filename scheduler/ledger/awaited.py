"""Opens the ledger for a long-running process, which may start before Redis and outlive it."""

from __future__ import annotations

import logging

from tenacity import Retrying, before_sleep_log, retry_if_exception_type, wait_fixed

from scheduler.errors import LedgerUnreachable
from scheduler.ledger.access import open_ledger
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.settings import Settings

logger = logging.getLogger(__name__)

_WHEN_IT_ANSWERS = Retrying(
    retry=retry_if_exception_type(LedgerUnreachable),
    wait=wait_fixed(1),
    before_sleep=before_sleep_log(logger, logging.WARNING),
)


def open_when_it_answers(
    settings: Settings, *, upgrades: bool = True
) -> tuple[Ledger, EmbeddedRedis | None]:
    """Open the ledger as `open_ledger` does, once its Redis answers. Raises ConfigError."""
    return _WHEN_IT_ANSWERS(open_ledger, settings, upgrades=upgrades)
