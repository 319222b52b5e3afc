"""Does the clock of Redis, which decides, jump? A worker's own steady clock tells."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf

from scheduler.calls.account import ServedAccount
from scheduler.clock import since_boot
from scheduler.errors import LedgerTrouble, LedgerUnreachable
from scheduler.ledger import clocks
from scheduler.ledger.clocks import Reading, Right
from scheduler.ledger.ledger import Ledger
from scheduler.worker.third_clock import ASKED_FROM_SECONDS, ThirdClock

logger = logging.getLogger(__name__)

#: A jump of less is none: a clock that is slewed never moves so far between two looks.
JUMP_SECONDS = 1.0

#: It is looked at no more often, however many ticks there are.
LOOK_SECONDS = 0.5

#: So long after an answer came it may be put on record.
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
    tick takes what is due. Of one that has jumped forward the providers' clocks tell.
    """

    def __init__(self, ledger: Ledger, every: Callable[[], Sequence[ServedAccount]]) -> None:
        """`every` returns the accounts that are served."""
        self._ledger = ledger
        self._third = ThirdClock(ledger, every)
        self._last: _Look | None = None
        #: Whether it counts what Redis showed then. Not while Redis does not take what came of a
        #: jump: else nothing would be due to this worker for as long.
        self._is_believed = False
        self._fault = ""

    @property
    def latest(self) -> float:
        """The last instant that Redis may show by now, unless it has jumped since the last look."""
        if self._last is None or not self._is_believed:
            return inf
        passed = since_boot() - self._last.asked_at
        return self._last.reading.at + passed + ASKED_FROM_SECONDS

    def look(self, *, is_urgent: bool = False) -> None:
        """Look, unless that was just done. What Redis refuses holds no tick up, and is tried again.

        Takes some seconds when Redis has jumped forward while a call is open. Raises
        LedgerUnreachable.
        """
        is_fresh = self._last and since_boot() - self._last.answered_at < LOOK_SECONDS
        if is_fresh and not is_urgent:
            return
        try:
            shown, look = self._third.shown(), self._read()
            self._last = look if self._last is None else self._compared(self._last, look)
            self._third.keep(shown)
            self._is_believed, self._fault = True, ""
        except LedgerUnreachable:
            raise
        except LedgerTrouble as error:
            self._is_believed = False
            if str(error) != self._fault:
                self._fault = str(error)
                logger.warning("the clock of Redis can't be looked at: %s", error)

    def _read(self) -> _Look:
        asked_at = since_boot()
        return _Look(clocks.read(self._ledger), asked_at, since_boot())

    def _compared(self, before: _Look, look: _Look) -> _Look:
        """Have what stands in the ledger moved by a jump; return what to compare with later."""
        right = Right.UNKNOWN
        if before.jump_to(look) >= ASKED_FROM_SECONDS and self._is_believed:
            right = self._third.right(before.jump_to(look), lambda: self._is_settled(before))
            look = self._read()
        jump = before.jump_to(look)
        if abs(jump) < JUMP_SECONDS:
            return look
        since = look.answered_at - before.asked_at + MARGIN_SECONDS
        self._is_believed = False
        moved = clocks.jumped(self._ledger, before.reading, jump, since, right)
        logger.error("the clock of Redis %s", clocks.in_words(jump, moved, right))
        return self._read()

    def _is_settled(self, before: _Look) -> bool:
        """Whether another worker has said what becomes of the jump since then."""
        return clocks.read(self._ledger).jumps != before.reading.jumps
