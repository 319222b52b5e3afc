"""How a live call is made to say the steps for a machine."""

from __future__ import annotations

import logging

from scheduler.calls.duty import Duty
from scheduler.calls.frozen import Frozen
from scheduler.calls.memory import Memory
from scheduler.errors import NoSuchConnection, ProviderError, Refused
from scheduler.ledger import callbacks
from scheduler.ledger.calls import StopOrder
from scheduler.ledger.ledger import Ledger
from scheduler.masking import mask_text
from scheduler.providers import Provider, Speaks, StartOrder

logger = logging.getLogger(__name__)

#: How often it tries: a machine does not record for long.
MOST_TRIES = 4


class Speaker:
    """Has calls of one account say something else. Safe to use from many threads."""

    def __init__(self, ledger: Ledger, provider: Provider, duty: Duty, *, memory: Memory) -> None:
        """`memory` knows for which calls this process has sent a stop: these say nothing more."""
        self._ledger = ledger
        self._provider = provider
        self._duty = duty
        self._memory = memory
        self._frozen = Frozen(ledger)

    def speak(self, order: StopOrder) -> None:
        """Make a call say the steps for a machine; the ledger repeats the order if it may help.

        Raises LedgerTrouble if the result can't be recorded.
        """
        try:
            is_said = self._say(order)
        except (NoSuchConnection, Refused, ValueError) as error:
            logger.info("%s: says nothing to the machine: %s", order.attempt, mask_text(str(error)))
        except ProviderError as error:
            if order.sendings < MOST_TRIES:
                logger.warning(
                    "%s: says nothing else yet: %s", order.attempt, mask_text(str(error))
                )
                return
            logger.error(
                "%s: says nothing to the machine: %s", order.attempt, mask_text(str(error))
            )
        else:
            if is_said:
                logger.info("%s: speaks the steps for a machine", order.attempt)
        callbacks.spoken(self._ledger, self._duty.account, order.attempt)

    def _say(self, order: StopOrder) -> bool:
        """Send the steps; False if there is nothing to say, or the provider can't do it."""
        if self._memory.has_sent(order.connection_id) or not isinstance(self._provider, Speaks):
            return False
        attempt, duty = order.attempt, self._duty
        start = StartOrder.of(
            attempt,
            self._frozen.policy(attempt, order.connection_id),
            self._frozen.call(attempt, order.connection_id).contact,
            caller_ids=duty.caller_ids,
            callbacks=duty.callbacks,
            account=duty.account,
        )
        if not start.machine_script:
            return False
        self._provider.say_instead(order.connection_id, start, start.machine_script)
        return True
