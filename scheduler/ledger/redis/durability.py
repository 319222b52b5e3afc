"""Waits until a write is as durable as CALLSCHED_DURABILITY asks for."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from redis.exceptions import ResponseError

from scheduler.errors import ConfigError, LedgerUnreachable
from scheduler.ledger.redis.client import reaching
from scheduler.ledger.redis.verbs import Verb
from scheduler.models import Durability

logger = logging.getLogger(__name__)

#: How long a write may take to be durable: well within the time that may pass from before `begin`
#: to the first byte, and less than the client waits for an answer.
WAIT_SECONDS = 1.0


def expect_durable(client: Any, durability: Durability) -> None:
    """Raise ConfigError if the server can't do what the setting asks for."""
    if durability is Durability.SERVER:
        return
    with reaching():
        try:
            # It returns at once on a connection that has written nothing.
            client.execute_command(*_wait(durability, milliseconds=1))
        except ResponseError as error:
            raise ConfigError(_refusal(durability, error)) from error


def _refusal(durability: Durability, error: Exception) -> str:
    named = f"CALLSCHED_DURABILITY={durability}"
    if "unknown command" in str(error).lower():
        needs = "Redis 7.2 or newer, or Valkey" if durability is Durability.DISK else "Redis"
        return (
            f"{named}: the server has no {_wait(durability)[0]}, which needs {needs}; leave it out,"
            " and set appendfsync always on the server"
        )
    if "appendonly" in str(error).lower():
        return f"{named}: the server keeps no append-only file; set appendonly yes there"
    return f"{named}: the server refuses it: {error}"


def run_durably(
    client: Any, verb: Verb, keys: Sequence[str], args: Sequence[Any], how: Durability
) -> Any:
    """Run a script once; return its answer as soon as what it wrote is durable.

    So is what an earlier run of it wrote whose wait had failed. Raises LedgerUnreachable if this is
    not confirmed in time: then nobody knows whether the script has run.
    """
    if how is Durability.SERVER:
        return verb(keys, args)
    # On one connection, because the server waits for what this connection has written. With the
    # script's text, because a NOSCRIPT error would come only after the wait.
    with client.pipeline(transaction=False) as pipe:
        pipe.execute_command("EVAL", verb.text, len(keys), *keys, *args)
        # If the script changes nothing this time, there would be nothing to wait for. This write
        # comes after those of earlier connections.
        pipe.execute_command("SET", f"{keys[0]}written", 1)
        pipe.execute_command(*_wait(how))
        answer, _, kept = pipe.execute(raise_on_error=False)
    if isinstance(answer, Exception):
        raise answer
    if isinstance(kept, Exception) or not _count(kept):
        why = f"({kept})" if isinstance(kept, Exception) else f"within {WAIT_SECONDS:.0f} s"
        logger.error("what was written is not safe (%s) %s", how, why)
        raise LedgerUnreachable(f"what was written is not safe ({how}) {why}")
    return answer


def _wait(how: Durability, milliseconds: int = int(WAIT_SECONDS * 1000)) -> tuple[Any, ...]:
    if how is Durability.DISK:
        return ("WAITAOF", 1, 0, milliseconds)
    return ("WAIT", 1, milliseconds)


def _count(kept: Any) -> int:
    """Return how many servers have kept the write; WAITAOF names this server's disk first."""
    return int(kept[0] if isinstance(kept, list) else kept)
