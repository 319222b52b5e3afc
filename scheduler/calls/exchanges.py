"""What a worker asks of the provider for one call, as those see it who count, time or trace it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from scheduler.clock import since_boot
from scheduler.errors import (
    AccountFault,
    AtLimit,
    MaybeDone,
    NoSuchConnection,
    NotDone,
    NotRecorded,
    NotSent,
    Refused,
)
from scheduler.models import Attempt, Disposition

logger = logging.getLogger(__name__)

Work = Literal["start", "stop", "collect"]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A start, a stop, or one reading of what was said."""

    work: Work
    attempt: Attempt
    late_seconds: float | None = None  #: how late the first sending of a stop is
    ends_as: Disposition | None = None  #: how the call ends if this succeeds


#: Gets the error of an exchange, or None if it was answered.
OnAnswer = Callable[[Exception | None], object]

#: Called right before the request; what it returns is called right after it.
Watch = Callable[[Exchange], OnAnswer]


class Watchers:
    """Those who watch exchanges. A fault of theirs is logged, and delays nothing."""

    def __init__(self, *watches: Watch) -> None:
        self._watches = watches

    @contextmanager
    def see(self, exchange: Exchange) -> Iterator[None]:
        """Have all watchers watch the work in this block."""
        waiting = [_safely(watch, exchange) for watch in self._watches]
        error: Exception | None = None
        try:
            yield
        except Exception as caught:
            error = caught
            raise
        finally:
            for on_answer in waiting:
                if on_answer is not None:
                    _safely(on_answer, error)


NOBODY = Watchers()


def log(exchange: Exchange) -> OnAnswer:
    """Log a start or a stop; the code that reacts to an error logs the error."""
    began_at = since_boot()

    def on_answer(error: Exception | None) -> None:
        if error is None and exchange.work != "collect":
            seconds = since_boot() - began_at
            logger.info("%s: %s: accepted in %.2f s", exchange.attempt, exchange.work, seconds)

    return on_answer


ACCEPTED, NOT_REACHED, FAILED = "accepted", "not_reached", "failed"

#: The word for each kind of answer, the nearest class first.
_ANSWERS: dict[type[Exception], str] = {
    NotSent: "held_back",
    AtLimit: "at_limit",
    NotDone: "not_done",
    MaybeDone: "lost",
    Refused: "rejected",
    AccountFault: "account_fault",
    NoSuchConnection: "no_such_connection",
    NotRecorded: "not_recorded",
}

#: Every word that `answer` may return, by the kind of work.
ANSWERS: dict[Work, tuple[str, ...]] = {
    "start": (
        *(ACCEPTED, "held_back", "at_limit", "not_done", NOT_REACHED),
        *("lost", "rejected", "account_fault", FAILED),
    ),
    "stop": (
        *(ACCEPTED, "at_limit", "not_done", NOT_REACHED, "lost", "rejected"),
        *("account_fault", "no_such_connection", FAILED),
    ),
    "collect": (
        *(ACCEPTED, "at_limit", "not_done", NOT_REACHED, "lost", "rejected"),
        *("account_fault", "not_recorded", FAILED),
    ),
}


def answer(error: Exception | None) -> str:
    """Return in one word how an exchange was answered."""
    if error is None:
        return ACCEPTED
    if isinstance(error, NotDone) and not error.reached:
        return NOT_REACHED
    return next((word for kind, word in _ANSWERS.items() if isinstance(error, kind)), FAILED)


def _safely(call: Callable[[Any], Any], what: object) -> Any:
    # Between `begin` and the request nothing else may fail, or the call would be unknown.
    try:
        return call(what)
    except Exception:
        logger.exception("a watcher of an exchange failed")
        return None
