"""Which clock is right, that of Redis or our own? The providers' clocks decide.

Redis shows that more time has passed than our steady clock. Either its clock was set ahead, or our
machine was paused, and our steady clock with it. How far a provider's clock has moved meanwhile
decides which.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice

from scheduler import logs
from scheduler.calls.account import ServedAccount
from scheduler.clock import since_boot
from scheduler.errors import ProviderError
from scheduler.ledger import accounts
from scheduler.ledger.clocks import Right
from scheduler.ledger.ledger import Ledger
from scheduler.masking import mask_text
from scheduler.providers import ApiTime, Gain, ShowsTime, gain

logger = logging.getLogger(__name__)

#: A shorter jump is not worth a request, because dates have whole seconds.
ASKED_FROM_SECONDS = 5.0

#: The error of servers that update their date once a second, or whose clocks differ.
SKEW_SECONDS = 1.0

#: A clock that gains no more than this agrees with ours: less than any jump that is checked, and
#: more than the uncertainty of two dates and a request.
AGREES_SECONDS = 4.0

#: How long to wait for a provider's answer, and then for other workers that may have one.
ANSWERS_SECONDS = 2.0
OTHERS_SECONDS = 3.0

#: So many accounts are asked at once; the first that knows decides.
MOST_ASKED = 4

#: Between two looks whether another worker has decided.
LOOK_SECONDS = 0.1


def judge(jump_seconds: float, gained: Gain | None) -> Right:
    """Decide which clock is right, by how much a provider's clock has gained on ours."""
    if gained is None:
        return Right.UNKNOWN
    if gained.least <= SKEW_SECONDS and -SKEW_SECONDS <= gained.most <= AGREES_SECONDS:
        return Right.STEADY
    if gained.least > SKEW_SECONDS and gained.most >= jump_seconds - SKEW_SECONDS:
        return Right.REDIS
    return Right.UNKNOWN


class ThirdClock:
    """Asks the providers of a process what time it is. For one thread."""

    def __init__(self, ledger: Ledger, every: Callable[[], Sequence[ServedAccount]]) -> None:
        """`every` returns the accounts that are served."""
        self._ledger = ledger
        self._every = every
        self._earlier: dict[ShowsTime, ApiTime] = {}

    def shown(self) -> dict[ShowsTime, ApiTime]:
        """Return the last dates of providers; call this before Redis is read."""
        clocks = [one.clock for one in self._every() if one.clock is not None]
        return {clock: shown for clock in clocks if (shown := clock.shown_time) is not None}

    def keep(self, shown: dict[ShowsTime, ApiTime]) -> None:
        """Compare with these dates from now on: up to here Redis and we agree.

        Later dates may come from after the pause that is to be noticed.
        """
        self._earlier = shown

    def right(self, jump_seconds: float, is_settled: Callable[[], bool]) -> Right:
        """Decide which clock is right; UNKNOWN after a few seconds, or once others have decided.

        Changes nothing anywhere. Raises LedgerTrouble.
        """
        if is_settled() or not accounts.any_open(self._ledger, accounts.names(self._ledger)):
            return Right.UNKNOWN
        began_at = since_boot()
        answers = self._ask(jump_seconds)
        while since_boot() - began_at < OTHERS_SECONDS and not is_settled():
            try:
                right = answers.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                continue
            if right is not Right.UNKNOWN:
                return right
        if not is_settled():
            logger.error(
                "no provider tells whether the clock of Redis is wrong: calls may end early"
            )
        return Right.UNKNOWN

    def _ask(self, jump_seconds: float) -> queue.SimpleQueue[Right]:
        """Ask the providers, each on a thread of its own."""
        answers: queue.SimpleQueue[Right] = queue.SimpleQueue()
        for account, clock in islice(self._telling(), MOST_ASKED):
            earlier = self._earlier[clock]
            ask = partial(_ask, account, clock, earlier, jump_seconds, answers)
            # A daemon, so that a provider that hangs keeps no worker from leaving.
            threading.Thread(target=ask, name="third-clock", daemon=True).start()
        return answers

    def _telling(self) -> Iterator[tuple[ServedAccount, ShowsTime]]:
        """Yield the accounts with open calls whose providers have shown a date before."""
        for account in self._every():
            clock, name = account.clock, account.duty.account
            if clock in self._earlier and accounts.is_open(self._ledger, name):
                yield account, clock


def _ask(
    account: ServedAccount,
    clock: ShowsTime,
    earlier: ApiTime,
    jump_seconds: float,
    answers: queue.SimpleQueue[Right],
) -> None:
    right = Right.UNKNOWN
    with logs.about(account.duty.account):
        try:
            later = clock.ask_time(ANSWERS_SECONDS)
            gained = None if later is None else gain(earlier, later)
            right = judge(jump_seconds, gained)
            logger.info("the provider's clock has gained on ours: %s", gained)
        except ProviderError as error:
            logger.warning("the provider does not tell the time: %s", mask_text(str(error)))
        except Exception:
            logger.exception("the provider's time can't be read")
        finally:
            answers.put(right)
            account.provider.close()
