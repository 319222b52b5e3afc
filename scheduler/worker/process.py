"""What one worker process holds, from its start to its end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tenacity import Retrying, before_sleep_log, retry_if_exception_type, wait_fixed

from scheduler import accounts
from scheduler.calls.account import Shared, serve
from scheduler.calls.duty import STOPS_ONLY, Duty
from scheduler.calls.exchanges import Watchers, Work, log
from scheduler.calls.stopper import stop_delays
from scheduler.calls.wake import Wake
from scheduler.clock import since_boot
from scheduler.errors import LedgerTrouble, LedgerUnreachable
from scheduler.ledger import access, limits
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.ledger.tokens import RedisTokenShelf
from scheduler.providers import of as provider_kind
from scheduler.providers import open_provider
from scheduler.providers.posting import Poster
from scheduler.settings import Settings
from scheduler.worker.files import share_out
from scheduler.worker.health import Health, worker_name
from scheduler.worker.housekeeping import Housekeeping
from scheduler.worker.listener import Listener
from scheduler.worker.messages import Messages
from scheduler.worker.parent import Parent
from scheduler.worker.seats import Seats
from scheduler.worker.snapshot import Snapshots, take_snapshot
from scheduler.worker.sockets import Sockets
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

#: So long may a tick look after a private Redis that is gone: calls wait to be ended.
REVIVE_SECONDS = 0.2

#: A worker outlives its Redis, also one that is not there yet.
_WHEN_IT_ANSWERS = Retrying(
    retry=retry_if_exception_type(LedgerUnreachable),
    wait=wait_fixed(1),
    before_sleep=before_sleep_log(logger, logging.WARNING),
)


@dataclass(frozen=True, slots=True)
class Assignment:
    """What `callsched run` tells its own workers; others have none."""

    campaign_id: str = ""  #: claim calls of this campaign only; "" for all
    parent_fd: int | None = None  #: a pipe that ends when the parent dies


class Worker:
    """The ledger, the account and the threads of this process."""

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
        self._settings = settings
        self.stops_only = "; ".join(settings.doubts)  #: why it does nothing else; "" when it does
        self._leaving = threading.Event()
        open_provider(settings)  # before anything is opened: credentials may be missing
        self._ledger, self.embedded = _WHEN_IT_ANSWERS(access.open_ledger, settings)

        # What looks on at exchanges, and what every account shares.
        threads = _threads(settings)
        files = share_out(
            stops=settings.stop_threads,
            dials=settings.worker_threads,
            sockets=settings.listener_sockets,
        )
        counts = _open_counts(settings, assignment)
        self._traces = open_traces(worker_name(), settings.account)
        watches = [one.watch for one in (counts, self._traces) if one is not None]
        wake = Wake()
        sockets = Sockets(self._ledger, capacity=files.sockets)

        # The account.
        self._account = serve(
            Shared(self._ledger, wake, sockets, Watchers(log, *watches)),
            open_provider(settings, RedisTokenShelf(self._ledger)),
            _duty(settings, assignment),
            send_dials=Messages(send_dial, threads["start"]).say,
            dial_threads=threads["start"],
            stop_threads=threads["stop"],
            delays=stop_delays(),
            patience_seconds=settings.insights_patience,
            traits=provider_kind(settings).traits,
        )

        # What serves it.
        self._listener = Listener(self._ledger, sockets, self._account)
        self._timekeeper = Timekeeper(
            self._ledger,
            self._account,
            wake=wake,
            send_collects=Messages(send_collect, threads["collect"]).say,
            send_launch=None if assignment.campaign_id else Messages(send_launch, 1).say,
            revive=_reviver(self.embedded),
        )
        self._dials, self._readings = Seats(threads["start"]), Seats(threads["collect"])

        # What tells of it.
        health = Health(
            self._account,
            self._timekeeper,
            sockets,
            self._dials,
            self._readings,
            Snapshots(partial(take_snapshot, self._ledger, settings.account)),
            campaign_id=assignment.campaign_id,
            stops_only=self.stops_only,
        )
        self._housekeeping = Housekeeping(
            self._ledger,
            settings.account,
            worker_name(),
            health=health.report,
            # What is erased is gone, and perhaps somebody has set that it be kept for longer.
            result_ttl=None if self.stops_only else settings.result_ttl,
        )
        self._teller = _open_teller(self._ledger, settings)
        self._endpoint = _open_endpoint(settings, counts, health, threads, files.askers)
        self._parent = _open_parent(self._ledger, assignment, self._account.drain)

    def start(self) -> None:
        """Do the first tick, overdue stops before anything else, and go on in threads."""
        if self.stops_only:
            self._hold_back()
        else:
            self._unblock()
        self._account.start()
        self._timekeeper.start()
        self._listener.start()
        self._housekeeping.start()
        for part in (self._teller, self._endpoint, self._parent):
            if part is not None:
                part.start()

    def _unblock(self) -> None:
        # An operator who starts a worker has mended what was wrong, or learns that it still is.
        try:
            limits.unblock(self._ledger, self._settings.account)
        except LedgerTrouble as error:
            logger.error("the worker starts without its ledger: %s", error)

    def _hold_back(self) -> None:
        """Dial, read and launch nothing, and say so now and then: what is open has a deadline."""
        self.drain()
        threading.Thread(target=self._remind, name="reminder", daemon=True).start()

    def _remind(self) -> None:
        while True:
            logger.error("this worker only sends stops, and dials nobody: %s", self.stops_only)
            if self._leaving.wait(REMINDER_SECONDS):
                return

    def dial(self) -> None:
        """Dial what is due, unless dials hold their share of this worker's threads already."""
        until = since_boot() + DIAL_TASK_SECONDS
        self._dials.work(partial(self._account.dialer.dial, until))

    def collect(self) -> None:
        """Read what was said, unless enough of this worker's threads do."""
        until = since_boot() + DIAL_TASK_SECONDS
        self._readings.work(partial(self._account.collector.collect, until))

    def launch(self) -> None:
        """Load the campaigns of schedules that fire."""
        # Only now: what reads campaign files takes as long to import as half of a worker.
        from scheduler.worker.load_process import load_apart
        from scheduler.worker.schedules import launch_due

        is_closing = self._account.demand.closing.is_set
        launch_due(self._ledger, self._settings, is_closing, load_apart)

    def drain(self) -> None:
        """Claim no more; deadlines are kept."""
        self._account.drain()

    def close(self) -> None:
        """Leave: the stops that are being sent are seen to their end."""
        self._leaving.set()
        self.drain()
        self._listener.close()
        self._timekeeper.close()
        self._account.close()
        if self._teller is not None:
            self._teller.close()
        self._housekeeping.close()
        for part in (self._endpoint, self._traces, self._ledger, self.embedded):
            if part is not None:
                part.close()


def _duty(settings: Settings, assignment: Assignment) -> Duty:
    account = accounts.of(settings)
    return Duty(
        account.name,
        STOPS_ONLY if settings.doubts else account.ceiling,
        reserve=account.reserve,
        starts_per_second=account.starts_per_second
        or provider_kind(settings).traits.starts_per_second,
        only=assignment.campaign_id,
        allowed=frozenset(settings.allowed_numbers),
        has_named_ledger=settings.redis_url is not None,
    )


def _threads(settings: Settings) -> dict[Work, int]:
    """Return how many threads each kind of work may take."""
    # A small pool reads with one thread: dials go first.
    free = settings.worker_threads - RESERVED_THREADS
    readers = min(settings.collect_threads, max(1, free // 4))
    return {"start": free - readers, "stop": settings.stop_threads, "collect": readers}


def _reviver(embedded: EmbeddedRedis | None) -> Callable[[], object]:
    """Return what starts a private Redis again that is gone; nobody else's is ours to start."""
    return (lambda: None) if embedded is None else partial(embedded.ensure, REVIVE_SECONDS)


def _open_counts(settings: Settings, assignment: Assignment) -> Counts | None:
    if not settings.metrics_port or assignment.campaign_id:
        return None
    # Only now: most workers are asked nothing, and need not import what answers.
    from scheduler.worker.metrics import Counts

    return Counts(settings.account)


def _open_endpoint(
    settings: Settings,
    counts: Counts | None,
    health: Health,
    threads: Mapping[Work, int],
    askers: int,
) -> Endpoint | None:
    if counts is None:
        return None
    from scheduler.worker.endpoint import Endpoint
    from scheduler.worker.metrics import Gauges

    ceiling = max(0, health.account.duty.ceiling)
    counts.registry.register(Gauges(worker_name(), health, threads=threads, ceiling=ceiling))
    return Endpoint(
        settings.metrics_host,
        settings.metrics_port,
        counts.registry,
        most=askers,
        unwell=health.why_unwell,
        unready=health.why_unready,
    )


def _open_teller(ledger: Ledger, settings: Settings) -> Teller | None:
    """Without a secret nothing is told: workers that have it do, and `doctor` says so."""
    if settings.webhook_secret is None or settings.doubts:
        return None
    return Teller(ledger, settings.account, Poster(settings.webhook_secret.get_secret_value()))


def _open_parent(
    ledger: Ledger, assignment: Assignment, drain: Callable[[], None]
) -> Parent | None:
    if assignment.parent_fd is None:
        return None
    return Parent(assignment.parent_fd, ledger, assignment.campaign_id, drain=drain)
