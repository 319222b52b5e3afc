"""Which connections there are, and how they end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial

from scheduler.sandbox import exchange
from scheduler.sandbox.journal import Journal
from scheduler.sandbox.symbl.connections import By, Connection
from scheduler.sandbox.symbl.knobs import Board
from scheduler.sandbox.symbl.magic import Outcome
from scheduler.sandbox.symbl.start_request import Party, idle_seconds


class Exchange(exchange.Exchange[Connection]):
    """Opens connections and ends them, by itself too when a far end hangs up."""

    def __init__(self, board: Board, journal: Journal) -> None:
        super().__init__(board)
        self._journal = journal
        self._watchers: list[Callable[[Connection, By], None]] = []

    def when_ended(self, watcher: Callable[[Connection, By], None]) -> None:
        """Call this after each end of a connection, once it is in the journal."""
        self._watchers.append(watcher)

    def accept(self, request: Mapping[str, object], outcome: Outcome) -> Connection:
        """Open a connection. The far end's hang-up is drawn by lot unless the outcome has it."""
        connection = Connection(Party.of(request), request, outcome)
        self.enter(connection)
        hangup_after_seconds = outcome.hangup_after_seconds
        if hangup_after_seconds is None:
            hangup_after_seconds = self.drawn_hangup()
        if hangup_after_seconds is not None:
            hang_up = partial(self.end, connection, "hangup")
            connection.timers.set("hangup", hangup_after_seconds, hang_up)
        self.heard(connection)
        return connection

    def heard(self, connection: Connection) -> None:
        """Wait for the idle timeout anew, if the start asked for one."""
        seconds = idle_seconds(connection.request)
        if seconds is not None:
            connection.timers.set("idle", seconds, partial(self.end, connection, "idle"))

    def end(self, connection: Connection, by: By) -> None:
        """End a connection and free its slot. One that has ended stays as it is."""
        if not self.leave(connection):
            return
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
