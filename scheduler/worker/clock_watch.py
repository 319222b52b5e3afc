"""Does the clock of Redis, which decides, jump? A worker's own steady clock tells."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from scheduler.clock import since_boot
from scheduler.errors import LedgerTrouble, LedgerUnreachable
from scheduler.ledger import clocks
from scheduler.ledger.clocks import Reading
from scheduler.ledger.ledger import Ledger

logger = logging.getLogger(__name__)

#: A jump of less is none: a clock that is slewed never moves so far between two looks.
JUMP_SECONDS = 1.0

#: It is looked at no more often, however many ticks there are.
LOOK_SECONDS = 0.25


MARGIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Look:
    """A reading of Redis' clock, and between which instants since boot it was taken."""

    reading: Reading
    asked_at: float
    answered_at: float

    def jump_to(self, later: _Look) -> float:
        """Return by how much the clock has jumped for certain; less than 0 if it was set back."""
        passed = later.reading.at - self.reading.at
        least = later.asked_at - self.answered_at
        most = later.answered_at - self.asked_at
        return min(0.0, passed - least) + max(0.0, passed - most)


class ClockWatch:
    """Looks at Redis' clock before ticks, and has deadlines moved with it. For one thread.

    A steady clock may stand still with a machine that is paused, but never runs ahead. So of a
    clock that was set back it is certain that deadlines are wrong, and they are moved before the
    tick takes what is due. Of one that has jumped forward it is not.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._last: _Look | None = None
        self._fault = ""

    def look(self) -> None:
        """Look once. What Redis refuses holds no tick up, and is tried again with the next.

        Raises LedgerUnreachable.
        """
        asked_at = since_boot()
        if self._last is not None and asked_at - self._last.answered_at < LOOK_SECONDS:
            return
        try:
            look = _Look(clocks.read(self._ledger), asked_at, since_boot())
            self._compare(look)
            self._last, self._fault = look, ""
        except LedgerUnreachable:
            raise
        except LedgerTrouble as error:
            if str(error) != self._fault:
                self._fault = str(error)
                logger.warning("the clock of Redis can't be looked at: %s", error)

    def _compare(self, look: _Look) -> None:
        jump = self._last.jump_to(look) if self._last is not None else 0.0
        if self._last is None or abs(jump) < JUMP_SECONDS:
            return
        # A little longer: an answer may have come before it was put on record.
        since = look.answered_at - self._last.asked_at + MARGIN_SECONDS
        moved = clocks.jumped(self._ledger, self._last.reading, jump, since)
        logger.error("the clock of Redis %s", clocks.in_words(jump, moved))
