"""Which connections there are, and which of them are live."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from dataclasses import dataclass, field
from typing import Literal

from scheduler.sandbox.asked import Party
from scheduler.sandbox.journal import Journal
from scheduler.sandbox.knobs import Board


@dataclass(slots=True)
class Connection:
    """One leg to a far end. It uses a slot of the limit from acceptance until it ends."""

    party: Party
    connection_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    conversation_id: str = field(
        default_factory=lambda: str(random.SystemRandom().randrange(10**15, 10**16))
    )
    accepted_at: float = field(default_factory=time.time)
    hangup: asyncio.TimerHandle | None = None

    def ids(self) -> dict[str, object]:
        """The two ids, as a journal's event has them."""
        return {"connection_id": self.connection_id, "conversation_id": self.conversation_id}


class Exchange:
    """Opens connections and ends them, by itself too when a far end hangs up."""

    def __init__(self, board: Board, journal: Journal) -> None:
        self._board = board
        self._journal = journal
        self._known: dict[str, Connection] = {}
        self._live: dict[str, Connection] = {}
        self.reset()

    def reset(self) -> None:
        """Forget every connection, without a word in the journal."""
        for connection in self._live.values():
            _cancel_hangup(connection)
        self._known.clear()
        self._live.clear()
        self._peak = 0
        self.reseed()

    def reseed(self) -> None:
        """Draw the same lots again, as the knob says."""
        self._random = random.Random(self._board.knobs.seed)

    @property
    def is_full(self) -> bool:
        """Whether one more start is over the limit."""
        return len(self._live) >= self._board.knobs.limit

    def load(self) -> dict[str, object]:
        """How many are live, and how many may be."""
        return {"live": len(self._live), "limit": self._board.knobs.limit}

    def snapshot(self) -> dict[str, object]:
        """What is live now, oldest first, and how much ever was at once."""
        connections = [
            {**c.ids(), **c.party.fields(), "accepted_at": c.accepted_at}
            for c in self._live.values()
        ]
        return {**self.load(), "peak": self._peak, "connections": connections}

    def accept(self, party: Party, hangup_after_seconds: float | None = None) -> Connection:
        """Open a connection. The far end's hang-up is drawn by lot unless it is given."""
        connection = Connection(party)
        self._known[connection.connection_id] = connection
        self._live[connection.connection_id] = connection
        self._peak = max(self._peak, len(self._live))
        if hangup_after_seconds is None:
            hangup_after_seconds = self._drawn_hangup()
        if hangup_after_seconds is not None:
            connection.hangup = asyncio.get_running_loop().call_later(
                hangup_after_seconds, self.end, connection, "hangup"
            )
        return connection

    def find(self, connection_id: object) -> Connection | None:
        """The connection with this id, live or ended."""
        return self._known.get(connection_id) if isinstance(connection_id, str) else None

    def is_live(self, connection: Connection) -> bool:
        """Whether it still uses a slot."""
        return connection.connection_id in self._live

    def end(self, connection: Connection, by: Literal["stop", "hangup"]) -> None:
        """End a connection and free its slot. One that has ended stays as it is."""
        if self._live.pop(connection.connection_id, None) is None:
            return
        _cancel_hangup(connection)
        length_seconds = time.time() - connection.accepted_at
        self._journal.record(
            "ended",
            by=by,
            length_seconds=length_seconds,
            **connection.ids(),
            **connection.party.fields(),
            **self.load(),
        )

    def _drawn_hangup(self) -> float | None:
        knobs = self._board.knobs
        if knobs.hangup_after_seconds is None or self._random.random() >= knobs.hangup_share:
            return None
        return self._random.uniform(*knobs.hangup_after_seconds)


def _cancel_hangup(connection: Connection) -> None:
    if connection.hangup is not None:
        connection.hangup.cancel()
