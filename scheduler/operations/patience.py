"""Retries requests of an operation after a 429; it may sleep, because nothing else is due."""

from __future__ import annotations

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from scheduler.errors import AtLimit, Throttled

_BACKOFF = wait_random_exponential(multiplier=0.5, max=8)


def _wait(state: RetryCallState) -> float:
    """Return how many seconds to wait: the API's Retry-After, or an exponential backoff."""
    error = state.outcome.exception() if state.outcome is not None else None
    wish = error.retry_after_seconds if isinstance(error, AtLimit | Throttled) else None
    return wish or _BACKOFF(state)


#: Calls a function; if the API refuses it because of a limit, retries up to five times.
patiently = Retrying(
    retry=retry_if_exception_type((AtLimit, Throttled)),
    wait=_wait,
    stop=stop_after_attempt(6),
    reraise=True,
)
