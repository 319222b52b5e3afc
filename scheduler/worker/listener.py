"""Which live connections this process listens to: its own, and those that nobody listens to.

Listeners agree through the ledger: each renews its leases, and takes those that nobody has.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from math import inf

from scheduler import logs
from scheduler.calls.account import ServedAccount
from scheduler.calls.news_desk import NewsDesk
from scheduler.complaints import Complaints, Outage
from scheduler.errors import LedgerFault, SchedulerError
from scheduler.ledger import accounts, listeners
from scheduler.ledger.ledger import Ledger
from scheduler.worker.sockets import Sockets

logger = logging.getLogger(__name__)

#: How often it renews its leases and looks for free ones. Together with the length of a lease this
#: is the time within which another worker takes over from one that died.
LOOK_SECONDS = 1.0

#: Connections that are taken at once.
MOST = 200


class Listener:
    """Has the sockets of this process follow its connections, from a thread of its own."""

    def __init__(
        self, ledger: Ledger, sockets: Sockets, serving: Callable[[], Sequence[ServedAccount]]
    ) -> None:
        """`serving` returns the accounts to whose calls it listens; it is asked at each look."""
        self._ledger = ledger
        self._sockets = sockets
        self._serving = serving
        self._complaints = Complaints(logger, "the listener can't look for connections: ")
        self._outage = Outage(logger, "the listener", "the ledger")
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen, unless this process may open no socket."""
        if self._sockets.capacity > 0:
            self._sockets.start()
            name = "listener-leases"
            self._thread = threading.Thread(target=self._keep, name=name, daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Let other listeners have every connection, and leave."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        self._sockets.close()

    def _keep(self) -> None:
        # Without sockets it would keep leases of connections to which nobody listens.
        while not self._over.is_set() and self._sockets.is_listening:
            try:
                self._look_at_all()
                self._outage.is_over()
            except SchedulerError as error:
                # If another listener took over meanwhile, the next answer says so.
                self._outage.lasts(error)
            except Exception:
                logger.exception("the listener can't look for connections")
            self._over.wait(LOOK_SECONDS)

    def _look_at_all(self) -> None:
        listening = {one.duty.account: one for one in self._serving() if one.desk is not None}
        live = accounts.with_entries(self._ledger, list(listening), "live")
        for name, account in listening.items():
            desk = account.desk
            # An account without live calls may still have sockets: drop them.
            if desk is not None and (name in live or self._sockets.held(desk)):
                try:
                    with logs.about(name):
                        self._look(account, desk)
                except LedgerFault as error:
                    self._complaints.say(name, error)

    def _look(self, account: ServedAccount, desk: NewsDesk) -> None:
        sockets = self._sockets
        lost, taken, forgotten = listeners.listen(
            self._ledger,
            account.duty.account,
            sockets.lease,
            room=min(MOST, sockets.room),
            held=sockets.held(desk),
        )
        # Nobody else knows of these: the ledger has lost them.
        known = [sockets.known(attempt) for attempt in forgotten]
        sockets.drop(lost)
        for each in known:
            if each is not None:
                account.recorder.put_back(*each)
        for call in taken:
            account.memory.learn(call.attempt, call.connection.connection_id, inf)
            sockets.take(desk, call)
