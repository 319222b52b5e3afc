"""The API's own clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import format_datetime

from scheduler.sandbox.twilio.knobs import Board


class Clock:
    """Runs as fast as the knob `speed` says, and ahead of this machine's as another one does."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._speed = board.knobs.speed
        self._real = self._scaled = time.time()

    def now(self) -> float:
        """The API's time, in epoch seconds."""
        now = self._scaled_now()
        if self._board.knobs.speed != self._speed:
            self._real, self._scaled, self._speed = time.time(), now, self._board.knobs.speed
        return now + self._board.knobs.clock_ahead_seconds

    def real(self, seconds: float) -> float:
        """How long so many of its seconds are on this machine."""
        return seconds / self._board.knobs.speed

    def _scaled_now(self) -> float:
        return self._scaled + (time.time() - self._real) * self._speed


def rfc2822(at: float) -> str:
    """A time as the API writes it, in whole seconds: Fri, 18 Oct 2019 17:00:00 +0000."""
    return format_datetime(datetime.fromtimestamp(int(at), UTC))
