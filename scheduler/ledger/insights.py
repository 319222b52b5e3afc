"""Which conversations are still to be read, and what was collected from the others."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from redis.client import NEVER_DECODE

from scheduler.ledger import keys
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching
from scheduler.models import Attempt, Policy
from scheduler.records import decode_policy

#: How long `transcript --follow` shows a call that has been collected.
TAIL_SECONDS = 3600

#: How long until a conversation is read again after its reader died; twice as long for each reader
#: that died before. A reading that takes longer is repeated, which does no harm.
READER_LEASE_SECONDS = 15.0

#: What was collected from one conversation, in JSON's own types, under the names of `Insight`.
Collected = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Collect:
    """A conversation that is due to be read, or a call whose own records are due."""

    attempt: Attempt
    conversation_id: str  #: "" if the provider has none
    over_for_seconds: float  #: seconds from the certain end of its connection until this was taken
    reads: int  #: how often it was read before
    digest: str  #: of what was read last; "" for nothing yet
    policy: Policy
    unfinished: int  #: how many readings before this one broke off
    connection_id: str = ""


def take(
    ledger: Ledger, account: str, *, only: str = "", now: float | None = None
) -> Collect | None:
    """Take one conversation that is due to be read; None if there is none."""
    found = ledger.run(
        ledger.do.take_collect, account, READER_LEASE_SECONDS, only, ledger.clock(now)
    )
    if not found:
        return None
    attempt, conversation_id, over_for, reads, digest, policy, unfinished, connection_id = found
    return Collect(
        Attempt.parse(attempt),
        conversation_id,
        float(over_for),
        int(reads),
        digest,
        decode_policy(policy),
        int(unfinished),
        connection_id,
    )


def postpone(
    ledger: Ledger,
    account: str,
    attempt: Attempt,
    *,
    digest: str,
    delay_seconds: float,
    now: float | None = None,
) -> None:
    """Have a conversation read again, because it is not complete yet."""
    ledger.run(
        ledger.do.postpone_collect, account, str(attempt), digest, delay_seconds, ledger.clock(now)
    )


def keep(
    ledger: Ledger,
    account: str,
    attempt: Attempt,
    collected: Collected | None,
    *,
    error: str = "",
    now: float | None = None,
) -> bool:
    """Keep what was collected (None: nothing was recorded). Returns False if it was kept before."""
    packed = zlib.compress(_compact(collected), 9) if collected is not None else ""
    args = (account, str(attempt), packed, error, TAIL_SECONDS, ledger.clock(now))
    return bool(ledger.run(ledger.do.collected, *args))


def give_up(ledger: Ledger, account: str, campaign_id: str, now: float | None = None) -> None:
    """Have no conversation of a campaign read any more: nothing was recorded.

    One step a conversation: what a crash leaves out is read or given up later.
    """
    with reaching():
        owed = ledger.redis.zrange(keys.account(account, "collect"), 0, -1)
    for attempt in filter(Attempt.is_written, owed):
        if Attempt.parse(attempt).campaign_id == campaign_id:
            keep(ledger, account, Attempt.parse(attempt), None, now=now)


def collected(ledger: Ledger, attempts: Iterable[str]) -> list[Collected | None]:
    """Return what was collected from each attempt; None if nothing was."""
    with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
        for attempt in attempts:
            pipe.execute_command("GET", key(attempt), **{NEVER_DECODE: True})
        return [json.loads(zlib.decompress(raw)) if raw else None for raw in pipe.execute()]


def key(attempt: str) -> str:
    """Return the key of what was collected from an attempt."""
    return f"{keys.attempt(attempt)}:insights"


def _compact(collected: Collected) -> bytes:
    # JSON may contain lone surrogates, which UTF-8 can't encode.
    written = json.dumps(collected, ensure_ascii=False, separators=(",", ":"))
    return written.encode(errors="replace")
