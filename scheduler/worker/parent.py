"""What a worker of `callsched run` does when the process that started it has died."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable

from scheduler.errors import SchedulerError
from scheduler.ledger import views
from scheduler.ledger.ledger import Ledger

logger = logging.getLogger(__name__)

#: So often it is looked whether a call of the campaign is still open.
LOOK_SECONDS = 0.5


class Parent:
    """Watches over a pipe that ends with the parent, from a thread of its own."""

    def __init__(
        self, fd: int, ledger: Ledger, campaign_id: str, *, drain: Callable[[], None]
    ) -> None:
        """`drain` has the worker claim no more of the campaign that it serves."""
        self._fd = fd
        self._ledger = ledger
        self._campaign_id = campaign_id
        self._drain = drain
        self._thread = threading.Thread(target=self._watch, name="parent", daemon=True)

    def start(self) -> None:
        """Watch, from now on."""
        self._thread.start()

    def _watch(self) -> None:
        """When the parent has died, see the live calls to their ends and leave."""
        while os.read(self._fd, 1):
            pass
        logger.warning("the parent is gone: no new calls; live ones go on to their deadlines")
        self._drain()
        pause = threading.Event()
        while not self._is_nothing_open():
            pause.wait(LOOK_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)

    def _is_nothing_open(self) -> bool:
        try:
            view = views.campaign(self._ledger, self._campaign_id)
            return view.open == 0 and not views.awaited(
                self._ledger, view.account, self._campaign_id
            )
        except SchedulerError as error:
            # The timekeeper starts a dead private Redis again.
            logger.error("the ledger can't be read: %s", error)
            return False
