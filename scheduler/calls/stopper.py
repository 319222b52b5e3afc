"""How one stop is sent, and what its answer means for the call."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential_jitter,
    wait_fixed,
)

from scheduler.calls.demand import Demand
from scheduler.calls.ends import End
from scheduler.calls.exchanges import NOBODY, Exchange, Watchers
from scheduler.calls.insist import block
from scheduler.calls.memory import Memory
from scheduler.calls.pace import waited
from scheduler.errors import AccountFault, NoSuchConnection, ProviderError
from scheduler.ledger import calls
from scheduler.ledger.calls import StopOrder
from scheduler.ledger.ledger import Ledger
from scheduler.masking import mask_text
from scheduler.models import Attempt, Disposition
from scheduler.providers import Provider

logger = logging.getLogger(__name__)

#: Between the sendings of a stop that nobody confirmed.
BETWEEN_STOPS = wait_exponential_jitter(multiplier=2, max=30, jitter=1)


def stop_delays() -> tuple[float, ...]:
    """Return the seconds between the sendings of a stop, the last one is kept. Drawn afresh."""
    return tuple(waited(BETWEEN_STOPS, times) for times in range(1, 9))


class Stopper:
    """Stops calls of one account. Safe to use from many threads."""

    def __init__(
        self,
        ledger: Ledger,
        provider: Provider,
        account: str,
        *,
        memory: Memory,
        demand: Demand,
        delays: Sequence[float],
        watchers: Watchers = NOBODY,
    ) -> None:
        """`delays` are the seconds until a stop is sent again, the last one is kept."""
        self._ledger = ledger
        self._provider = provider
        self._account = account
        self._memory = memory
        self._demand = demand
        self._watchers = watchers
        self.delays = tuple(delays)

    def stop(self, order: StopOrder) -> None:
        """Send one stop. Unless it is confirmed, the ledger has it sent again.

        Raises LedgerTrouble when what came of it can't be put on record.
        """
        if not self._memory.take(order.attempt, order.connection_id):
            return
        end = None
        try:
            end = self._send(order)
        finally:
            self._memory.sent(order.connection_id, end)
        if end is not None:
            if end.record(self._ledger, self._account, order.attempt):
                self._demand.want(1)
            self._memory.forget(order.connection_id)

    def _send(self, order: StopOrder) -> End | None:
        """Return the end that the API has confirmed, None when it has not."""
        ordered = End.by(order.why)
        try:
            late = order.late_seconds if order.sendings == 1 else None
            with self._watchers.see(Exchange("stop", order.attempt, late, ordered.disposition)):
                answer = self._provider.stop(order.connection_id)
        except NoSuchConnection as error:
            logger.info("%s: stop: %s", order.attempt, mask_text(str(error)))
            denied = calls.deny(self._ledger, self._account, order.attempt)
            if denied is None:
                return None
            return End(denied) if denied is Disposition.HUNG_UP else ordered
        except ProviderError as error:
            logger.warning("%s: stop: %s", order.attempt, mask_text(str(error)))
            calls.note_stop_error(self._ledger, order.attempt, str(error))
            if isinstance(error, AccountFault):
                block(self._ledger, self._account, self._provider.fingerprint, error)
            return None
        return End.by(order.why, answer)

    def stop_unrecorded(self, attempt: Attempt, connection_id: str) -> bool:
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
