"""Records what a report of a live call means, from any reader; a call only moves forward."""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from scheduler import limit
from scheduler.calls.acts import order
from scheduler.calls.duty import Duty
from scheduler.calls.frozen import Frozen
from scheduler.calls.news import Meaning, meaning
from scheduler.calls.outcomes import Standing, never_rang
from scheduler.clock import since_boot
from scheduler.errors import AtLimit, ProviderError, Refused
from scheduler.ledger import limits, reports
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.reports import OpenCall
from scheduler.masking import mask_text
from scheduler.models import Attempt
from scheduler.providers import CallReport, Looks, Outcome, Stage

logger = logging.getLogger(__name__)

#: How long to ask an API why a call failed, before the call ends without a cause.
WHY_SECONDS = 5.0

#: Between the reads of a call whose price is missing; after the last one, give up.
PRICE_DELAYS_SECONDS = (300.0, 1800.0)

#: Orders after which a call that never rang counts as not begun.
_NEED_NOT_RING = (reports.TAKEN_BACK, "aborted")

#: Until a call is due again that was not placed because the account's calls were used up.
AFTER_FULL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Read:
    """A report, and an instant right before its request, by the clock of Redis."""

    report: CallReport
    asked_at: float
    over_at: float | None = None  #: when it showed the end, if that could not be recorded at once

    def ours(self, theirs: float | None) -> float | None:
        """Convert an instant of the provider's clock to that of Redis; None without their time."""
        if theirs is None or self.report.read_at is None:
            return None
        return self.asked_at + theirs - self.report.read_at


class Reports:
    """Records what reads of one account's calls show. Safe to use from many threads."""

    def __init__(self, ledger: Ledger, provider: Looks, duty: Duty) -> None:
        self._ledger = ledger
        self._provider = provider
        self._account = duty.account
        self._reserve = duty.reserve
        self._frozen = Frozen(ledger)
        self.woken = threading.Event()  #: set: a call must be read again soon
        self._failed_at: dict[str, float] = {}  #: connection -> since when we ask for its cause
        self._lock = threading.Lock()

    def look(self, attempt: Attempt, connection_id: str) -> tuple[CallReport, bool]:
        """Read one call and record the report; also return whether that ended the call.

        Raises ProviderError, LedgerTrouble.
        """
        asked_at = self._ledger.time()
        report = self._provider.look(connection_id)
        return report, self.hear(attempt, Read(report, asked_at))

    def hear(self, attempt: Attempt, read: Read, stopped_for: str = "") -> bool:
        """Record what was read of a call; True if that ended it.

        `stopped_for`: why it was stopped, if the ledger did not record that. False also if its end
        was on record before. Raises LedgerTrouble.
        """
        for call in reports.open_calls(self._ledger, self._account, [attempt]):
            return self.learn(replace(call, stop_why=call.stop_why or stopped_for), read)
        return False

    def learn(self, call: OpenCall, read: Read) -> bool:
        """Do the same with the ledger's record of the call, read a moment ago."""
        report = read.report
        if report.connection_id != call.connection_id:
            return False
        if report.stage is Stage.OVER:
            # An order may have come since the call was read from the ledger.
            for now in reports.open_calls(self._ledger, self._account, [call.attempt]):
                known = replace(now, stop_why=now.stop_why or call.stop_why)
                return now.connection_id == call.connection_id and self._end(known, read)
            return False
        found = self.meaning(call, report)
        if found.stage is Stage.ANSWERED:
            if reports.answered(self._ledger, self._account, call.attempt):
                logger.info("%s: answered", call.attempt)
        elif found.stage is not None:
            reports.unanswered(self._ledger, read.asked_at, [(call.attempt, str(found.stage))])
        if found.act is not None:
            order(self._ledger, self._account, call.attempt, found.act)
        return False

    def meaning(self, call: OpenCall, report: CallReport) -> Meaning:
        """Return what a report means for a call, by what is known of it. Raises LedgerTrouble.

        The policy for machines is read only if it matters: at the end, and once one is heard.
        """
        standing = Standing()
        is_heard = report.answered_by == "machine" and not call.stop_why
        if report.stage is Stage.OVER or is_heard:
            standing = Standing.under(self._frozen.policy(call.attempt, call.connection_id))
        standing = replace(
            standing,
            stop_why=call.stop_why,
            is_answered=call.answered_at is not None,
            tells_stages=bool(call.stage),
            may_last_seconds=call.max_duration_seconds,
        )
        return meaning(report, standing)

    def read_prices(self, most: int) -> None:
        """Read finished calls once more whose price was still missing.

        A call that can't be read counts as read in vain. Raises LedgerTrouble.
        """
        for call in reports.unpriced(self._ledger, self._account, most):
            delays = dict(enumerate(PRICE_DELAYS_SECONDS))
            delay = delays.get(call.reads)
            facts: dict[str, Any] = {}
            if call.connection_id:
                with suppress(ProviderError):
                    facts = dict(_facts_of(self._provider.look(call.connection_id)))
            reports.note_price(
                self._ledger, self._account, call.attempt, facts, delay_seconds=delay
            )

    # Ends ---------------------------------------------------------------------------------------

    def _end(self, call: OpenCall, read: Read) -> bool:
        report, cause = read.report, None
        if report.outcome is Outcome.FAILED and not call.stop_why:
            is_known, cause = self._why_failed(call)
            if not is_known:
                return False
        if self._is_unplaced(call, report, cause):
            return True
        found = self.meaning(call, report).ending
        assert found is not None
        disposition, reason = found
        is_over = reports.over(
            self._ledger,
            self._account,
            call.attempt,
            disposition,
            reason=reason,
            message=mask_text(str(cause)) if cause else "",
            is_final=isinstance(cause, Refused),
            facts=_facts(call, read),
        )
        self._forget(call.connection_id)
        if is_over:
            logger.info("%s: %s%s", call.attempt, disposition, f" ({reason})" if reason else "")
        return is_over

    def _why_failed(self, call: OpenCall) -> tuple[bool, ProviderError | None]:
        """Return whether we ask no more why a call failed, and the cause that is known."""
        with self._lock:
            since = self._failed_at.setdefault(call.connection_id, since_boot())
        try:
            cause = self._provider.why_failed(call.connection_id)
        except ProviderError as error:
            logger.info("%s: why it failed: %s", call.attempt, mask_text(str(error)))
            cause = None
        return cause is not None or since_boot() - since >= WHY_SECONDS, cause

    def _is_unplaced(self, call: OpenCall, report: CallReport, cause: ProviderError | None) -> bool:
        """Give a call back that certainly rang nobody; False if it may have rung."""
        if isinstance(cause, AtLimit):
            is_back = self._give_back(call.attempt, cause)
        elif call.stop_why in _NEED_NOT_RING and never_rang(report):
            is_back = reports.unplaced(self._ledger, self._account, call.attempt)
        else:
            return False
        if is_back:
            self._forget(call.connection_id)
        return is_back

    def _give_back(self, attempt: Attempt, cause: AtLimit) -> bool:
        seen = limits.read(self._ledger, self._account)
        # Its own slot is among those that are in use.
        lowered = limit.after_late_refusal(
            seen.limit,
            fits=seen.slots - 1,
            now=seen.now,
            reserve=self._reserve,
            proven=seen.proven,
        )
        return reports.give_back_at_limit(
            self._ledger,
            self._account,
            attempt,
            mask_text(str(cause)),
            delay_seconds=cause.retry_after_seconds or AFTER_FULL_SECONDS,
            seen=seen,
            lowered=lowered,
        )

    def _forget(self, connection_id: str) -> None:
        with self._lock:
            self._failed_at.pop(connection_id, None)


def _facts_of(report: CallReport) -> dict[str, str]:
    found = {
        "answered_by": report.answered_by,
        "caller_id": report.caller_id,
        "price": report.price,
    }
    return {name: value for name, value in found.items() if value}


def _facts(call: OpenCall, read: Read) -> dict[str, Any]:
    """Return the other facts of a report, as the ledger keeps them."""
    report = read.report
    facts: dict[str, Any] = dict(_facts_of(report))
    seconds, told_at = report.duration_seconds, read.ours(report.ended_at) or read.over_at
    if told_at is not None:
        facts["gone_at"] = repr(told_at)
    if seconds is not None:
        facts["duration"] = repr(float(seconds))
        ended_at = told_at or read.asked_at
        if seconds > 0 and call.answered_at is None:
            facts["answered_at"] = repr(max(call.begun_at, ended_at - seconds))
    return facts
