"""What happens to a call, step by step: all the rules, no plumbing."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeVar
from uuid import uuid4

from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_after_delay,
    wait_exponential_jitter,
    wait_fixed,
)

from scheduler import limit
from scheduler.calls.demand import Demand
from scheduler.calls.duty import Duty
from scheduler.calls.exchanges import NOBODY, Exchange, Watchers
from scheduler.calls.memory import End, Memory
from scheduler.calls.pace import give_way, waited
from scheduler.calls.wake import Wake
from scheduler.clock import since_boot
from scheduler.errors import (
    AccountFault,
    AtLimit,
    LedgerTrouble,
    LedgerUnreachable,
    NoSuchConnection,
    NotDone,
    NotSent,
    ProviderError,
    Refused,
    StaleAttempt,
)
from scheduler.hours.openings import opening
from scheduler.ledger import calls as ledger_calls
from scheduler.ledger import limits
from scheduler.ledger.calls import Charge, Claim, StopOrder
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.limits import LimitView
from scheduler.masking import mask_text
from scheduler.models import (
    Attempt,
    Connection,
    Disposition,
    Reason,
)
from scheduler.providers import Order, Provider

logger = logging.getLogger(__name__)

T = TypeVar("T")

#: From before `begin` to the first byte of the start. A worker that was frozen for longer gives
#: the attempt back instead of dialling on old knowledge.
LEAVE_WITHIN_SECONDS = 2.0

#: How long Redis may be away before the dialling worker stops a connection that it can't record.
UNRECORDED_SECONDS = 5.0

#: How long to insist on telling the ledger what became of a dialing attempt; less than its lease.
INSIST_SECONDS = 20.0

#: After a 429, when the API does not say how long to wait.
AFTER_429 = wait_exponential_jitter(multiplier=0.5, max=30, jitter=0.5)

#: Between the sendings of a stop that nobody confirmed.
BETWEEN_STOPS = wait_exponential_jitter(multiplier=2, max=30, jitter=1)

#: Until a call is due again whose start did not reach the API.
AFTER_NOT_REACHED_SECONDS = 1.0


def stop_delays() -> tuple[float, ...]:
    """Return the seconds between the sendings of a stop, the last one is kept. Drawn afresh."""
    return tuple(waited(BETWEEN_STOPS, times) for times in range(1, 9))


class Ears(Protocol):
    """Who listens to the connections of this worker."""

    @property
    def charge(self) -> Charge:
        """What a new connection is put into; nobody's when there is no room."""

    def follow(self, claim: Claim, connection: Connection) -> None:
        """Listen to a connection that has been put into it. May wait, as for a token."""


class Dialer:
    """Dials what is due and stops what is over. Safe to use from many threads."""

    def __init__(
        self,
        ledger: Ledger,
        provider: Provider,
        duty: Duty,
        *,
        demand: Demand,
        wake: Wake,
        ears: Ears,
        memory: Memory,
        is_behind: Callable[[], bool] = lambda: False,
        watchers: Watchers = NOBODY,
    ) -> None:
        """`demand` hears how many calls can go, and `wake` of deadlines.

        `ears` listen to what is connected, `memory` keeps it. `is_behind` says whether stops wait
        for this process. `watchers` look on at every start and stop.
        """
        self._ledger = ledger
        self._provider = provider
        self._duty = duty
        self._demand = demand
        self._wake = wake
        self._ears = ears
        self._memory = memory
        self._is_behind = is_behind
        self._watchers = watchers
        self.stop_delays = stop_delays()

    # Dialling -----------------------------------------------------------------------------------

    def dial(self, until: float | None = None) -> None:
        """Claim and dial one call after the other, until none may be claimed or it is `until`.

        With an `until` it lingers a moment for the next slot that is freed here: so a slot is
        handed on without a message.
        """
        with self._demand.one_more():
            while not self._demand.is_closing and (until is None or since_boot() < until):
                give_way(self._is_behind, self._demand.closing)
                claim = self._claim()
                if isinstance(claim, Claim):
                    is_full = self.dial_one(claim)
                    if is_full and until is not None and not self._demand.linger():
                        return
                elif until is None or not self._demand.wait_for(claim):
                    return

    def _claim(self) -> Claim | float | None:
        duty = self._duty
        return ledger_calls.claim(
            self._ledger,
            duty.account,
            uuid4().hex,
            ceiling=duty.ceiling,
            fingerprint=self._provider.fingerprint,
            only=duty.only,
            starts_per_second=duty.starts_per_second,
        )

    def dial_one(self, claim: Claim) -> bool:
        """Take one claimed call to its connection, or to whatever becomes of it.

        True: with its connection the account was full, so that a claim would be in vain.
        """
        try:
            closes_at = self._open_until(claim)
            if closes_at is not None:
                return self._dial(claim, closes_at)
        except StaleAttempt as error:
            logger.info("%s", error)
        return False

    def _open_until(self, claim: Claim) -> float | None:
        """Decide by what the claim says; what Redis knows besides is decided in `begin`.

        Returns until when the contact may be called; None when it may not be now.
        """
        address = claim.contact.address
        if self._duty.allowed and address not in self._duty.allowed:
            self._finish(claim, Disposition.SKIPPED, reason=Reason.NOT_ALLOWED)
            return None
        found = opening(claim.policy, claim.contact, claim.now)
        if found.reason is not None:
            self._finish(claim, Disposition.SKIPPED, reason=found.reason)
        elif found.at > claim.now:
            self._give_back(claim, "", found.at - claim.now)
        else:
            return found.until
        return None

    def _dial(self, claim: Claim, closes_at: float) -> bool:
        token = ""
        try:
            # First, because a token may take seconds, and from `begin` on the time is short.
            self._provider.authorize(claim.max_duration_seconds)
            order = Order.of(claim.attempt, claim.policy, claim.contact)
            token = uuid4().hex
            asked_at = since_boot()
            if not self._begin(claim, token, closes_at):
                return False
            with self._watchers.see(Exchange("start", claim.attempt)):
                connection = self._provider.start(order, partial(_leave, asked_at))
        except ProviderError as error:
            logger.warning("%s: %s", claim.attempt, mask_text(str(error)))
            self._settle(claim, token, error)
            return False
        return self._keep(claim, connection, since_boot())

    def _begin(self, claim: Claim, token: str, closes_at: float) -> bool:
        begin = partial(ledger_calls.begin, self._ledger, self._duty.account, claim.attempt, token)
        try:
            # The first byte may leave that much later, and has to leave in time.
            return begin(
                max_duration_seconds=claim.max_duration_seconds,
                closes_at=closes_at - LEAVE_WITHIN_SECONDS,
            )
        except LedgerTrouble:
            # Perhaps it is on record as dialing. Nothing has been sent, so it is given back.
            self._give_back(claim, token)
            return False

    def _settle(self, claim: Claim, token: str, error: ProviderError) -> None:
        """Tell the ledger what became of a start that gave no connection."""
        message = str(error)
        match error:
            case AccountFault():
                self.block(error)
                if error.maybe_done:
                    self._lose(claim, message)
                else:
                    self._give_back(claim, token, signal="answered", message=message)
            case AtLimit():
                self._back_off(claim, token, error)
            case NotSent():
                delay = error.retry_after_seconds or AFTER_NOT_REACHED_SECONDS
                self._give_back(claim, token, delay)
            case NotDone(reached=False):
                delay = error.retry_after_seconds or AFTER_NOT_REACHED_SECONDS
                self._give_back(claim, token, delay, signal="failed", message=message)
            case NotDone():
                delay = error.retry_after_seconds or 0.0
                self._give_back(claim, token, delay, signal="answered", message=message)
            case Refused():
                self._finish(claim, Disposition.REJECTED, message=message, signal="answered")
            case _:
                self._lose(claim, message)

    def _give_back(
        self,
        claim: Claim,
        token: str,
        delay_seconds: float = 0.0,
        *,
        signal: str = "",
        message: str = "",
    ) -> None:
        give_back = partial(
            ledger_calls.give_back, self._ledger, self._duty.account, claim.attempt, token
        )
        _insist(partial(give_back, delay_seconds=delay_seconds, signal=signal, message=message))

    def _back_off(self, claim: Claim, token: str, error: AtLimit) -> None:
        """429: the call has not failed. It waits its turn, and the account is asked for less."""
        account = self._duty.account
        seen: LimitView = _insist(partial(limits.read, self._ledger, account))
        lowered = limit.after_refusal(
            seen.limit, fits=seen.slots - 1, now=seen.now, reserve=self._duty.reserve
        )
        delay = error.retry_after_seconds or waited(AFTER_429, seen.refused_in_row + 1)
        give_back = partial(
            ledger_calls.give_back_at_limit, self._ledger, account, claim.attempt, token
        )
        _insist(
            partial(give_back, delay_seconds=delay, message=str(error), seen=seen, lowered=lowered)
        )

    def _lose(self, claim: Claim, message: str) -> None:
        # A phone may be ringing, and nobody can address that call: its slot stays taken.
        hold = claim.max_duration_seconds
        self._finish(
            claim,
            Disposition.UNKNOWN,
            reason=Reason.NO_ANSWER,
            message=message,
            hold_seconds=hold,
            signal="failed",
        )

    def _finish(
        self,
        claim: Claim,
        disposition: Disposition,
        *,
        reason: Reason | None = None,
        message: str = "",
        hold_seconds: float = 0.0,
        signal: str = "",
    ) -> None:
        finish = partial(
            ledger_calls.finish, self._ledger, self._duty.account, claim.attempt, disposition
        )
        _insist(
            partial(
                finish, reason=reason, message=message, hold_seconds=hold_seconds, signal=signal
            )
        )

    def block(self, error: AccountFault) -> None:
        """Dial no more with these credentials; stops are still sent."""
        logger.error("account %s stops dialling: %s", self._duty.account, mask_text(str(error)))
        block = partial(limits.block, self._ledger, self._duty.account, self._provider.fingerprint)
        _insist(partial(block, str(error)))

    # From the answer to the record ----------------------------------------------------------------

    def _keep(self, claim: Claim, connection: Connection, answered_at: float) -> bool:
        """See to it that a connection is on record, or is stopped without one.

        True: with it the account is full.

        Until then this thread is all that knows of a live call: it does not leave before either is
        done. A stop needs no ledger: memory sends it at the deadline, and this thread sooner.
        """
        known = connection.connection_id
        left = claim.max_duration_seconds - (since_boot() - answered_at)
        self._memory.learn(claim.attempt, known, left, on_record=False)
        stop_at = answered_at + min(UNRECORDED_SECONDS, claim.max_duration_seconds)
        stopped = hopeless = False
        while not (stopped and (hopeless or self._demand.is_closing)):
            try:
                seen = self._record(claim, connection, answered_at)
            except LedgerUnreachable as error:
                logger.error("%s: its connection is not on record yet: %s", claim.attempt, error)
            except Exception:
                logger.exception("%s: its connection can't be put on record", claim.attempt)
                hopeless = True
            else:
                return self._learn(seen)
            if since_boot() >= stop_at and not stopped:
                self._stop_unrecorded(claim.attempt, known)
                stop_at = since_boot() + self.stop_delays[0]
            stopped = self._memory.has_ended(known)
            time.sleep(0.2)
        self._memory.forget(known)
        return False

    def _record(self, claim: Claim, connection: Connection, answered_at: float) -> LimitView:
        account, attempt, charge = self._duty.account, claim.attempt, self._ears.charge
        said, _, seen = ledger_calls.connect(
            self._ledger,
            account,
            attempt,
            connection,
            answered_ago_seconds=since_boot() - answered_at,
            max_duration_seconds=claim.max_duration_seconds,
            charge=charge,
        )
        if said == "second":
            logger.error("%s: has another connection already; this one is stopped", attempt)
            while not self._stop_unrecorded(attempt, connection.connection_id):
                time.sleep(self.stop_delays[0])
            self._memory.forget(connection.connection_id)
            return seen
        self._memory.recorded(connection.connection_id)
        if self._memory.has_ended(connection.connection_id):
            self._demand.want(self._memory.write_down())
        elif said == "late":
            self._wake.due_in(0.0)
        else:
            self._wake.due_in(claim.max_duration_seconds)
            if charge.listener:
                self._ears.follow(claim, connection)
        return seen

    def put_back(self, claim: Claim, connection: Connection, answered_at: float) -> None:
        """Put a connection on record that the ledger has lost, on a thread of its own.

        As an answer is never refused, the call goes on to its deadline where the ledger still knows
        of its start, and is ended where it does not; also when the ledger goes away again.
        """
        logger.error("%s: the ledger has lost its connection; it is put back", claim.attempt)
        args = (claim, connection, answered_at)
        threading.Thread(target=self._put_back, args=args, name="put back", daemon=True).start()

    def _put_back(self, claim: Claim, connection: Connection, answered_at: float) -> None:
        try:
            self._keep(claim, connection, answered_at)
        except Exception:
            logger.exception("%s: its connection can't be put back", claim.attempt)

    def _stop_unrecorded(self, attempt: Attempt, connection_id: str) -> bool:
        """Send a stop that is on no record; True when the connection has ended."""
        if not self._memory.take(attempt, connection_id):
            return self._memory.has_ended(connection_id)
        end = None
        # As on record: "no such connection" is an end only when it is said twice, seconds apart.
        certain = Retrying(
            retry=retry_if_exception_type(NoSuchConnection),
            wait=wait_fixed(self._ledger.leases.denied_apart),
            stop=stop_after_attempt(2),
            reraise=True,
        )
        try:
            with self._watchers.see(Exchange("stop", attempt, ends_as=Disposition.STOPPED)):
                certain(self._provider.stop, connection_id)
            end = End.by("deadline")
        except NoSuchConnection:
            end = End.by("deadline")
        except ProviderError as error:
            logger.error("%s: can't be stopped: %s", attempt, mask_text(str(error)))
        finally:
            self._memory.sent(connection_id, end)
        return end is not None

    def _learn(self, seen: LimitView) -> bool:
        """Raise the learned limit when a start was accepted at it; True when all of it is used."""
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

    # Stopping -----------------------------------------------------------------------------------

    def stop(self, order: StopOrder) -> None:
        """Send one stop. Unless it is confirmed, the ledger has it sent again."""
        if not self._memory.take(order.attempt, order.connection_id):
            return
        end = None
        try:
            end = self._send_stop(order)
        finally:
            self._memory.sent(order.connection_id, end)
        if end is not None:
            self._record_end(order.attempt, end)
            self._memory.forget(order.connection_id)

    def _send_stop(self, order: StopOrder) -> End | None:
        """Return the end that the API has confirmed, None when it has not."""
        ordered = End.by(order.why)
        try:
            late = order.late_seconds if order.sendings == 1 else None
            with self._watchers.see(Exchange("stop", order.attempt, late, ordered.disposition)):
                answer = self._provider.stop(order.connection_id)
        except NoSuchConnection as error:
            logger.info("%s: stop: %s", order.attempt, mask_text(str(error)))
            denied = ledger_calls.deny(self._ledger, self._duty.account, order.attempt)
            if denied is None:
                return None
            return End(denied) if denied is Disposition.HUNG_UP else ordered
        except ProviderError as error:
            logger.warning("%s: stop: %s", order.attempt, mask_text(str(error)))
            ledger_calls.note_stop_error(self._ledger, order.attempt, str(error))
            if isinstance(error, AccountFault):
                self.block(error)
            return None
        return End.by(order.why, answer)

    def _record_end(self, attempt: Attempt, end: End) -> None:
        if end.record(self._ledger, self._duty.account, attempt):
            self._demand.want(1)


def _leave(asked_at: float) -> None:
    passed = since_boot() - asked_at
    if passed > LEAVE_WITHIN_SECONDS:
        raise NotSent(f"held back: {passed:.1f} s have passed since it was begun")


def _insist(tell: Callable[[], T]) -> T:
    """Tell the ledger; while it can't be reached, again, for less than a lease."""
    again = Retrying(
        retry=retry_if_exception_type(LedgerUnreachable),
        wait=wait_fixed(0.25),
        stop=stop_after_delay(INSIST_SECONDS),
        reraise=True,
    )
    told: T = again(tell)
    return told
