"""What one worker process holds, from its start to its end."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass

from tenacity import Retrying, before_sleep_log, retry_if_exception_type, wait_fixed

from scheduler.clock import since_boot
from scheduler.collector import Collector
from scheduler.dialer import Dialer, Duty
from scheduler.errors import LedgerUnreachable, SchedulerError
from scheduler.ledger import open_store
from scheduler.listener import Listener
from scheduler.messages import Messages
from scheduler.providers import Symbl
from scheduler.settings import Settings
from scheduler.store import RedisTokenShelf, awaited, campaign_view
from scheduler.timekeeper import Timekeeper

logger = logging.getLogger(__name__)

#: A task leaves after this long, well within the broker's visibility timeout.
DIAL_TASK_SECONDS = 60.0

#: Threads of the pool that no dial may take.
RESERVED_THREADS = 2


@dataclass(frozen=True, slots=True)
class Assignment:
    """What `callsched run` tells its own workers; others have none."""

    campaign_id: str = ""  #: claim calls of this campaign only; "" for all
    parent_fd: int | None = None  #: a pipe that ends when the parent dies


#: A worker outlives its Redis, also one that is not there yet.
_WHEN_IT_ANSWERS = Retrying(
    retry=retry_if_exception_type(LedgerUnreachable),
    wait=wait_fixed(1),
    before_sleep=before_sleep_log(logger, logging.WARNING),
)


class Worker:
    """The ledger, the provider, the dialer and the timekeeper of this process."""

    def __init__(
        self,
        settings: Settings,
        assignment: Assignment,
        *,
        send_dial: Callable[[], bool],
        send_collect: Callable[[], bool],
        send_launch: Callable[[], bool],
    ) -> None:
        """Wait for the ledger to answer. Raises ConfigError when credentials are missing."""
        self._assignment = assignment
        self._settings = settings
        Symbl(settings)  # before anything is opened: credentials may be missing
        self._store, self.embedded = _WHEN_IT_ANSWERS(open_store, settings)
        self._provider = Symbl(settings, RedisTokenShelf(self._store))
        self._duty = Duty(
            settings.account,
            max(1, settings.max_concurrency - settings.reserve),
            reserve=settings.reserve,
            starts_per_second=settings.max_starts_per_second,
            only=assignment.campaign_id,
            allowed=frozenset(settings.allowed_numbers),
        )
        # A small pool reads with one thread: dials go first.
        free = settings.worker_threads - RESERVED_THREADS
        readers = min(settings.collect_threads, max(1, free // 4))
        seats = free - readers
        messages, collects = Messages(send_dial, seats), Messages(send_collect, readers)
        self._timekeeper = Timekeeper(
            self._store,
            self._duty,
            fingerprint=self._provider.fingerprint,
            send=lambda count: self._dialer.wanted(count),
            send_collects=collects.say,
            revive=self._revive,
            send_launch=None if assignment.campaign_id else Messages(send_launch, 1).say,
        )
        self._dialer = Dialer(
            self._store,
            self._provider,
            self._duty,
            slot_freed=messages.say,
            deadline_in=self._timekeeper.due_in,
            connected=lambda: self._listener.look(),
            is_behind=lambda: self._timekeeper.is_behind,
            threads=seats,
        )
        self._listener = Listener(
            self._store,
            self._provider,
            self._duty,
            capacity=settings.listener_sockets,
            stop_due=lambda: self._timekeeper.due_in(0.0),
        )
        self._collector = Collector(
            self._store,
            self._provider,
            self._duty,
            patience_seconds=settings.insights_patience,
            is_stopping=lambda: self._timekeeper.is_stopping,
        )
        self._readers, self._seats = threading.Semaphore(readers), threading.Semaphore(seats)

    def start(self) -> None:
        """Do the first tick, overdue stops before anything else, and go on in threads."""
        # An operator who starts a worker has mended what was wrong, or learns that it still is.
        try:
            self._store.unblock(self._duty.account, self._provider.fingerprint)
        except LedgerUnreachable as error:
            logger.error("the worker starts without its ledger: %s", error)
        self._timekeeper.start(self._dialer, self._settings.stop_threads)
        self._listener.start()
        if self._assignment.parent_fd is not None:
            threading.Thread(target=self._watch_parent, name="parent", daemon=True).start()

    def dial(self) -> None:
        """Dial what is due, unless dials hold their share of this worker's threads already."""
        if self._seats.acquire(blocking=False):
            try:
                self._dialer.dial(until=since_boot() + DIAL_TASK_SECONDS)
            finally:
                self._seats.release()

    def collect(self) -> None:
        """Read what was said, unless enough of this worker's threads do."""
        if self._readers.acquire(blocking=False):
            try:
                self._collector.collect(until=since_boot() + DIAL_TASK_SECONDS)
            finally:
                self._readers.release()

    def launch(self) -> None:
        """Load the campaigns of schedules that fire."""
        # Only now: what reads campaign files takes as long to import as half of a worker.
        from scheduler.firing import launch_due

        launch_due(self._store, self._settings, lambda: self._dialer.is_closing)

    def drain(self) -> None:
        """Claim no more; deadlines are kept."""
        self._dialer.close()
        self._collector.closing.set()

    def close(self) -> None:
        """Leave: the stops that are being sent are seen to their end."""
        self.drain()
        self._listener.close()
        self._timekeeper.close()
        self._store.close()
        if self.embedded is not None:
            self.embedded.close()

    def _watch_parent(self) -> None:
        """When the parent has died, see the live calls to their ends and leave."""
        assert self._assignment.parent_fd is not None
        while os.read(self._assignment.parent_fd, 1):
            pass
        logger.warning("the parent is gone: no new calls; live ones go on to their deadlines")
        self.drain()
        pause = threading.Event()
        while not self._nothing_open():
            pause.wait(0.5)
        os.kill(os.getpid(), signal.SIGTERM)

    def _nothing_open(self) -> bool:
        campaign_id = self._assignment.campaign_id
        try:
            view = campaign_view(self._store, campaign_id)
            return view.open == 0 and not awaited(self._store, view.account, campaign_id)
        except SchedulerError as error:
            # The timekeeper starts a dead private Redis again.
            logger.error("the ledger can't be read: %s", error)
            return False

    def _revive(self) -> None:
        if self.embedded is not None:
            self.embedded.ensure()
