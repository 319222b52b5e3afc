"""Which calls there are, and which of them are live."""

from __future__ import annotations

import random
from typing import Any, Generic, Protocol, TypeVar

from scheduler.sandbox.knobs import Board
from scheduler.sandbox.timers import Timers


class Call(Protocol):
    """What an exchange has to know of a call."""

    timers: Timers

    @property
    def id(self) -> str:
        """By which the API names it."""

    def fields(self) -> dict[str, object]:
        """How it is shown among those that are live."""


C = TypeVar("C", bound=Call)


class Exchange(Generic[C]):
    """Counts calls in and out. Which of them enters, and when it leaves, others say."""

    def __init__(self, board: Board[Any]) -> None:
        self._board = board
        self._known: dict[str, C] = {}
        self._live: dict[str, C] = {}
        self.reset()

    def reset(self) -> None:
        """Forget every call, without a word in the journal."""
        for call in self._live.values():
            call.timers.cancel_all()
        self._known.clear()
        self._live.clear()
        self._peak = 0
        self.reseed()

    def reseed(self) -> None:
        """Draw the same lots again, as the knob says."""
        self.lots = random.Random(self._board.knobs.seed)

    @property
    def is_full(self) -> bool:
        """Whether one more call is over the limit."""
        return len(self._live) >= int(self._board.knobs.limit)

    def load(self) -> dict[str, object]:
        """How many are live, and how many may be."""
        return {"live": len(self._live), "limit": self._board.knobs.limit}

    def snapshot(self) -> dict[str, object]:
        """What is live now, oldest first, and how much ever was at once."""
        connections = [call.fields() for call in self._live.values()]
        return {**self.load(), "peak": self._peak, "connections": connections}

    def enter(self, call: C) -> None:
        """Take a slot for a call."""
        self._known[call.id] = call
        self._live[call.id] = call
        self._peak = max(self._peak, len(self._live))

    def leave(self, call: C) -> bool:
        """Free a call's slot, and have nothing more happen to it; say whether it had one."""
        if self._live.pop(call.id, None) is None:
            return False
        call.timers.cancel_all()
        return True

    def forget(self, call: C) -> None:
        """Know nothing more of a call that is over."""
        self._known.pop(call.id, None)

    def find(self, call_id: object) -> C | None:
        """The call with this id, live or ended."""
        return self._known.get(call_id) if isinstance(call_id, str) else None

    def is_live(self, call: C) -> bool:
        """Whether it still uses a slot."""
        return call.id in self._live

    def everyone(self) -> list[C]:
        """Every call that is known, oldest first."""
        return list(self._known.values())

    def drawn_hangup(self) -> float | None:
        """After how many seconds this far end hangs up, by lot; None for never."""
        knobs = self._board.knobs
        if knobs.hangup_after_seconds is None or self.lots.random() >= knobs.hangup_share:
            return None
        return self.lots.uniform(*knobs.hangup_after_seconds)
