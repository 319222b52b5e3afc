"""What a worker does beside calls: it reports that it lives, counts, and erases old campaigns."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from scheduler.clock import since_boot
from scheduler.complaints import Complaints, Outage
from scheduler.errors import LedgerTrouble
from scheduler.late import LateCause
from scheduler.ledger import census, retirement, workers
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.workers import BEAT_SECONDS, WorkerHealth

logger = logging.getLogger(__name__)

#: How often it looks for campaigns that are old enough to be erased.
RETIRE_SECONDS = 3600.0

#: Steps of erasing between two beats: a large campaign takes a few minutes, and delays nothing.
STEPS = 10


class Housekeeping:
    """A thread of its own: nothing waits for it."""

    def __init__(
        self,
        ledger: Ledger,
        name: str,
        *,
        reports: Callable[[], Mapping[str, WorkerHealth]],
        result_ttl: float | None,
    ) -> None:
        """`reports` says for each account what this worker, under its name, is doing.

        `result_ttl` is how long a finished campaign is kept, in seconds; None: for ever.
        """
        self._ledger = ledger
        self._name = name
        self._reports = reports
        self._known: set[str] = set()  #: accounts for which this worker has recorded a beat
        self._result_ttl = result_ttl
        self._retiring: Iterator[int | None] = iter(())
        self._look_at = 0.0
        self._counted_to = 0
        self._complaints = Complaints(logger, "this worker can't say that it lives: ")
        self._outage = Outage(logger, "housekeeping", "the ledger")
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="housekeeping", daemon=True)

    def say_why(self, why: LateCause) -> None:
        """Beat now, and record why this worker missed beats. Raises LedgerTrouble."""
        self._beat(why)

    def start(self) -> None:
        """Beat, from now on."""
        self._thread.start()

    def close(self) -> None:
        """Record that this worker is gone."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
            for account in self._known:
                self._safely(partial(workers.leave, self._ledger, account, self._name))

    def _keep(self) -> None:
        tasks: list[Callable[[], object]] = [self._beat, self._count_some]
        if self._result_ttl is not None:
            tasks.append(partial(self._retire_some, self._result_ttl))
        while not self._over.is_set():
            # Each is tried, whatever became of those before it.
            if all([self._safely(task) for task in tasks]):
                self._outage.is_over()
            self._over.wait(BEAT_SECONDS)

    def _beat(self, why: LateCause | None = None) -> None:
        reports = self._reports()
        for account in self._known - set(reports):
            workers.leave(self._ledger, account, self._name)
        self._known = set(reports)
        for account, error in workers.beats(self._ledger, self._name, reports, why=why).items():
            self._complaints.say(account, error)

    def _safely(self, do: Callable[[], object]) -> bool:
        """Return whether the ledger was reached."""
        try:
            do()
        except LedgerTrouble as error:
            self._outage.lasts(error)
            return False
        except Exception:
            logger.exception("housekeeping failed")
        return True

    def _count_some(self) -> None:
        """Count campaigns in turn, because workers of the previous release report no changes."""
        self._counted_to = census.mend(self._ledger, self._counted_to)

    def _retire_some(self, ttl_seconds: float) -> None:
        if since_boot() >= self._look_at:
            self._look_at = since_boot() + RETIRE_SECONDS
            self._retiring = self._retire_old(ttl_seconds)
        for _ in range(STEPS):
            if next(self._retiring, None) is None:
                return

    def _retire_old(self, ttl_seconds: float) -> Iterator[int]:
        """Erase campaigns that finished long enough ago, one step after the other."""
        before = time.time() - ttl_seconds
        for campaign_id in retirement.campaigns_finished_before(self._ledger, before):
            while left := retirement.retire(self._ledger, campaign_id, before=before):
                yield left
            if left == 0:
                logger.info("campaign %s is retired: its results are no longer kept", campaign_id)
            yield 0
