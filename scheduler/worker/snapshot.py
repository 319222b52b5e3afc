"""An account as the ledger has it now, for those who ask often and must not wait."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from scheduler.clock import since_boot
from scheduler.errors import SchedulerError
from scheduler.ledger import accounts, census, due, views, workers
from scheduler.ledger.accounts import Backlog
from scheduler.ledger.census import Census
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import AccountView
from scheduler.ledger.workers import WorkerView

logger = logging.getLogger(__name__)

#: A snapshot that is younger than this is used again.
FRESH_SECONDS = 1.0

#: A ledger that takes longer than this to be read is as good as away. A scrape has ten seconds.
PATIENCE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An account, as one look at the ledger found it."""

    account: AccountView
    backlog: Backlog
    totals: dict[str, int]  #: counted since ever
    workers: list[WorkerView]
    survey: Census


def take_snapshot(ledger: Ledger, account: str, counts: due.Recurring | None = None) -> Snapshot:
    """Read all of it, in some ten round trips. Raises LedgerUnreachable.

    A caller who takes one after the other keeps `due`, which counts the due calls.
    """
    due_calls = counts.count(ledger, account) if counts else None
    return Snapshot(
        views.account(ledger, account),
        accounts.backlog(ledger, account, due_calls=due_calls),
        accounts.totals(ledger, account),
        workers.all_of(ledger, account),
        census.take(ledger, account),
    )


class Snapshots:
    """Reads the ledger at most once a second, however many ask, on a thread that may hang."""

    def __init__(
        self, read: Callable[[], Snapshot], *, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self._read = read
        self._patience_seconds = patience_seconds
        self._changed = threading.Condition()
        self._is_reading = False
        self._read_at = -FRESH_SECONDS
        self._snapshot: Snapshot | None = None

    def begin(self) -> None:
        """Begin to read the ledger, unless that was just done; nobody waits for it."""
        with self._changed:
            if not self._is_reading and since_boot() - self._read_at > FRESH_SECONDS:
                self._is_reading = True
                threading.Thread(target=self._look, name="sight", daemon=True).start()

    def latest(self, patience_seconds: float | None = None) -> Snapshot | None:
        """Return the latest snapshot; None if the ledger can't be read soon.

        Soon means within this patience, or the one that this object was made with.
        """
        self.begin()
        patience = self._patience_seconds if patience_seconds is None else patience_seconds
        with self._changed:
            self._changed.wait_for(lambda: not self._is_reading, patience)
            return None if self._is_reading else self._snapshot

    def _look(self) -> None:
        snapshot = self._try()
        with self._changed:
            self._snapshot, self._read_at, self._is_reading = snapshot, since_boot(), False
            self._changed.notify_all()

    def _try(self) -> Snapshot | None:
        try:
            return self._read()
        except SchedulerError as error:
            logger.info("the ledger can't be looked at: %s", error)
        except Exception:
            logger.exception("the ledger can't be looked at")
        return None


class SnapshotsByAccount:
    """The snapshots of every account that somebody has asked about."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._of: dict[str, Snapshots] = {}
        self._due = due.Recurring()

    def of(self, account: str) -> Snapshots:
        """Return the snapshots of an account."""
        with self._lock:
            if account not in self._of:
                read = partial(take_snapshot, self._ledger, account, self._due)
                self._of[account] = Snapshots(read)
            return self._of[account]
