"""From the provider's answer to the record: until then only one thread knows of the call."""

from __future__ import annotations

import logging
import threading
import time
from typing import Protocol

from scheduler import limit, logs
from scheduler.calls.demand import Demand
from scheduler.calls.duty import Duty
from scheduler.calls.memory import Memory
from scheduler.calls.news_desk import NewsDesk
from scheduler.calls.stopper import Stopper
from scheduler.calls.wake import Wake
from scheduler.clock import since_boot
from scheduler.errors import LedgerUnreachable
from scheduler.ledger import calls, limits
from scheduler.ledger.calls import NO_LISTENER, Claim, ListenerLease, Ringing, Wait
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.limits import LimitView
from scheduler.models import Connection
from scheduler.providers import Traits

logger = logging.getLogger(__name__)

#: How long Redis may be away before the dialling worker stops a connection that it can't record.
UNRECORDED_SECONDS = 5.0


class NewsSource(Protocol):
    """What brings the news of this process's connections."""

    @property
    def free_lease(self) -> ListenerLease:
        """The lease for a new connection; NO_LISTENER if there is no room."""

    def follow(self, desk: NewsDesk, claim: Claim, connection: Connection) -> None:
        """Bring the news of a connection that this process has leased. May wait for a token."""


class Recorder:
    """Records connections, or has them stopped without a record. Many threads may use it."""

    def __init__(
        self,
        ledger: Ledger,
        duty: Duty,
        *,
        memory: Memory,
        stopper: Stopper,
        sockets: NewsSource,
        desk: NewsDesk | None,
        demand: Demand,
        wake: Wake,
        traits: Traits,
    ) -> None:
        """`sockets` bring the news of connections to `desk`; `wake` is called for new deadlines."""
        self._ledger = ledger
        self._duty = duty
        self._memory = memory
        self._stopper = stopper
        self._sockets = sockets
        self._desk = desk
        self._demand = demand
        self._wake = wake
        self._traits = traits

    def keep(
        self,
        claim: Claim,
        connection: Connection,
        answered_at: float,
        ringing: Ringing | None = None,
    ) -> bool:
        """Record a connection, or stop it without a record. True: with it the account is full.

        Until then only this thread knows of a live call, so it does not leave before one of the two
        is done. A stop needs no ledger: memory sends it at the deadline, and this thread sooner.
        `ringing` is set if the callee has not answered yet.
        """
        known = connection.connection_id
        wait = self._wait(connection, ringing)
        longest = claim.max_duration_seconds
        passed = since_boot() - answered_at
        left = (wait.deadline_seconds if wait else longest) - passed
        after = longest - passed if wait else None
        self._memory.learn(claim.attempt, known, left, on_record=False, answered_seconds=after)
        stop_at = answered_at + min(UNRECORDED_SECONDS, claim.max_duration_seconds)
        stopped = hopeless = False
        while not (stopped and (hopeless or self._demand.is_closing)):
            try:
                seen = self._record(claim, connection, answered_at, wait)
            except LedgerUnreachable as error:
                logger.error("%s: its connection is not on record yet: %s", claim.attempt, error)
            except Exception:
                logger.exception("%s: its connection can't be put on record", claim.attempt)
                hopeless = True
            else:
                return self._learn(seen)
            if since_boot() >= stop_at and not stopped:
                self._stopper.stop_unrecorded(claim.attempt, known)
                stop_at = since_boot() + self._stopper.delays[0]
            stopped = self._memory.has_ended(known)
            time.sleep(0.2)
        self._memory.forget(known)
        return False

    def put_back(self, claim: Claim, connection: Connection, answered_at: float) -> None:
        """Record a connection again that the ledger has lost, on a thread of its own.

        An answer is never refused: if the ledger still knows of the start, the call goes on to its
        deadline; if not, it is ended. This holds even if the ledger goes away again.
        """
        logger.error(
            "%s: the ledger has lost its connection, which is recorded again", claim.attempt
        )
        args = (claim, connection, answered_at)
        threading.Thread(target=self._put_back, args=args, name="put back", daemon=True).start()

    def _put_back(self, claim: Claim, connection: Connection, answered_at: float) -> None:
        logs.be_about(self._duty.account)
        try:
            self.keep(claim, connection, answered_at)
        except Exception:
            logger.exception("%s: its connection can't be recorded again", claim.attempt)

    def _wait(self, connection: Connection, ringing: Ringing | None) -> Wait | None:
        if ringing is None:
            return None
        stage = "queued" if self._traits.queues_starts else "ringing"
        return Wait(stage, ringing.seconds, connection.queue_seconds)

    def _record(
        self, claim: Claim, connection: Connection, answered_at: float, wait: Wait | None
    ) -> LimitView:
        account, attempt, lease = self._duty.account, claim.attempt, self._free_lease
        taken_for, _, seen = calls.connect(
            self._ledger,
            account,
            attempt,
            connection,
            answered_ago_seconds=since_boot() - answered_at,
            max_duration_seconds=claim.max_duration_seconds,
            listener_lease=lease,
            wait=wait,
        )
        if taken_for == "second":
            # Nobody knows which of the two the callee hears. The stop of the other one is on
            # record.
            logger.error("%s: has another connection already; both are stopped", attempt)
            self._wake.due_in(0.0)
            while not self._stopper.stop_unrecorded(attempt, connection.connection_id):
                time.sleep(self._stopper.delays[0])
            self._memory.forget(connection.connection_id)
            return seen
        self._memory.recorded(connection.connection_id)
        if self._memory.has_ended(connection.connection_id):
            self._demand.want(self._memory.write_down())
        elif taken_for == "late":
            self._wake.due_in(0.0)
        else:
            self._wake.due_in(wait.deadline_seconds if wait else claim.max_duration_seconds)
            if lease.listener and self._desk is not None:
                self._sockets.follow(self._desk, claim, connection)
        return seen

    @property
    def _free_lease(self) -> ListenerLease:
        return NO_LISTENER if self._desk is None else self._sockets.free_lease

    def _learn(self, seen: LimitView) -> bool:
        """Raise the learned limit if a start was accepted at it; True if all of it is used."""
        account, ceiling = self._duty.account, self._duty.ceiling
        while True:
            raised = limit.after_acceptance(
                seen.limit,
                live=seen.live,
                ceiling=ceiling,
                now=seen.now,
                accepted=seen.accepted,
            )
            if raised == seen.limit:
                return seen.slots >= min(raised.learned, ceiling)
            if limits.learn(self._ledger, account, seen, raised):
                # This thread takes one of the new slots, messages bring threads for the others.
                if (others := raised.learned - seen.limit.learned - 1) > 0:
                    self._demand.want(others)
                return False
            seen = limits.read(self._ledger, account)
