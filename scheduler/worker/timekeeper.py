"""What is due now: leases and deadlines that have passed, stops, and calls that can be dialled."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress

from scheduler.calls.account import ServedAccount
from scheduler.calls.wake import Wake
from scheduler.clock import since_boot
from scheduler.errors import LedgerTrouble
from scheduler.ledger import calls, schedules
from scheduler.ledger.calls import Due
from scheduler.ledger.ledger import Ledger

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


class Timekeeper:
    """Sleeps until something is due, and turns it into stops and messages.

    Any number of them may work on one account: they agree through Redis.
    """

    def __init__(
        self,
        ledger: Ledger,
        account: ServedAccount,
        *,
        wake: Wake,
        send_collects: Callable[[int], None],
        send_launch: Callable[[], None] | None = None,
        revive: Callable[[], object],
    ) -> None:
        """`wake` ends its sleep. `send_collects` has so many collects said, and does not wait.

        `send_launch` has it said that a schedule fires; None for a worker that serves one campaign.
        `revive` starts a dead Redis.
        """
        self._ledger = ledger
        self._account = account
        self._wake = wake
        self._send_collects = send_collects
        self._send_launch = send_launch
        self._revive = revive
        self._schedules_at = 0.0
        self._ticked_at = since_boot()
        self.ticks = 0  #: since it was started
        self.is_cut_off = False  #: whether the last tick did not reach the ledger
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="timekeeper", daemon=True)

    def start(self) -> None:
        """Do the first tick, overdue stops without their old pauses, then go on in a thread."""
        with suppress(LedgerTrouble):
            calls.hurry_stops(self._ledger, self._account.duty.account)
        self._tick_safely()
        self._thread.start()

    def close(self) -> None:
        """Tick no more."""
        self._over.set()
        self._wake.now()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def silent_seconds(self) -> float:
        """For how long it has not ticked; more than a moment when something holds it up."""
        return since_boot() - self._ticked_at

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
        if since_boot() - began_at < ANSWERS_WITHIN_SECONDS:
            with suppress(LedgerTrouble):
                self._account.memory.refresh()

    def _revive_safely(self) -> None:
        try:
            self._revive()
        except Exception as error:
            logger.error("Redis can't be started again: %s", error)

    def tick(self) -> float:
        """Do what is due now; return the seconds to sleep."""
        began_at, account, duty = since_boot(), self._account, self._account.duty
        # First, or the stop that has ended a call already would be sent once more.
        if ended := account.memory.write_down():
            account.demand.want(ended)
        room = account.stops.room
        due = calls.tick(
            self._ledger,
            duty.account,
            most=MOST,
            free=room,
            delays=account.stopper.delays,
            ceiling=duty.ceiling,
            fingerprint=account.provider.fingerprint,
            only=duty.only,
        )
        account.memory.ticked(began_at)
        account.stops.send(due.stops, room)
        account.memory.refresh()
        if not account.demand.is_closing:
            self._send_messages(due)
        if due.expired == MOST:
            return 0.0
        if due.seconds is None:
            return LONGEST_SLEEP_SECONDS
        return min(LONGEST_SLEEP_SECONDS, max(SHORTEST_SLEEP_SECONDS, due.seconds))

    def _send_messages(self, due: Due) -> None:
        if due.dials:
            self._account.demand.want(due.dials)
        if due.collects:
            self._send_collects(due.collects)
        now = since_boot()
        if self._send_launch is None or now < self._schedules_at:
            return
        self._schedules_at = now + SCHEDULES_SECONDS
        if schedules.is_launch_due(self._ledger, self._account.duty.account):
            self._send_launch()
