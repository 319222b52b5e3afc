"""Calls that the provider has and the ledger lacks: it finds lost ones and stops orphans."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from scheduler.calls.duty import Duty
from scheduler.calls.reports import Read
from scheduler.clock import since_boot
from scheduler.errors import ProviderError
from scheduler.ledger import searches
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.searches import Found, LostCall, Powers
from scheduler.masking import mask_text
from scheduler.providers import CallReport, Provider, Stage, Sweeps

logger = logging.getLogger(__name__)

#: The window around `begin` in which the provider has created a call of ours. The first byte leaves
#: within 2 s of it, and an API may take half a minute.
BEFORE_SECONDS, AFTER_SECONDS = 2.0, 60.0

#: Ask the API for calls created since so long before that, because its clock may differ.
CLOCKS_SECONDS = 300.0

#: Between the searches for one call: a quarter of the time that has passed, within bounds.
SOONEST_SECONDS, LATEST_SECONDS = 2.0, 300.0

#: The answer of a younger call may not be on record yet.
YOUNG_SECONDS = 60.0

#: Between the stops of one orphan.
BETWEEN_STOPS_SECONDS = 5.0


class Searcher:
    """Looks for what is lost on one account. One thread uses it."""

    def __init__(self, ledger: Ledger, provider: Provider, duty: Duty) -> None:
        """`provider` is one that `Sweeps`."""
        self._ledger = ledger
        self._provider = provider
        self._account = duty.account
        self._powers = Powers(attaches=duty.exclusive, stops=duty.has_named_ledger)
        self._stopped_at: dict[str, float] = {}  #: orphan -> when its stop was last sent

    @property
    def attaches(self) -> bool:
        """Whether it attaches a lost call that it finds."""
        return self._powers.attaches

    # Lost calls ---------------------------------------------------------------------------------

    def search(self) -> None:
        """Look for the lost calls that are due. Raises LedgerTrouble."""
        assert isinstance(self._provider, Sweeps)
        for lost in searches.due(self._ledger, self._account):
            try:
                self._search(self._provider, lost)
            except ProviderError as error:
                logger.warning(
                    "%s: the lost call can't be searched for: %s",
                    lost.attempt,
                    mask_text(str(error)),
                )
                return

    def _search(self, provider: Sweeps, lost: LostCall) -> None:
        asked_at = self._ledger.time()
        candidates = candidates_of(provider, lost, asked_at)
        passed = asked_at - lost.begun_at
        found, connection = searches.find(
            self._ledger,
            self._account,
            lost,
            candidates,
            powers=self._powers,
            next_in_seconds=min(LATEST_SECONDS, max(SOONEST_SECONDS, passed / 4)),
        )
        if found is Found.ATTACHED:
            logger.warning(
                "%s: the answer to its start was lost; a search found call %s",
                lost.attempt,
                connection,
            )
        elif found is Found.SEVERAL:
            logger.error(
                "%s: it was placed more than once; all of these calls are stopped", lost.attempt
            )

    # Orphans ------------------------------------------------------------------------------------

    def sweep(self, listed: Sequence[CallReport], asked_at: float) -> None:
        """Compare the open calls with the ledger. Raises LedgerTrouble."""
        old = [
            (report.connection_id, report.address)
            for report in listed
            if report.is_ours and _age(report, asked_at) > YOUNG_SECONDS
        ]
        if number := searches.sweep(self._ledger, self._account, old, self._powers):
            logger.error("%d live calls on the account belong to no attempt", number)

    def stop_orphans(self) -> bool:
        """Stop orphans whose stop is owed; return whether there are any. Raises LedgerTrouble."""
        due = [one for one in searches.orphans(self._ledger, self._account) if one.is_to_stop]
        for orphan in due:
            now = since_boot()
            if now - self._stopped_at.get(orphan.connection_id, -1e9) < BETWEEN_STOPS_SECONDS:
                continue
            self._stopped_at[orphan.connection_id] = now
            if self._is_stopped(orphan.connection_id):
                searches.forget(self._ledger, self._account, orphan.connection_id)
                del self._stopped_at[orphan.connection_id]
        return bool(due)

    def _is_stopped(self, connection_id: str) -> bool:
        try:
            report = self._provider.stop(connection_id).report
        except ProviderError as error:
            logger.warning("call %s: stop: %s", connection_id, mask_text(str(error)))
            return False
        return report is not None and report.stage is Stage.OVER


def _age(report: CallReport, asked_at: float) -> float:
    """Return how long a call has existed; 0 if its provider does not say."""
    created_at = Read(report, asked_at).ours(report.created_at)
    return 0.0 if created_at is None else asked_at - created_at


def candidates_of(provider: Sweeps, lost: LostCall, asked_at: float) -> list[str]:
    """Return the calls that may be the lost one, by all facts that distinguish calls.

    `asked_at` is now, by the clock of Redis. Raises ProviderError.
    """
    listed = provider.calls_to(lost.address, lost.begun_at - CLOCKS_SECONDS)
    return [one.connection_id for one in _candidates(lost, listed, asked_at)]


def _candidates(
    lost: LostCall, listed: Sequence[CallReport], asked_at: float
) -> Iterator[CallReport]:
    for report in listed:
        created_at = Read(report, asked_at).ours(report.created_at)
        if created_at is None or not report.is_ours or report.address != lost.address:
            continue
        if lost.caller_id and report.caller_id != lost.caller_id:
            continue
        if -BEFORE_SECONDS <= created_at - lost.begun_at <= AFTER_SECONDS:
            yield report
