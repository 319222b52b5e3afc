"""What the sandbox knows about one connection."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from scheduler.sandbox.symbl.magic import NOTHING, Outcome
from scheduler.sandbox.symbl.start_request import Party

#: Who ended a connection: a request, the far end, or too long a silence.
By = Literal["stop", "hangup", "idle"]
Timer = Literal["hangup", "idle", "line", "answered_by"]


@dataclass(slots=True)
class Connection:
    """One leg to a far end. It uses a slot of the limit from acceptance until it ends."""

    party: Party
    request: Mapping[str, object]
    outcome: Outcome = NOTHING
    connection_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    conversation_id: str = field(
        default_factory=lambda: str(random.SystemRandom().randrange(10**15, 10**16))
    )
    accepted_at: float = field(default_factory=time.time)
    ended_at: float | None = None
    stops: int = 0  #: how often a stop was asked for
    had_socket: bool = False
    _timers: dict[Timer, asyncio.TimerHandle] = field(default_factory=dict)

    def ids(self) -> dict[str, object]:
        """The two ids, as a journal's event has them."""
        return {"connection_id": self.connection_id, "conversation_id": self.conversation_id}

    def age_seconds(self) -> float:
        """How long ago it was accepted."""
        return time.time() - self.accepted_at

    def after(self, seconds: float, timer: Timer, act: Callable[[], object]) -> None:
        """Set one of its timers, in place of what that one was set to before."""
        if timer in self._timers:
            self._timers[timer].cancel()
        self._timers[timer] = asyncio.get_running_loop().call_later(seconds, act)

    def cancel_timers(self) -> None:
        """Let nothing more happen to it by itself."""
        for handle in self._timers.values():
            handle.cancel()
        self._timers.clear()
