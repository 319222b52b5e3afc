"""Reads an account's live calls again and again, in the one worker that holds the lease."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from uuid import uuid4

from tenacity import wait_exponential, wait_exponential_jitter

from scheduler.calls.demand import Demand
from scheduler.calls.duty import Duty
from scheduler.calls.memory import Memory
from scheduler.calls.pace import waited
from scheduler.calls.reports import Read, Reports
from scheduler.calls.searcher import Searcher
from scheduler.clock import since_boot
from scheduler.complaints import Outage
from scheduler.errors import LedgerTrouble, NoSuchConnection, ProviderError, Throttled
from scheduler.ledger import callbacks, searches
from scheduler.ledger import reports as on_record
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.reports import OpenCall
from scheduler.ledger.searches import Lead
from scheduler.masking import mask_text
from scheduler.providers import CallReport, CallsBack, Provider, Stage, Sweeps

logger = logging.getLogger(__name__)

#: Between two lists of open calls while one is live, shortened at random by up to a share.
LIST_SECONDS = 2.0
JITTER = 0.25

#: Between reads of calls whose stop was sent a moment ago, or whose cause is not known yet.
SOON_SECONDS = 0.5

#: Between looks for calls whose end a callback told, while a call is open.
REPORTED_SECONDS = 0.2

#: Between reads of a call that is on no list.
LONGEST_LOOK_SECONDS = 2.5

#: After a read that failed or has to wait.
IDLE_SECONDS = 1.0

#: With nothing to read, or while another worker reads; shorter than the lease. A timekeeper stirs
#: the poller sooner if a call is open.
QUIET_SECONDS = 8.0

#: After an answer that there were too many requests at once: most pass in a moment. It grows
#: slowly, because a round makes several requests, and if every fifth is refused, most rounds fail.
AFTER_THROTTLED = wait_exponential_jitter(multiplier=0.1, exp_base=1.25, max=10, jitter=0.1)

#: How long a worker that leaves waits for requests under way.
LEAVE_SECONDS = 3.0

#: After an answer that can't be used: slots stay taken until the next one.
AFTER_FAILURE = wait_exponential(multiplier=2, max=15)

#: Requests at a time.
AT_A_TIME = 4

#: Single calls that are read in one round: the lease is renewed before the next one.
MOST_LOOKS = 40

#: Prices that are read in one round: nothing waits for them.
MOST_PRICES = 2

#: A call that has just been started may not be listed yet.
NEW_SECONDS = 3.0

#: A list of ended calls begins so long before the last one, because lists lag.
OVERLAP_SECONDS = 15.0

#: Between sweeps while an attempt is open, and while none is.
SWEEP_SECONDS, IDLE_SWEEP_SECONDS = 60.0, 600.0


class Poller:
    """A thread that reads the calls of one account, and records what it learns."""

    def __init__(
        self,
        ledger: Ledger,
        provider: Provider,
        duty: Duty,
        *,
        reports: Reports,
        memory: Memory,
        demand: Demand,
    ) -> None:
        """`provider` is one that `Sweeps`. `memory` and `demand` learn which slots are free."""
        self._ledger = ledger
        self._provider = provider
        self._account = duty.account
        self._reports = reports
        self._memory = memory
        self._demand = demand
        self._searcher = Searcher(ledger, provider, duty)
        self._token = uuid4().hex
        self._looks: dict[str, tuple[float, float]] = {}  #: connection -> next look, and the pause
        self._list_at = self._swept_at = -1e9
        self._ended_since: float | None = None
        self._paused_until = 0.0
        self._throttled = self._failures = 0  #: how many rounds in a row ended so
        self._gets_callbacks = isinstance(provider, CallsBack) and duty.callbacks is not None
        self._expects_callbacks = False  #: calls are open whose provider sends callbacks
        self._outage = Outage(logger, "the poller", "the ledger")
        self._over = threading.Event()
        self._executor = ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="poll")
        self._thread = threading.Thread(target=self._keep, name="poller", daemon=True)

    def start(self) -> None:
        """Read, from now on."""
        self._thread.start()

    def wake(self) -> None:
        """Look now: something may be open."""
        self._reports.woken.set()

    def close(self) -> None:
        """Leave, and let another worker read."""
        self._over.set()
        self._reports.woken.set()
        if self._thread.is_alive():
            # The next worker reads these calls again.
            self._thread.join(LEAVE_SECONDS)
        self._executor.shutdown(wait=False, cancel_futures=True)
        with suppress(LedgerTrouble):
            searches.step_down(self._ledger, self._account, self._token)

    def _keep(self) -> None:
        while not self._over.is_set():
            self._rest(self._round_safely())
        self._provider.close()

    def _rest(self, sleep: float) -> None:
        """Sleep until woken; meanwhile read the calls that have ended, as a callback said."""
        until, woken = since_boot() + sleep, self._reports.woken
        while (left := until - since_boot()) > 0:
            if woken.wait(min(left, REPORTED_SECONDS) if self._expects_callbacks else left):
                break
            if self._expects_callbacks and self._read_reported_safely():
                until = min(until, since_boot() + SOON_SECONDS)
        woken.clear()

    def _read_reported_safely(self) -> bool:
        try:
            is_early = self.read_reported()
            self._outage.is_over()
            return is_early
        except LedgerTrouble as error:
            self._outage.lasts(error)
        except Exception:
            logger.exception("calls that have ended, as a callback said, can't be read")
        return False

    def read_reported(self) -> bool:
        """Read the calls that callbacks report as over; True if a read does not show it yet.

        A callback proves nothing, and may be ahead of the reads. Raises LedgerTrouble.
        """
        attempts = callbacks.take_reported(self._ledger, self._account, MOST_LOOKS)
        if not attempts:
            return False
        calls = on_record.open_calls(self._ledger, self._account, attempts)
        soon = (since_boot() + SOON_SECONDS, SOON_SECONDS)
        self._looks.update({call.connection_id: soon for call in calls})
        list(self._executor.map(self._look, calls))
        return any(call.connection_id in self._looks for call in calls)

    def _round_safely(self) -> float:
        try:
            sleep = self.round()
            self._outage.is_over()
            return sleep
        except Throttled as error:
            self._throttled += 1
            self._list_at = 0.0  # list again once the pause is over
            pause = error.retry_after_seconds or waited(AFTER_THROTTLED, self._throttled)
            self._paused_until = since_boot() + pause
            logger.info("account %s: %s", self._account, mask_text(str(error)))
            return min(pause, IDLE_SECONDS)
        except ProviderError as error:
            self._failures += 1
            self._paused_until = since_boot() + waited(AFTER_FAILURE, self._failures)
            logger.warning("account %s: calls can't be read: %s", self._account, error)
        except LedgerTrouble as error:
            self._outage.lasts(error)
        except Exception:
            # The poller outlives every fault, because slots wait for it.
            logger.exception("a round of the poller failed")
        return IDLE_SECONDS

    # One round ----------------------------------------------------------------------------------

    def round(self) -> float:
        """Read what is due now; return the seconds to sleep.

        Raises ProviderError, LedgerTrouble.
        """
        self._expects_callbacks = False
        lead = self._lead()
        paused_for = self._paused_until - since_boot()
        if lead is Lead.OTHERS or paused_for > 0:
            return min(IDLE_SECONDS, paused_for) if lead else QUIET_SECONDS
        if lead is Lead.TAKEN:
            self._swept_at = -1e9
        calls = on_record.open_calls(self._ledger, self._account)
        next_search = searches.seconds_until_next(self._ledger, self._account)
        is_open = bool(calls) or next_search is not None
        if self._is_due(calls) or self._is_sweep_due(is_open):
            self._list(calls, is_open)
            self._throttled = self._failures = 0
        else:
            self._look_again(calls)
        if next_search == 0.0:
            self._searcher.search()
        self._reports.read_prices(MOST_PRICES)
        has_orphans = self._searcher.stop_orphans()
        self._expects_callbacks = self._gets_callbacks and bool(calls)
        return self._sleep(calls, next_search, has_orphans)

    def _lead(self) -> Lead:
        attaches = self._searcher.attaches
        return searches.lead(self._ledger, self._account, self._token, attaches=attaches)

    def _is_due(self, calls: Sequence[OpenCall]) -> bool:
        return bool(calls) and since_boot() >= self._list_at

    def _is_sweep_due(self, is_open: bool) -> bool:
        interval = SWEEP_SECONDS if is_open else IDLE_SWEEP_SECONDS
        return since_boot() - self._swept_at >= interval

    def _sleep(
        self, calls: Sequence[OpenCall], next_search: float | None, has_orphans: bool
    ) -> float:
        is_quiet = not (calls or next_search is not None or has_orphans)
        now, sleep = since_boot(), QUIET_SECONDS if is_quiet else IDLE_SECONDS
        if calls:
            sleep = min(sleep, max(0.05, self._list_at - now))
        if next_search is not None:
            sleep = min(sleep, max(0.05, next_search))
        if has_orphans or any(at - now < SOON_SECONDS for at, _ in self._looks.values()):
            sleep = min(sleep, SOON_SECONDS)
        return sleep

    def _list(self, calls: Sequence[OpenCall], is_open: bool) -> None:
        """Read the open calls, then those of ours that are not among them."""
        assert isinstance(self._provider, Sweeps)
        asked_at = self._ledger.time()
        self._list_at = since_boot() + LIST_SECONDS * (1 - random.uniform(0, JITTER))
        listed = self._provider.open_calls()
        if self._is_sweep_due(is_open) or self._is_aborted(calls):
            self._swept_at = since_boot()
            self._searcher.sweep(listed, asked_at)
        by_id = {report.connection_id: report for report in listed}
        self._see_open(calls, by_id, asked_at)
        missing = [call for call in calls if call.connection_id not in by_id]
        known = {call.connection_id for call in calls}
        self._looks = {one: when for one, when in self._looks.items() if one in known}
        if missing:
            self._lead()
            self._read_missing(missing, asked_at)

    def _is_aborted(self, calls: Sequence[OpenCall]) -> bool:
        """Whether an operator has aborted a campaign since the last sweep."""
        if since_boot() - self._swept_at < LIST_SECONDS:
            return False
        since = self._ledger.time() - (since_boot() - self._swept_at)
        return any(
            call.stop_why == "aborted" and (call.stop_owed_at or 0.0) > since for call in calls
        )

    # What is open -------------------------------------------------------------------------------

    def _see_open(
        self, calls: Sequence[OpenCall], listed: dict[str, CallReport], asked_at: float
    ) -> None:
        unanswered = []
        for call in calls:
            report = listed.get(call.connection_id)
            if report is None:
                continue
            if not call.stop_why:
                self._looks.pop(call.connection_id, None)
            found = self._reports.meaning(call, report)
            if found.act is None and found.stage in (Stage.QUEUED, Stage.RINGING):
                unanswered.append((call.attempt, str(report.stage)))
            else:
                self._learn(call, Read(report, asked_at))
        on_record.unanswered(self._ledger, asked_at, unanswered)
        queued = [attempt for attempt, stage in unanswered if stage == Stage.QUEUED]
        on_record.recall(self._ledger, self._account, queued)

    def _learn(self, call: OpenCall, read: Read) -> bool:
        is_over = self._reports.learn(call, read)
        if is_over:
            self._free(call)
        return is_over

    def _free(self, call: OpenCall) -> None:
        self._memory.forget(call.connection_id)
        self._looks.pop(call.connection_id, None)
        self._demand.want(1)

    # What may be over ---------------------------------------------------------------------------

    def _read_missing(self, missing: Sequence[OpenCall], asked_at: float) -> None:
        """Read the calls that are not among the open ones: from one list, then one by one."""
        assert isinstance(self._provider, Sweeps)
        since = asked_at - IDLE_SWEEP_SECONDS if self._ended_since is None else self._ended_since
        ended = {one.connection_id: one for one in self._provider.ended_calls(since)}
        self._ended_since = asked_at - OVERLAP_SECONDS
        over = [call for call in missing if _is_over(ended.get(call.connection_id))]
        # In threads, because each failed call is asked why.
        learned = self._executor.map(
            lambda call: self._learn(call, Read(ended[call.connection_id], asked_at)), over
        )
        for call, is_over in zip(over, learned, strict=True):
            if not is_over:
                # It may still wait for its cause: read it again soon.
                self._looks.setdefault(call.connection_id, (since_boot(), SOON_SECONDS))
        left = [call for call in missing if call not in over]
        self._look_at([call for call in left if self._is_look_due(call, asked_at)])

    def _look_again(self, calls: Sequence[OpenCall]) -> None:
        """Read calls whose stop has been sent, and those that are due to be read again."""
        now = self._ledger.time()
        for call in calls:
            if call.stop_sendings and call.connection_id not in self._looks:
                self._looks[call.connection_id] = (since_boot() + SOON_SECONDS, SOON_SECONDS)
        known = [call for call in calls if call.connection_id in self._looks]
        self._look_at([call for call in known if self._is_look_due(call, now)])

    def _is_look_due(self, call: OpenCall, now: float) -> bool:
        if call.connection_id in self._looks:
            return self._looks[call.connection_id][0] <= since_boot()
        return now - call.begun_at > NEW_SECONDS

    def _look_at(self, calls: Sequence[OpenCall]) -> None:
        for call in calls[:MOST_LOOKS]:
            first = SOON_SECONDS if call.stop_why else LIST_SECONDS
            pause = self._looks.get(call.connection_id, (0.0, first))[1]
            self._looks[call.connection_id] = (
                since_boot() + pause,
                min(2 * pause, LONGEST_LOOK_SECONDS),
            )
        list(self._executor.map(self._look, calls[:MOST_LOOKS]))

    def _look(self, call: OpenCall) -> None:
        try:
            _, is_over = self._reports.look(call.attempt, call.connection_id)
        except NoSuchConnection as error:
            # This proves nothing: a call that was created a moment ago may not be visible yet.
            logger.info("%s: %s", call.attempt, mask_text(str(error)))
        except (ProviderError, LedgerTrouble) as error:
            logger.warning("%s: the call can't be read: %s", call.attempt, mask_text(str(error)))
        else:
            if is_over:
                self._free(call)


def _is_over(report: CallReport | None) -> bool:
    return report is not None and report.stage is Stage.OVER
