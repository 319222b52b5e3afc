"""What the sandbox knows about one connection."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from scheduler.sandbox.symbl.magic import NOTHING, Outcome
from scheduler.sandbox.symbl.start_request import Party
from scheduler.sandbox.timers import Timers

#: Who ended a connection: a request, the far end, or too long a silence.
By = Literal["stop", "hangup", "idle"]


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
    timers: Timers = field(default_factory=Timers)

    def ids(self) -> dict[str, object]:
        """The two ids, as a journal's event has them."""
        return {"connection_id": self.connection_id, "conversation_id": self.conversation_id}

    @property
    def id(self) -> str:
        """By which the API names it."""
        return self.connection_id

    def fields(self) -> dict[str, object]:
        """How it is shown among those that are live."""
        return {**self.ids(), **self.party.fields(), "accepted_at": self.accepted_at}

    def age_seconds(self) -> float:
        """How long ago it was accepted."""
        return time.time() - self.accepted_at
