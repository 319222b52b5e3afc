"""What is due now: leases and deadlines that have passed, stops, and calls that can be dialled."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

from scheduler.calls.demand import Demand
from scheduler.calls.dialer import Dialer
from scheduler.calls.duty import Duty
from scheduler.calls.memory import Memory
from scheduler.calls.wake import Wake
from scheduler.clock import since_boot
from scheduler.errors import LedgerTrouble, SchedulerError
from scheduler.ledger import calls
from scheduler.ledger.calls import StopOrder
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.scheduling import is_launch_due

logger = logging.getLogger(__name__)

#: The longest sleep. Another worker's deadlines are seen within this time should that worker die.
LONGEST_SLEEP_SECONDS = 0.5

#: The shortest, for when what is due can't be dealt with yet: every thread is sending a stop.
SHORTEST_SLEEP_SECONDS = 0.02

#: So often schedules are looked at: a firing is launched about so late.
SCHEDULES_SECONDS = 1.0

#: A Redis that is silent for longer than this is asked nothing more in the same tick.
ANSWERS_WITHIN_SECONDS = 1.0

#: Attempts whose time is over that are dealt with in one step.
MOST = 100


class Stops:
    """Sends stops on threads of its own, so that none waits behind a dial."""

    def __init__(self, dialer: Dialer, threads: int, freed: Callable[[], None]) -> None:
        self._dialer = dialer
        self._threads = threads
        self._freed = freed
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="stop")
        self._sending: set[str] = set()
        self._lock = threading.Lock()

    @property
    def room(self) -> int:
        """How many more are worth taking: two that wait for each thread.

        Not more of them: while they wait here, no other worker sends them.
        """
        with self._lock:
            return 3 * self._threads - len(self._sending)

    @property
    def is_short(self) -> bool:
        """Whether less than one waits for each thread, which may idle until more are taken."""
        with self._lock:
            return len(self._sending) < 2 * self._threads

    @property
    def sending(self) -> int:
        """How many stops are being sent."""
        with self._lock:
            return len(self._sending)

    def send(self, order: StopOrder) -> None:
        """Send a stop, unless this worker is at it already."""
        with self._lock:
            if order.connection_id in self._sending:
                return
            self._sending.add(order.connection_id)
        self._executor.submit(self._send, order, since_boot())

    def _send(self, order: StopOrder, taken_at: float) -> None:
        late = order.late_seconds + since_boot() - taken_at
        try:
            self._dialer.stop(replace(order, late_seconds=late))
        except SchedulerError as error:
            # Not confirmed on record: the ledger has it sent again.
            logger.warning("%s: stop: %s", order.attempt, error)
        except Exception:
            logger.exception("%s: stop failed", order.attempt)
        finally:
            with self._lock:
                self._sending.discard(order.connection_id)
            self._freed()

    def close(self) -> None:
        """Wait for the stops that are being sent."""
        self._executor.shutdown(wait=True)


class Timekeeper:
    """Sleeps until something is due, and turns it into stops and messages.

    Any number of them may work on one account: they agree through Redis.
    """

    def __init__(
        self,
        ledger: Ledger,
        duty: Duty,
        *,
        fingerprint: str,
        wake: Wake,
        demand: Demand,
        send_collects: Callable[[int], None],
        revive: Callable[[], object],
        send_launch: Callable[[], None] | None = None,
    ) -> None:
        """`wake` ends its sleep; `demand` hears how many dials are due, `send_collects` collects.

        `revive` starts a dead Redis. `send_launch` has it said that a schedule fires; None for a
        worker that serves one campaign.
        """
        self._ledger = ledger
        self._duty = duty
        self._fingerprint = fingerprint
        self._wake = wake
        self._demand = demand
        self._send_collects = send_collects
        self._revive = revive
        self._memory: Memory | None = None
        self._send_launch = send_launch
        self._schedules_at = 0.0
        self._dialer: Dialer | None = None
        self._stops: Stops | None = None
        self._behind = False
        self._ticked_at = since_boot()
        self.ticks = 0  #: since it was started
        self.is_cut_off = False  #: whether the last tick did not reach the ledger
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="timekeeper", daemon=True)

    def start(self, dialer: Dialer, memory: Memory, stop_threads: int) -> None:
        """Do the first tick, overdue stops without their old pauses, then go on in a thread.

        `memory` ends calls for as long as no tick succeeds.
        """
        self._dialer, self._memory = dialer, memory
        self._stops = Stops(dialer, stop_threads, self._stop_sent)
        with suppress(LedgerTrouble):
            calls.hurry_stops(self._ledger, self._duty.account)
        self._tick_safely()
        memory.start()
        self._thread.start()

    @property
    def is_behind(self) -> bool:
        """Whether stops are due that this worker has no thread for just now."""
        return self._behind

    @property
    def is_stopping(self) -> bool:
        """Whether this worker sends a stop just now."""
        return self.stops_sending > 0

    @property
    def stops_sending(self) -> int:
        """How many stops this worker sends just now."""
        return self._stops.sending if self._stops is not None else 0

    @property
    def silent_seconds(self) -> float:
        """For how long it has not ticked; more than a moment when something holds it up."""
        return since_boot() - self._ticked_at

    def close(self) -> None:
        """Leave; the stops that are being sent are seen to their end."""
        self._over.set()
        self._wake.now()
        if self._thread.is_alive():
            self._thread.join()
        if self._stops is not None and self._memory is not None:
            self._stops.close()
            self._memory.close()
            with suppress(LedgerTrouble):
                self._memory.write_down()

    def _stop_sent(self) -> None:
        """Look for more when stops wait for threads; the slot is on its way already."""
        assert self._stops is not None
        if self._behind and self._stops.is_short:
            self._wake.now()

    def _keep(self) -> None:
        while not self._over.is_set():
            sleep = self._tick_safely()
            self._wake.sleep(sleep)

    def _tick_safely(self) -> float:
        began_at = since_boot()
        try:
            sleep = self.tick()
            self.is_cut_off = False
            return sleep
        except LedgerTrouble as error:
            self.is_cut_off = True
            logger.error("the timekeeper can't reach the ledger: %s", error)
            self._revive_safely()
            self._read_at_least(began_at)
        except Exception:
            # A timekeeper that dies leaves calls running, so it outlives every fault.
            logger.exception("a tick failed")
        finally:
            self.ticks += 1
            self._ticked_at = since_boot()
        return LONGEST_SLEEP_SECONDS

    def _read_at_least(self, began_at: float) -> None:
        """Read the deadlines of a Redis that answers and refuses; a silent one is not asked."""
        if since_boot() - began_at < ANSWERS_WITHIN_SECONDS and self._memory is not None:
            with suppress(LedgerTrouble):
                self._memory.refresh()

    def _revive_safely(self) -> None:
        try:
            self._revive()
        except Exception as error:
            logger.error("Redis can't be started again: %s", error)

    def tick(self) -> float:
        """Do what is due now; return the seconds to sleep."""
        assert self._dialer is not None and self._stops is not None and self._memory is not None
        began_at = since_boot()
        # First, or the stop that has ended a call already would be sent once more.
        if ended := self._memory.write_down():
            self._demand.want(ended)
        room = self._stops.room
        due = calls.tick(
            self._ledger,
            self._duty.account,
            most=MOST,
            free=room,
            delays=self._dialer.stop_delays,
            ceiling=self._duty.ceiling,
            fingerprint=self._fingerprint,
            only=self._duty.only,
        )
        self._memory.ticked(began_at)
        for order in due.stops:
            self._stops.send(order)
        self._memory.refresh()
        self._behind = len(due.stops) == room
        if not self._demand.is_closing:
            if due.dials:
                self._demand.want(due.dials)
            if due.collects:
                self._send_collects(due.collects)
            self._look_at_schedules()
        if due.expired == MOST:
            return 0.0
        if due.seconds is None:
            return LONGEST_SLEEP_SECONDS
        return min(LONGEST_SLEEP_SECONDS, max(SHORTEST_SLEEP_SECONDS, due.seconds))

    def _look_at_schedules(self) -> None:
        now = since_boot()
        if self._send_launch is None or now < self._schedules_at:
            return
        self._schedules_at = now + SCHEDULES_SECONDS
        if is_launch_due(self._ledger, self._duty.account):
            self._send_launch()
