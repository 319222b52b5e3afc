"""How long to wait before doing something again, and for which more urgent work."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tenacity import RetryCallState, Retrying
from tenacity.wait import wait_base

from scheduler.clock import since_boot

#: How long a dial waits at most for stops that are due. An API that does not answer stops must not
#: keep everything else from happening; `begin` decides about that.
GIVE_WAY_SECONDS = 0.5


def waited(strategy: wait_base, times: int) -> float:
    """Return how long a tenacity strategy waits after so many tries, in seconds."""
    state = RetryCallState(Retrying(), None, (), {})
    state.attempt_number = times
    return float(strategy(state))


def give_way(is_busy: Callable[[], bool], closing: threading.Event) -> None:
    """Let due stops go first, for a while: ending a call on time matters more than another call."""
    give_up_at = since_boot() + GIVE_WAY_SECONDS
    while is_busy() and since_boot() < give_up_at:
        closing.wait(0.01)
