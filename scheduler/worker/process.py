"""What one worker process holds, from its start to its end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Protocol

from scheduler import logs
from scheduler.accounts import Account, Accounts
from scheduler.calls.account import ServedAccount, Shared, serve
from scheduler.calls.duty import STOPS_ONLY, Duty
from scheduler.calls.exchanges import Watch, Watchers, Work, log
from scheduler.calls.stopper import stop_delays
from scheduler.calls.wake import Alarm
from scheduler.clock import since_boot
from scheduler.errors import LedgerTrouble
from scheduler.late import LateCause
from scheduler.ledger import limits
from scheduler.ledger.awaited import open_when_it_answers
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.ledger.tokens import RedisTokenShelf
from scheduler.providers import accounts_of, callback_address, kind_of, open_provider
from scheduler.settings import Settings
from scheduler.worker import optional
from scheduler.worker.accounts_follower import AccountsFollower
from scheduler.worker.assignment import Assignment
from scheduler.worker.files import share_out
from scheduler.worker.health import Health, worker_name
from scheduler.worker.housekeeping import Housekeeping
from scheduler.worker.listener import Listener
from scheduler.worker.messages import Mailbox, Messages
from scheduler.worker.roster import Roster
from scheduler.worker.seats import Seats
from scheduler.worker.snapshot import SnapshotsByAccount
from scheduler.worker.sockets import Sockets
from scheduler.worker.timekeeper import Timekeeper
from scheduler.worker.tracing import open_traces
from scheduler.worker.webhooks import Teller

logger = logging.getLogger(__name__)

#: A task ends after this long, well within the broker's visibility timeout.
DIAL_TASK_SECONDS = 60.0

#: How often a worker that only sends stops says so in its log.
REMINDER_SECONDS = 60.0

#: Threads of the pool that no dial may take.
RESERVED_THREADS = 2

#: For at most so long a worker that starts does nothing but send overdue stops: an API that hangs
#: must not keep it from everything else.
HEAD_START_SECONDS = 3.0

#: Between two looks whether these stops have been sent.
LOOK_SECONDS = 0.02

#: A tick may spend so long on starting a private Redis again: calls wait for their stops.
REVIVE_SECONDS = 0.2


class Senders(Protocol):
    """Send one message for an account; return False if that failed."""

    def dial(self, account: str) -> bool:
        """Send a message: a call can be dialled."""

    def collect(self, account: str) -> bool:
        """Send a message: a conversation can be read."""

    def launch(self, account: str) -> bool:
        """Send a message: a schedule fires."""


class Worker:
    """The ledger, the accounts and the threads of this process."""

    def __init__(
        self,
        settings: Settings,
        assignment: Assignment,
        *,
        senders: Senders,
        on_change: Callable[[], object],
    ) -> None:
        """Wait for the ledger to answer. Raises ConfigError if credentials are missing.

        `on_change` is called when accounts have come or gone.
        """
        self._settings = settings
        self._assignment = assignment
        every = accounts_of(settings, is_tolerant=True)
        #: Why it only sends stops; "" if it does everything.
        self.stops_only = "; ".join((*settings.doubts, *every.doubts))
        self._leaving = threading.Event()
        accounts = every.only(assignment.accounts)
        _expect_credentials(accounts)  # before anything is opened
        self._ledger, self.embedded = open_when_it_answers(settings)
        if not self.stops_only:
            self._unblock(accounts)

        # What watches exchanges, and what all accounts share.
        count = len(accounts.by_name)
        self._threads = _threads(settings)
        self._dials = Seats(self._threads["start"], count)
        self._readings = Seats(self._threads["collect"], count, own=1)
        files = share_out(
            stops=settings.stop_threads * count,
            dials=self._dials.count + self._readings.count + RESERVED_THREADS,
            sockets=settings.listener_sockets,
        )
        self._counts = optional.open_counts(settings, assignment)
        self._traces = open_traces(worker_name())
        alarm = Alarm()
        sockets = Sockets(self._ledger, capacity=files.sockets)
        self._shared = Shared(self._ledger, alarm, sockets)

        # The accounts.
        self._senders = senders
        self._collects = Mailbox(senders.collect, self._readings.count)
        self.roster = Roster(self._ledger, self._serve, partial(self._share_out, on_change))
        self.roster.follow(accounts)

        # What serves them.
        self._listener = Listener(self._ledger, sockets, self.roster.ticking)
        self._timekeeper = Timekeeper(
            self._ledger,
            self.roster,
            alarm=alarm,
            send_collects=self._collects.say,
            send_launch=None if assignment.campaign_id else Mailbox(senders.launch, 1).say,
            revive=_reviver(self.embedded),
            say_why=lambda why: self._housekeeping.say_why(why),
        )
        self._follower = None
        if settings.accounts is not None:
            logs.name_accounts()
            self._follower = AccountsFollower(settings, assignment.accounts, self.roster)

        # What reports on it.
        health = Health(
            self.roster,
            self._timekeeper,
            sockets,
            self._dials,
            self._readings,
            SnapshotsByAccount(self._ledger).of,
            campaign_id=assignment.campaign_id,
            stops_only=self.stops_only,
        )
        self._housekeeping = Housekeeping(
            self._ledger,
            worker_name(),
            reports=health.reports,
            # Erasing can't be undone, and the setting may have changed to a longer time.
            result_ttl=None if self.stops_only else settings.result_ttl,
        )
        self._teller: Teller | None = None
        if not self.stops_only:
            self._teller = optional.open_teller(self._ledger, settings, self._names)
        self._endpoint = optional.open_endpoint(
            settings, self._counts, health, self._threads, files.askers
        )
        self._parent = optional.open_parent(self._ledger, assignment, self.roster, self.embedded)

    def _serve(self, account: Account) -> ServedAccount:
        """Put together what serves an account. Raises ConfigError when it can't be opened."""
        name, settings = account.name, self._settings
        provider = open_provider(account, RedisTokenShelf(self._ledger))
        watches: list[Watch] = []
        if self._counts is not None:
            watches.append(self._counts.watch_of(name))
        if self._traces is not None:
            watches.append(partial(self._traces.watch, name))
        threads = self._dials.count
        return serve(
            self._shared,
            provider,
            _duty(account, settings, self._assignment, is_stops_only=bool(self.stops_only)),
            watchers=Watchers(log, *watches),
            send_dials=Messages(partial(self._senders.dial, name), threads).say,
            dial_threads=threads,
            stop_threads=settings.stop_threads,
            delays=stop_delays(),
            patience_seconds=settings.insights_patience,
            traits=kind_of(account).traits,
        )

    def _share_out(self, on_change: Callable[[], object]) -> None:
        count = len(self.roster.names)
        self._dials.share_out(count)
        self._readings.share_out(count)
        on_change()

    def _names(self) -> list[str]:
        return [one.duty.account for one in self.roster.ticking()]

    def start(self) -> None:
        """Do the first tick, overdue stops before anything else, and go on in threads."""
        if self.stops_only:
            self._hold_back()
        self.roster.start()
        with suppress(LedgerTrouble):
            # First, because stops are overdue if no worker ran.
            self._housekeeping.say_why(LateCause.NO_WORKER)
        self._timekeeper.start()
        self._see_overdue_stops_off()
        self._listener.start()
        self._housekeeping.start()
        for part in (self._teller, self._endpoint, self._parent, self._follower):
            if part is not None:
                part.start()

    def _see_overdue_stops_off(self) -> None:
        """Wait while overdue stops are being sent: whatever else starts would slow them down."""
        until = since_boot() + HEAD_START_SECONDS
        while since_boot() < until and any(one.stops.is_behind() for one in self.roster.ticking()):
            self._leaving.wait(LOOK_SECONDS)

    def reread(self) -> bool:
        """Read the accounts file now; return False if there is none."""
        if self._follower is None:
            return False
        self._follower.look_now()
        return True

    def _unblock(self, accounts: Accounts) -> None:
        # An operator who starts a worker has corrected the fault, or learns that it is still there.
        try:
            for account in accounts:
                limits.unblock(self._ledger, account.name)
        except LedgerTrouble as error:
            logger.error("the worker starts without its ledger: %s", error)

    def _hold_back(self) -> None:
        """Dial, read and launch nothing, and log this now and then; keep open calls' deadlines."""
        self.drain()
        threading.Thread(target=self._remind, name="reminder", daemon=True).start()

    def _remind(self) -> None:
        while True:
            logger.error("this worker only sends stops, and dials nobody: %s", self.stops_only)
            if self._leaving.wait(REMINDER_SECONDS):
                return

    def dial(self, account: str) -> None:
        """Dial what is due, unless the account's dials already have their share of the threads."""
        if (parts := self.roster.get(account)) is not None:
            until = since_boot() + DIAL_TASK_SECONDS
            with logs.about(account):
                self._dials.work(account, partial(parts.dialer.dial, until))

    def collect(self, account: str) -> None:
        """Read what was said, unless enough threads of this worker do so already."""
        if (parts := self.roster.get(account)) is not None:
            until = since_boot() + DIAL_TASK_SECONDS
            with logs.about(account):
                self._readings.work(account, partial(parts.collector.collect, until))

    def launch(self, account: str) -> None:
        """Load the campaigns of an account's schedules that fire."""
        parts = self.roster.get(account)
        if parts is None:
            return
        # Imported here, because the reader of campaign files takes as long as half of a worker.
        from scheduler.worker.load_process import load_in_other_process
        from scheduler.worker.schedules import launch_due

        is_closing = parts.demand.closing.is_set
        with logs.about(account):
            launch_due(self._ledger, self._settings, account, is_closing, load_in_other_process)

    def drain(self) -> None:
        """Claim no more; deadlines are kept."""
        self.roster.drain()

    def close(self) -> None:
        """Leave: the stops that are being sent are seen to their end."""
        self._leaving.set()
        self.drain()
        if self._follower is not None:
            self._follower.close()
        self._listener.close()
        self._timekeeper.close()
        self.roster.close()
        if self._teller is not None:
            self._teller.close()
        self._housekeeping.close()
        for part in (self._endpoint, self._traces, self._ledger, self.embedded):
            if part is not None:
                part.close()


def _expect_credentials(accounts: Accounts) -> None:
    """Raise ConfigError if the variables' account is wrong, so that nobody could be called."""
    if accounts.path is None:
        for account in accounts:
            open_provider(account).close()


def _duty(
    account: Account, settings: Settings, assignment: Assignment, *, is_stops_only: bool
) -> Duty:
    return Duty(
        account.name,
        STOPS_ONLY if is_stops_only else account.ceiling,
        reserve=account.reserve,
        starts_per_second=account.starts_per_second,
        only=assignment.campaign_id,
        caller_ids=account.caller_ids,
        allowed=frozenset(settings.allowed_numbers),
        exclusive=account.exclusive,
        callbacks=callback_address(account, settings),
        has_named_ledger=settings.redis_url is not None,
    )


def _threads(settings: Settings) -> dict[Work, int]:
    """Return how many threads each kind of work may take."""
    # A small pool reads with one thread: dials go first.
    free = settings.worker_threads - RESERVED_THREADS
    readers = min(settings.collect_threads, max(1, free // 4))
    return {"start": free - readers, "stop": settings.stop_threads, "collect": readers}


def _reviver(embedded: EmbeddedRedis | None) -> Callable[[], object]:
    """Return what starts the private Redis again if it is gone; we start no other one."""
    return (lambda: None) if embedded is None else partial(embedded.ensure, REVIVE_SECONDS)
