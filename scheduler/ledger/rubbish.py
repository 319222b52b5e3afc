"""Finds values of other programs in the ledger: those in our way, and those we moved aside."""

from __future__ import annotations

from collections.abc import Iterator

from scheduler.ledger import keys, schedules
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching

#: The fields of an account's `meta` that scripts read as numbers.
_NUMBERS = (
    *("learned", "refusals", "raise_at", "step", "had", "proven", "accepted", "refused_in_row"),
    *(
        "limit_version",
        "closed_until",
        "closed_for",
        "failures",
        "probe_at",
        "grants",
        "paced_until",
    ),
    *("said_at", "collect_said_at", "launch_said_at"),
)

#: The type of each part of an account that scripts read.
_TYPES = {
    **dict.fromkeys(
        ("meta", "blocks", "caller_blocks", "totals", "tellings", "workers", "census"), "hash"
    ),
    **dict.fromkeys(("slots", "live", "held", "stops", "ears", "collect"), "zset"),
    **dict.fromkeys(("campaigns", "schedules", "webhooks"), "zset"),
    "events": "stream",
}


def find(ledger: Ledger, account: str) -> list[str]:
    """Return a sentence about each value of another program. Raises LedgerTrouble."""
    key = keys.account(account, "rubbish")
    with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
        for part in _TYPES:
            pipe.type(keys.account(account, part))
        pipe.hmget(keys.account(account, "meta"), _NUMBERS)
        pipe.hgetall(key)
        *kinds, numbers, found = pipe.execute(raise_on_error=False)
    written = dict(zip(_NUMBERS, numbers, strict=True)) if isinstance(numbers, list) else {}
    aside = found if isinstance(found, dict) else {}
    return [
        *_of_other_types(account, dict(zip(_TYPES, kinds, strict=True))),
        *(
            f"{name} in {keys.account(account, 'meta')} is no number: {value[:40]!r}"
            for name, value in written.items()
            if value is not None and not _is_number(value)
        ),
        *(f"{what[:80]!r}: {why} (set aside in {key})" for what, why in aside.items()),
        *schedules.faults(ledger, account),
    ]


def _of_other_types(account: str, kinds: dict[str, str]) -> Iterator[str]:
    for part, kind in kinds.items():
        if kind not in (_TYPES[part], "none"):
            yield f"{keys.account(account, part)} is a {kind}, and should be a {_TYPES[part]}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
