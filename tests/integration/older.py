"""A worker of the release before, which says of no campaign that it has changed."""

from __future__ import annotations

import re
from typing import Any

from scheduler.ledger import keys, scripts
from scheduler.ledger.ledger import Ledger

_COUNTING = re.compile(r"^\s*to_count\([^()]*\)$", re.MULTILINE)


def as_of_the_release_before(ledger: Ledger) -> Ledger:
    """Have no verb of a ledger say that it has changed what is counted."""
    for verb in vars(ledger.do):
        text = _COUNTING.sub("", scripts.source(verb))
        assert text.count("to_count(") == text.count("function to_count("), verb
        setattr(ledger.do, verb, ledger.redis.register_script(text))
    return ledger


def uncounted(redis: Any) -> None:
    """Leave the ledger as only workers of the release before have worked on it."""
    redis.delete(
        f"{keys.ROOT}counted", f"{keys.ROOT}uncounted", *redis.keys(f"{keys.ROOT}account:*:census")
    )
    for meta in redis.keys(f"{keys.ROOT}campaign:*:meta"):
        redis.hdel(meta, "counted")
