"""How one stop is sent, and what its answer means for the call."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress

from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential_jitter,
    wait_fixed,
)

from scheduler.calls.demand import Demand
from scheduler.calls.duty import Duty
from scheduler.calls.ends import End, Failure
from scheduler.calls.exchanges import NOBODY, Exchange, Watchers
from scheduler.calls.insist import block
from scheduler.calls.memory import Memory
from scheduler.calls.pace import waited
from scheduler.calls.reports import Read, Reports
from scheduler.errors import (
    AccountFault,
    NoSuchConnection,
    ProviderError,
    SchedulerError,
    Throttled,
)
from scheduler.ledger import calls, listeners
from scheduler.ledger.calls import LOOK, Claim, StopOrder
from scheduler.ledger.ledger import Ledger
from scheduler.masking import mask_text
from scheduler.models import Attempt, Disposition
from scheduler.providers import Provider, Stage, StopAnswer

logger = logging.getLogger(__name__)

#: Between the sendings of a stop that nobody confirmed.
BETWEEN_STOPS = wait_exponential_jitter(multiplier=2, max=30, jitter=1)


#: After too many requests at once: this passes in a moment, and a stop matters more than most.
_SOON_AGAIN = Retrying(
    retry=retry_if_exception_type(Throttled),
    wait=wait_exponential_jitter(multiplier=0.1, max=1, jitter=0.1),
    stop=stop_after_attempt(4),
    reraise=True,
)


def stop_delays() -> tuple[float, ...]:
    """Return the seconds between the sendings of a stop, drawn anew; the last one repeats."""
    return tuple(waited(BETWEEN_STOPS, times) for times in range(1, 9))


class Stopper:
    """Stops calls of one account. Safe to use from many threads."""

    def __init__(
        self,
        ledger: Ledger,
        provider: Provider,
        duty: Duty,
        *,
        memory: Memory,
        demand: Demand,
        delays: Sequence[float],
        watchers: Watchers = NOBODY,
        reports: Reports | None = None,
    ) -> None:
        """`delays` are the seconds until a stop is sent again; the last one repeats.

        With `reports` only a final status that was read confirms an end.
        """
        self._ledger = ledger
        self._provider = provider
        self._duty = duty
        self._account = duty.account
        self._memory = memory
        self._demand = demand
        self._watchers = watchers
        self._reports = reports
        self.delays = tuple(delays)

    def stop(self, order: StopOrder) -> None:
        """Send one stop. Unless it is confirmed, the ledger has it sent again.

        An order to look is no stop: it reads the call first. Raises LedgerTrouble if the result
        can't be recorded.
        """
        if order.why == LOOK:
            self._look(order)
            return
        if not self._memory.take(order.attempt, order.connection_id):
            return
        end = None
        try:
            end = self._send(order)
        finally:
            self._memory.sent(order.connection_id, end)
        if end is not None:
            self._end(order, end)
        elif self._reports is not None:
            self._reports.woken.set()

    def _end(self, order: StopOrder, end: End) -> None:
        report = end.answer.report
        if self._reports is not None and report is not None:
            read = Read(report, self._ledger.time() - end.ago_seconds)
            if self._reports.hear(order.attempt, read):
                self._demand.want(1)
        elif self._demand.has_idle():
            self._hand_on(order.attempt, end)
        elif end.record(self._ledger, self._account, order.attempt):
            self._demand.want(1)
        self._memory.forget(order.connection_id)

    def _hand_on(self, attempt: Attempt, end: End) -> None:
        """Record an end, and have a thread that waits for a slot dial the next call in it."""
        bid = self._duty.bid(self._provider.fingerprint)
        is_news, claim = end.hand_on(self._ledger, self._account, attempt, bid)
        if isinstance(claim, Claim):
            if not self._demand.hand_on(claim):
                with suppress(SchedulerError):  # else the claim's lease runs out
                    calls.give_back(self._ledger, self._account, claim.attempt)
                self._demand.want(1)
        elif is_news and claim is not None:
            self._demand.want(1)  # a thread waits for the pace of starts

    def _look(self, order: StopOrder) -> None:
        """Read a call whose deadline before the answer has passed; stop it if nobody answered."""
        if self._reports is None:
            return
        try:
            report, is_over = self._reports.look(order.attempt, order.connection_id)
        except ProviderError as error:
            logger.warning("%s: the call can't be read: %s", order.attempt, mask_text(str(error)))
            return
        if is_over:
            self._demand.want(1)
            self._memory.forget(order.connection_id)
        elif report.stage in (Stage.QUEUED, Stage.RINGING):
            stop = listeners.hint_and_take(
                self._ledger, self._account, order.attempt, "no_answer", delays=self.delays
            )
            if stop is not None:
                self.stop(stop)

    def _send(self, order: StopOrder) -> End | None:
        """Return the end that the API has confirmed; None if it has not."""
        ordered = End.by(order.why)
        try:
            late = order.late_seconds if order.sendings == 1 else None
            with self._watchers.see(Exchange("stop", order.attempt, late, ordered.disposition)):
                answer: StopAnswer = _SOON_AGAIN(self._provider.stop, order.connection_id)
        except NoSuchConnection as error:
            logger.info("%s: stop: %s", order.attempt, mask_text(str(error)))
            if self._reports is not None:
                return None
            denied = calls.deny(self._ledger, self._account, order.attempt)
            if denied is None:
                return None
            return End(denied) if denied is Disposition.HUNG_UP else ordered
        except ProviderError as error:
            logger.warning("%s: stop: %s", order.attempt, mask_text(str(error)))
            failure = Failure.of(error)
            self._memory.failed(order.connection_id, failure)
            calls.note_stop_error(self._ledger, order.attempt, failure.said, failure.cause)
            if isinstance(error, AccountFault):
                block(self._ledger, self._account, self._provider.fingerprint, error)
            return None
        return End.by(order.why, answer) if self._is_confirmed(answer) else None

    def _is_confirmed(self, answer: StopAnswer) -> bool:
        """Whether the answer to a stop proves the end of the call."""
        if self._reports is None:
            return True
        return answer.report is not None and answer.report.stage is Stage.OVER

    def stop_unrecorded(self, attempt: Attempt, connection_id: str) -> bool:
        """Send a stop without a record; True if the connection has ended."""
        if not self._memory.take(attempt, connection_id):
            return self._memory.has_ended(connection_id)
        end = None
        # As with a record: "no such connection" proves an end only if it comes twice, seconds
        # apart.
        certain = Retrying(
            retry=retry_if_exception_type(NoSuchConnection),
            wait=wait_fixed(self._ledger.leases.denied_interval),
            stop=stop_after_attempt(2),
            reraise=True,
        )
        try:
            with self._watchers.see(Exchange("stop", attempt, ends_as=Disposition.STOPPED)):
                answer: StopAnswer = certain(self._provider.stop, connection_id)
            if self._is_confirmed(answer):
                # If the answer to a stop has no report, nothing else of it is kept.
                end = End.by("deadline", StopAnswer(report=answer.report))
        except NoSuchConnection:
            end = End.by("deadline") if self._reports is None else None
        except ProviderError as error:
            self._memory.failed(connection_id, Failure.of(error))
            logger.error("%s: can't be stopped: %s", attempt, mask_text(str(error)))
        finally:
            self._memory.sent(connection_id, end)
        return end is not None
