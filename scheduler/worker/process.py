"""What one worker process holds, from its start to its end."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib import metadata
from typing import TYPE_CHECKING

from tenacity import Retrying, before_sleep_log, retry_if_exception_type, wait_fixed

from scheduler.calls.collector import Collector
from scheduler.calls.demand import Demand
from scheduler.calls.dialer import Dialer
from scheduler.calls.duty import STOPS_ONLY, Duty
from scheduler.calls.exchanges import Watchers, Work, log
from scheduler.calls.memory import Memory
from scheduler.calls.recorder import Recorder
from scheduler.calls.stopper import Stopper, stop_delays
from scheduler.calls.stops import Stops
from scheduler.calls.wake import Wake
from scheduler.clock import since_boot
from scheduler.errors import LedgerTrouble, LedgerUnreachable, SchedulerError
from scheduler.ledger import limits
from scheduler.ledger.opening import open_ledger
from scheduler.ledger.reading import awaited, campaign_view
from scheduler.ledger.tokens import RedisTokenShelf
from scheduler.ledger.workers import WorkerHealth
from scheduler.providers import open_provider
from scheduler.providers.posting import Poster
from scheduler.settings import Settings
from scheduler.worker.files import share_out
from scheduler.worker.health import unready, unwell
from scheduler.worker.housekeeping import Housekeeping
from scheduler.worker.listener import Listener
from scheduler.worker.messages import Messages
from scheduler.worker.sight import Sight, see
from scheduler.worker.timekeeper import Timekeeper
from scheduler.worker.tracing import open_traces
from scheduler.worker.webhooks import Teller

if TYPE_CHECKING:
    from scheduler.worker.endpoint import Endpoint
    from scheduler.worker.metrics import Counts

logger = logging.getLogger(__name__)

#: A task leaves after this long, well within the broker's visibility timeout.
DIAL_TASK_SECONDS = 60.0

#: So often a worker that only sends stops says so in its log.
REMINDER_SECONDS = 60.0

#: Threads of the pool that no dial may take.
RESERVED_THREADS = 2


@dataclass(frozen=True, slots=True)
class Assignment:
    """What `callsched run` tells its own workers; others have none."""

    campaign_id: str = ""  #: claim calls of this campaign only; "" for all
    parent_fd: int | None = None  #: a pipe that ends when the parent dies


#: So long may a tick look after a private Redis that is gone: calls wait to be ended.
REVIVE_SECONDS = 0.2

#: A worker outlives its Redis, also one that is not there yet.
_WHEN_IT_ANSWERS = Retrying(
    retry=retry_if_exception_type(LedgerUnreachable),
    wait=wait_fixed(1),
    before_sleep=before_sleep_log(logger, logging.WARNING),
)


def worker_name() -> str:
    """Return what this process is called in the ledger, in logs, metrics and traces."""
    return f"{socket.gethostname()}:{os.getpid()}"


@cache  # it is read from a file, and told at each beat
def _version() -> str:
    return metadata.version("callsched")


class _Seats:
    """How many threads of the pool may do one kind of work."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.taken = 0
        self._lock = threading.Lock()

    def take(self) -> bool:
        with self._lock:
            if self.taken == self.count:
                return False
            self.taken += 1
            return True

    def leave(self) -> None:
        with self._lock:
            self.taken -= 1


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
        self.stops_only = "; ".join(settings.doubts)  #: why it does nothing else; "" when it does
        self._leaving = threading.Event()
        open_provider(settings)  # before anything is opened: credentials may be missing
        self._ledger, self.embedded = _WHEN_IT_ANSWERS(open_ledger, settings)
        self._provider = open_provider(settings, RedisTokenShelf(self._ledger))
        self._duty = Duty(
            settings.account,
            STOPS_ONLY if self.stops_only else max(1, settings.max_concurrency - settings.reserve),
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
        self._wake = Wake()
        self._demand = Demand(messages.say, threads=seats)
        threads: dict[Work, int] = {
            "start": seats,
            "stop": settings.stop_threads,
            "collect": readers,
        }
        files = share_out(
            stops=settings.stop_threads,
            dials=settings.worker_threads,
            sockets=settings.listener_sockets,
        )
        counts = self._open_counts()
        self._traces = open_traces(worker_name(), settings.account)
        told = [one.watch for one in (counts, self._traces) if one is not None]
        watchers = Watchers(log, *told)
        self._memory = Memory(
            self._ledger,
            self._provider,
            settings.account,
            delays=stop_delays(),
            threads=settings.stop_threads,
            watchers=watchers,
        )
        stopper = Stopper(
            self._ledger,
            self._provider,
            settings.account,
            memory=self._memory,
            demand=self._demand,
            delays=stop_delays(),
            watchers=watchers,
        )
        self._stops = Stops(stopper, threads=settings.stop_threads, wake=self._wake)
        self._timekeeper = Timekeeper(
            self._ledger,
            self._duty,
            fingerprint=self._provider.fingerprint,
            wake=self._wake,
            demand=self._demand,
            memory=self._memory,
            stopper=stopper,
            stops=self._stops,
            send_collects=collects.say,
            revive=self._revive,
            send_launch=None if assignment.campaign_id else Messages(send_launch, 1).say,
        )
        self._listener = Listener(
            self._ledger,
            self._provider,
            self._duty,
            capacity=files.sockets,
            wake=self._wake,
            forgotten=lambda *lost: self._recorder.put_back(*lost),
            memory=self._memory,
        )
        self._recorder = Recorder(
            self._ledger,
            self._duty,
            memory=self._memory,
            stopper=stopper,
            ears=self._listener,
            demand=self._demand,
            wake=self._wake,
        )
        self._dialer = Dialer(
            self._ledger,
            self._provider,
            self._duty,
            recorder=self._recorder,
            demand=self._demand,
            is_behind=self._stops.is_behind,
            watchers=watchers,
        )
        self._collector = Collector(
            self._ledger,
            self._provider,
            self._duty,
            patience_seconds=settings.insights_patience,
            is_stopping=self._stops.is_sending,
            watchers=watchers,
        )
        self._readers, self._seats = _Seats(readers), _Seats(seats)
        self._started_at = time.time()
        self._housekeeping = Housekeeping(
            self._ledger,
            settings.account,
            worker_name(),
            health=self.health,
            # What is erased is gone, and perhaps somebody has set that it be kept for longer.
            result_ttl=None if self.stops_only else settings.result_ttl,
        )
        self._teller = self._open_teller(settings)
        self._endpoint = self._open_endpoint(counts, threads, files.askers)

    def start(self) -> None:
        """Do the first tick, overdue stops before anything else, and go on in threads."""
        if self.stops_only:
            self._hold_back()
        else:
            self._unblock()
        self._timekeeper.start()
        self._listener.start()
        self._housekeeping.start()
        if self._teller is not None:
            self._teller.start()
        if self._endpoint is not None:
            self._endpoint.start()
        if self._assignment.parent_fd is not None:
            threading.Thread(target=self._watch_parent, name="parent", daemon=True).start()

    def _unblock(self) -> None:
        # An operator who starts a worker has mended what was wrong, or learns that it still is.
        try:
            limits.unblock(self._ledger, self._duty.account)
        except LedgerTrouble as error:
            logger.error("the worker starts without its ledger: %s", error)

    def _hold_back(self) -> None:
        """Dial, read and launch nothing, and say so now and then: what is open has a deadline."""
        self._demand.close()
        self._collector.closing.set()
        threading.Thread(target=self._remind, name="reminder", daemon=True).start()

    def _remind(self) -> None:
        while True:
            logger.error("this worker only sends stops, and dials nobody: %s", self.stops_only)
            if self._leaving.wait(REMINDER_SECONDS):
                return

    def dial(self) -> None:
        """Dial what is due, unless dials hold their share of this worker's threads already."""
        if self._seats.take():
            try:
                self._dialer.dial(until=since_boot() + DIAL_TASK_SECONDS)
            finally:
                self._seats.leave()

    def collect(self) -> None:
        """Read what was said, unless enough of this worker's threads do."""
        if self._readers.take():
            try:
                self._collector.collect(until=since_boot() + DIAL_TASK_SECONDS)
            finally:
                self._readers.leave()

    def launch(self) -> None:
        """Load the campaigns of schedules that fire."""
        # Only now: what reads campaign files takes as long to import as half of a worker.
        from scheduler.worker.apart import load_apart
        from scheduler.worker.schedules import launch_due

        launch_due(self._ledger, self._settings, lambda: self._demand.is_closing, load_apart)

    def health(self) -> WorkerHealth:
        """Say what this worker is at."""
        return WorkerHealth(
            started_at=self._started_at,
            version=_version(),
            threads=self._seats.count,
            dialling=self._demand.dialling,
            stopping=self._stops.sending,
            sockets=self._listener.open_sockets,
            collecting=self._readers.taken,
            campaign_id=self._assignment.campaign_id,
            stops_only=self.stops_only,
        )

    def drain(self) -> None:
        """Claim no more; deadlines are kept."""
        self._demand.close()
        self._collector.closing.set()

    def close(self) -> None:
        """Leave: the stops that are being sent are seen to their end."""
        self._leaving.set()
        self.drain()
        self._listener.close()
        self._timekeeper.close()
        if self._teller is not None:
            self._teller.close()
        self._housekeeping.close()
        if self._endpoint is not None:
            self._endpoint.close()
        if self._traces is not None:
            self._traces.close()
        self._ledger.close()
        if self.embedded is not None:
            self.embedded.close()

    def _open_counts(self) -> Counts | None:
        if not self._settings.metrics_port or self._assignment.campaign_id:
            return None
        # Only now: most workers are asked nothing, and need not import what answers.
        from scheduler.worker.metrics import Counts

        return Counts(self._settings.account)

    def _open_endpoint(
        self, counts: Counts | None, threads: Mapping[Work, int], askers: int
    ) -> Endpoint | None:
        if counts is None:
            return None
        from scheduler.worker.endpoint import Endpoint
        from scheduler.worker.metrics import Gauges

        sight = Sight(partial(see, self._ledger, self._settings.account))
        gauges = Gauges(
            self._settings.account,
            worker_name(),
            ceiling=max(0, self._duty.ceiling),
            fingerprint=self._provider.fingerprint,
            threads=threads,
            health=self.health,
            timekeeper=self._timekeeper,
            demand=self._demand,
            sight=sight,
        )
        counts.registry.register(gauges)
        return Endpoint(
            self._settings.metrics_host,
            self._settings.metrics_port,
            counts.registry,
            most=askers,
            unwell=lambda: unwell(
                self._timekeeper.silent_seconds, is_cut_off=self._timekeeper.is_cut_off
            ),
            unready=lambda: unready(
                sight.look(),
                self._provider.fingerprint,
                is_draining=self._demand.is_closing,
                stops_only=self.stops_only,
            ),
        )

    def _open_teller(self, settings: Settings) -> Teller | None:
        """Without a secret nothing is told: workers that have it do, and `doctor` says so."""
        if settings.webhook_secret is None or self.stops_only:
            return None
        return Teller(
            self._ledger, settings.account, Poster(settings.webhook_secret.get_secret_value())
        )

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
            view = campaign_view(self._ledger, campaign_id)
            return view.open == 0 and not awaited(self._ledger, view.account, campaign_id)
        except SchedulerError as error:
            # The timekeeper starts a dead private Redis again.
            logger.error("the ledger can't be read: %s", error)
            return False

    def _revive(self) -> None:
        if self.embedded is not None:
            self.embedded.ensure(REVIVE_SECONDS)
