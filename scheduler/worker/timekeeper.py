"""What is due now: leases and deadlines that have passed, stops, and calls that can be dialled."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from scheduler import logs
from scheduler.calls.account import ServedAccount
from scheduler.calls.duty import STOPS_ONLY
from scheduler.calls.wake import Alarm
from scheduler.clock import since_boot
from scheduler.complaints import Complaints, Outage
from scheduler.errors import LedgerFault, LedgerTrouble, LedgerUnreachable
from scheduler.late import LateCause
from scheduler.ledger import accounts, calls, schedules
from scheduler.ledger.calls import HELD, Due, Look
from scheduler.ledger.ledger import Ledger
from scheduler.worker.absence import Absence
from scheduler.worker.clock_watch import ClockWatch

logger = logging.getLogger(__name__)

#: The longest sleep. If another worker dies, this one sees its deadlines within this time.
LONGEST_SLEEP_SECONDS = 0.5

#: The shortest sleep, while every thread is sending a stop and what is due must wait.
SHORTEST_SLEEP_SECONDS = 0.02

#: A stop of a call that another worker has in hand is left to that worker for so long. Else all
#: would wake for each deadline, and one would find something to do.
OTHERS_SECONDS = 0.25

#: How often it looks at schedules, and whether a call is open that must be read: a firing is
#: launched about so late.
SCHEDULES_SECONDS = 1.0

#: If Redis is silent for longer than this, the same tick asks it nothing more.
ANSWERS_WITHIN_SECONDS = 1.0

#: How many attempts whose time is over one step deals with.
MOST = 100


class Accounts(Protocol):
    """Which accounts there are; they may come and go meanwhile."""

    def ticking(self) -> Sequence[ServedAccount]:
        """Return those whose deadlines it keeps."""

    def remembering(self) -> Sequence[ServedAccount]:
        """Return older parts of accounts that may have live calls in hand."""


class Timekeeper:
    """Sleeps until something is due, and turns it into stops and messages.

    One is enough for all accounts of a process. Any number of them may work on one account: they
    agree through Redis.
    """

    def __init__(
        self,
        ledger: Ledger,
        every: Accounts,
        *,
        alarm: Alarm,
        send_collects: Callable[[str, int], None],
        send_launch: Callable[[str], None] | None = None,
        revive: Callable[[], object],
        say_why: Callable[[LateCause], object] = lambda why: None,
    ) -> None:
        """`alarm` ends its sleep.

        `send_collects` sends so many collect messages for an account, and does not wait.
        `send_launch` sends a message that a schedule of an account fires; None for a worker that
        serves one campaign. `revive` starts a dead Redis. `say_why` records why this worker kept no
        deadlines for a while, before it deals with those that have passed.
        """
        self._ledger = ledger
        self._clock = ClockWatch(ledger, every.ticking)
        self._every = every
        self._alarm = alarm
        self._send_collects = send_collects
        self._send_launch = send_launch
        self._revive = revive
        self._say_why = say_why
        self._absence = Absence()
        self._schedules_at = 0.0
        self._ticked_at = since_boot()
        self._is_held = False  #: whether Redis showed too late an instant
        self._complaints = Complaints(logger)
        self._outage = Outage(logger, "the timekeeper", "the ledger")
        self.ticks = 0  #: since it was started
        self.is_cut_off = False  #: whether the last tick did not reach the ledger
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="timekeeper", daemon=True)

    def start(self) -> None:
        """Do the first tick, overdue stops without their pauses; then go on in a thread."""
        for account in self._every.ticking():
            with suppress(LedgerTrouble):
                calls.hurry_stops(self._ledger, account.duty.account)
        self._tick_safely()
        self._thread.start()

    def close(self) -> None:
        """Tick no more."""
        self._over.set()
        self._alarm.ring()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def silent_seconds(self) -> float:
        """For how long it has not ticked; more than a moment if something delays it."""
        return since_boot() - self._ticked_at

    def _keep(self) -> None:
        while not self._over.is_set():
            until = since_boot() + LONGEST_SLEEP_SECONDS
            if self._tick_safely():
                until = min([until, *(one.wake.due_at for one in self._every.ticking())])
            self._alarm.sleep(until)

    def _tick_safely(self) -> bool:
        """Tick, and return whether that went well."""
        began_at = since_boot()
        try:
            self.tick()
            self.is_cut_off = False
            self._outage.is_over()
            return True
        except LedgerTrouble as error:
            self.is_cut_off = True
            self._outage.lasts(error)
            self._revive_safely()
            self._read_at_least(began_at)
        except Exception:
            # A timekeeper that dies leaves calls running, so it outlives every fault.
            logger.exception("a tick failed")
        finally:
            self.ticks += 1
            self._ticked_at = since_boot()
        return False

    def _read_at_least(self, began_at: float) -> None:
        """Read the deadlines if Redis answers but refuses; do not ask a silent one."""
        for account in (*self._every.ticking(), *self._every.remembering()):
            if since_boot() - began_at < ANSWERS_WITHIN_SECONDS:
                with suppress(LedgerTrouble):
                    account.memory.refresh(self._clock.latest)

    def _revive_safely(self) -> None:
        try:
            self._revive()
        except Exception as error:
            logger.error("Redis can't be started again: %s", error)

    def tick(self) -> None:
        """Do what is due now, and note in each account when it needs the next look.

        Raises LedgerTrouble if the ledger can't be reached for any of the accounts.
        """
        self._clock.look(is_urgent=self._is_held)
        self._is_held = False
        if (why := self._absence.why(is_cut_off=self.is_cut_off)) is not None:
            with suppress(LedgerTrouble):
                self._say_why(why)
        now, every = since_boot(), self._every.ticking()
        due = [one for one in every if one.wake.due_at <= now]
        for account in due:
            account.wake.taken()
        try:
            failed = self._look_after(due)
        finally:
            for account in due:  # so that no account is forgotten, whatever has happened
                account.wake.due_in(LONGEST_SLEEP_SECONDS)
        for account in self._every.remembering():
            self._remember(account, now)
        # A refusal of Redis for one of several accounts says nothing about the others, of which
        # perhaps none is due just now.
        is_of_all = len(due) == len(every) or any(isinstance(e, LedgerUnreachable) for e in failed)
        if failed and len(failed) == len(due) and is_of_all:
            raise failed[0]
        self._look_each_second()

    def _remember(self, account: ServedAccount, now: float) -> None:
        """Finish what older parts of an account have in hand."""
        try:
            account.memory.write_down()
            account.memory.ticked(now)
            account.memory.refresh(self._clock.latest)
        except LedgerTrouble as error:
            self._complaints.say(account.duty.account, error)

    def _look_after(self, due: Sequence[ServedAccount]) -> list[LedgerTrouble]:
        """Tick these accounts, each on its own; return what went wrong with some."""
        began_at = since_boot()
        well, failed = self._write_down(due, began_at)
        rooms = [account.stops.room for account in well]
        looks = [_look(*each) for each in zip(well, rooms, strict=True)]
        latest = self._clock.latest
        found = calls.ticks(self._ledger, looks, most=MOST, latest=latest) if looks else []
        for account, room, answer in zip(well, rooms, found, strict=True):
            try:
                if isinstance(answer, LedgerTrouble):
                    raise answer
                with logs.about(account.duty.account):
                    self._act(account, answer, room, began_at)
            except LedgerTrouble as error:
                failed.append(self._failed(account, error))
            except Exception:
                logger.exception("account %s: a tick failed", account.duty.account)
        return failed

    def _write_down(
        self, due: Sequence[ServedAccount], began_at: float
    ) -> tuple[list[ServedAccount], list[LedgerTrouble]]:
        """Record what was done without the ledger; return the accounts recorded, and faults."""
        well, failed = [], []
        for account in due:
            try:
                # First, or a stop that has already ended a call would be sent once more.
                if ended := account.memory.write_down():
                    account.demand.want(ended)
                well.append(account)
            except LedgerTrouble as error:
                if since_boot() - began_at > ANSWERS_WITHIN_SECONDS:
                    raise  # it is silent, and would be silent for each of the others
                failed.append(self._failed(account, error))
        return well, failed

    def _failed(self, account: ServedAccount, error: LedgerTrouble) -> LedgerTrouble:
        """Log a fault, and at least read its calls' deadlines: its memory sends those stops."""
        self._complaints.say(account.duty.account, error)
        with suppress(LedgerTrouble):
            account.memory.refresh(self._clock.latest)
        return error

    def _act(self, account: ServedAccount, due: Due, room: int, began_at: float) -> None:
        if due is HELD:
            self._is_held = True
            account.wake.now()
            return
        account.memory.ticked(began_at)
        account.stops.send(due.stops, room)
        account.memory.refresh(self._clock.latest)
        if not account.demand.is_closing:
            if due.dials:
                account.demand.want(due.dials)
            if due.collects:
                self._send_collects(account.duty.account, due.collects)
        account.wake.due_in(_sleep_after(due, account.memory.next_due_in()))

    def _look_each_second(self) -> None:
        now = since_boot()
        if now >= self._schedules_at:
            self._schedules_at = now + SCHEDULES_SECONDS
            self._wake_pollers()
            self._look_for_launches()

    def _wake_pollers(self) -> None:
        """Wake the pollers of accounts that have open calls, because idle pollers look seldom."""
        pollers = {one.duty.account: one.poller for one in self._every.ticking() if one.poller}
        for part in ("live", "searches"):
            for name in accounts.with_entries(self._ledger, list(pollers), part):
                pollers[name].wake()

    def _look_for_launches(self) -> None:
        if self._send_launch is None:
            return
        names = [one.duty.account for one in self._every.ticking() if not one.demand.is_closing]
        for name in accounts.with_entries(self._ledger, names, "schedules"):
            try:
                if schedules.is_launch_due(self._ledger, name):
                    self._send_launch(name)
            except LedgerFault as error:
                self._complaints.say(name, error)


def _look(account: ServedAccount, room: int) -> Look:
    duty = account.duty
    return Look(
        duty.account,
        room,
        account.stopper.delays,
        # A worker that begins no calls sends no dial messages: else others would send none.
        STOPS_ONLY if account.demand.is_closing else duty.ceiling,
        account.provider.fingerprint,
        duty.only,
    )


def _sleep_after(due: Due, own_seconds: float) -> float:
    """Return the seconds to sleep; `own_seconds` until a stop of this worker's calls falls due."""
    if due.expired == MOST:
        return 0.0
    sights = [LONGEST_SLEEP_SECONDS]
    if due.seconds is not None:
        # The ledger decides: what this worker remembers may have been put off.
        sights.append(min(due.seconds + OTHERS_SECONDS, max(due.seconds, own_seconds)))
    if due.work_seconds is not None:
        sights.append(due.work_seconds)
    return max(SHORTEST_SLEEP_SECONDS, min(sights))
