"""Which connections there are, and which of them are live."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from functools import partial

from scheduler.sandbox.journal import Journal
from scheduler.sandbox.symbl.connections import By, Connection
from scheduler.sandbox.symbl.knobs import Board
from scheduler.sandbox.symbl.magic import Outcome
from scheduler.sandbox.symbl.start_request import Party, idle_seconds


class Exchange:
    """Opens connections and ends them, by itself too when a far end hangs up."""

    def __init__(self, board: Board, journal: Journal) -> None:
        self._board = board
        self._journal = journal
        self._known: dict[str, Connection] = {}
        self._live: dict[str, Connection] = {}
        self._watchers: list[Callable[[Connection, By], None]] = []
        self.reset()

    def reset(self) -> None:
        """Forget every connection, without a word in the journal."""
        for connection in self._live.values():
            connection.cancel_timers()
        self._known.clear()
        self._live.clear()
        self._peak = 0
        self.reseed()

    def reseed(self) -> None:
        """Draw the same lots again, as the knob says."""
        self._random = random.Random(self._board.knobs.seed)

    def when_ended(self, watcher: Callable[[Connection, By], None]) -> None:
        """Call this after each end of a connection, once it is in the journal."""
        self._watchers.append(watcher)

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

    def accept(self, request: Mapping[str, object], outcome: Outcome) -> Connection:
        """Open a connection. The far end's hang-up is drawn by lot unless the outcome has it."""
        connection = Connection(Party.of(request), request, outcome)
        self._known[connection.connection_id] = connection
        self._live[connection.connection_id] = connection
        self._peak = max(self._peak, len(self._live))
        hangup_after_seconds = outcome.hangup_after_seconds
        if hangup_after_seconds is None:
            hangup_after_seconds = self._drawn_hangup()
        if hangup_after_seconds is not None:
            connection.after(
                hangup_after_seconds, "hangup", partial(self.end, connection, "hangup")
            )
        self.heard(connection)
        return connection

    def heard(self, connection: Connection) -> None:
        """Wait for the idle timeout anew, if the start asked for one."""
        seconds = idle_seconds(connection.request)
        if seconds is not None:
            connection.after(seconds, "idle", partial(self.end, connection, "idle"))

    def find(self, connection_id: object) -> Connection | None:
        """The connection with this id, live or ended."""
        return self._known.get(connection_id) if isinstance(connection_id, str) else None

    def is_live(self, connection: Connection) -> bool:
        """Whether it still uses a slot."""
        return connection.connection_id in self._live

    def end(self, connection: Connection, by: By) -> None:
        """End a connection and free its slot. One that has ended stays as it is."""
        if self._live.pop(connection.connection_id, None) is None:
            return
        connection.cancel_timers()
        connection.ended_at = time.time()
        self._journal.record(
            "ended",
            by=by,
            length_seconds=connection.ended_at - connection.accepted_at,
            **connection.ids(),
            **connection.party.fields(),
            **self.load(),
        )
        for watcher in self._watchers:
            watcher(connection, by)

    def _drawn_hangup(self) -> float | None:
        knobs = self._board.knobs
        if knobs.hangup_after_seconds is None or self._random.random() >= knobs.hangup_share:
            return None
        return self._random.uniform(*knobs.hangup_after_seconds)
