"""Counts a provider's requests by their outcome, and adds the counts to the ledger now and then."""

from __future__ import annotations

import threading
from collections import Counter

from scheduler.clock import since_boot
from scheduler.errors import LedgerTrouble
from scheduler.ledger import accounts
from scheduler.ledger.callbacks import Known
from scheduler.ledger.ledger import Ledger

#: The outcomes that a request may have.
OUTCOMES = (*map(str, Known), "others", "forged", "unreadable", "failed")

#: Between two writes: a flood of requests costs the ledger no more than these.
TELL_SECONDS = 1.0


class CallbackCounts:
    """Counts by outcome. Safe to use from many threads."""

    def __init__(self, ledger: Ledger, account: str) -> None:
        self._ledger = ledger
        self._account = account
        self._lock = threading.Lock()
        self._counted: Counter[str] = Counter()
        self._told_at = 0.0

    def count(self, outcome: str) -> None:
        """Count one. Raises nothing: a count that can't be written now is written later."""
        with self._lock:
            self._counted[f"callbacks:{outcome}"] += 1
            if since_boot() - self._told_at < TELL_SECONDS:
                return
            self._told_at = since_boot()
            counted, self._counted = self._counted, Counter()
        try:
            accounts.count(self._ledger, self._account, counted)
        except LedgerTrouble:
            with self._lock:
                self._counted.update(counted)
