"""What a worker of `callsched run` does when the process that started it has died."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable

from scheduler.clock import since_boot
from scheduler.errors import SchedulerError
from scheduler.ledger import views
from scheduler.ledger.ledger import Ledger

logger = logging.getLogger(__name__)

#: How often it looks whether a call of the campaign is still open.
LOOK_SECONDS = 0.5

#: How long a deleted ledger must have been out of reach: other connections may still reach it.
GIVE_UP_SECONDS = 5.0


class Parent:
    """Watches a pipe that ends with the parent, on a thread of its own."""

    def __init__(
        self,
        fd: int,
        ledger: Ledger,
        campaign_id: str,
        *,
        drain: Callable[[], None],
        has_calls: Callable[[], bool],
        is_deleted: Callable[[], bool],
    ) -> None:
        """`drain` has the worker claim no more of the campaign that it serves.

        `has_calls` says whether only this worker can end some calls, and `is_deleted` whether
        somebody has deleted the ledger's files, so that nobody can start it again.
        """
        self._fd = fd
        self._ledger = ledger
        self._campaign_id = campaign_id
        self._drain = drain
        self._has_calls = has_calls
        self._is_deleted = is_deleted
        self._read_at = 0.0  #: since boot
        self._thread = threading.Thread(target=self._watch, name="parent", daemon=True)

    def start(self) -> None:
        """Watch, from now on."""
        self._thread.start()

    def _watch(self) -> None:
        """Once the parent has died, wait until the live calls have ended, and leave."""
        while os.read(self._fd, 1):
            pass
        logger.warning("the parent is gone: no new calls; live ones go on to their deadlines")
        self._drain()
        pause = threading.Event()
        self._read_at = since_boot()
        while not self._is_nothing_open():
            pause.wait(LOOK_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)

    def _is_nothing_open(self) -> bool:
        try:
            view = views.campaign(self._ledger, self._campaign_id)
            awaited = views.unended(self._ledger, view.account, self._campaign_id)
        except SchedulerError as error:
            # The timekeeper starts a dead private Redis again.
            logger.error("the ledger can't be read: %s", error)
            return self._is_left_alone()
        self._read_at = since_boot()
        return view.open == 0 and not awaited

    def _is_left_alone(self) -> bool:
        """Whether the ledger is lost for good, and this worker has ended the calls that it knows.

        It knows no connection of any other call, so it could not end one however long it stayed.
        """
        is_lost = since_boot() - self._read_at > GIVE_UP_SECONDS and self._is_deleted()
        if not is_lost or self._has_calls():
            return False
        logger.error("the ledger was deleted, and no call is in this worker's hands: it leaves")
        return True
