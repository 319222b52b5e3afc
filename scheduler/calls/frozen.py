"""What a call was begun with and never changes: read from the ledger once, then remembered."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from scheduler.fields.scripts import filled
from scheduler.ledger import reports
from scheduler.ledger.ledger import Ledger
from scheduler.models import Attempt, Contact, Policy
from scheduler.script import Script

#: How many calls to remember at a time.
MOST_CALLS = 5_000

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Latest(Generic[K, V]):
    """Remembers what was used last, up to a number. Safe to use from many threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        """Return what is remembered under a key; None if nothing is."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: K, value: V) -> None:
        """Remember it, and forget what was not used for longest."""
        with self._lock:
            self._kept[key] = value
            self._kept.move_to_end(key)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def ask(self, key: K, question: Callable[[], V]) -> V:
        """Return what is remembered; else ask, and remember the answer."""
        known = self.get(key)
        if known is None:
            known = question()
            self.put(key, known)
        return known


@dataclass(frozen=True, slots=True)
class FrozenCall:
    """One call's share of its campaign."""

    contact: Contact
    script: Script  #: filled in


class Frozen:
    """What calls were begun with. Safe to use from many threads.

    A call is known by its connection, because an id may come back once a campaign is archived.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._policies: Latest[tuple[Attempt, str], Policy] = Latest(MOST_CALLS)
        self._contacts: Latest[tuple[Attempt, str], Contact] = Latest(MOST_CALLS)
        self._calls: Latest[tuple[Attempt, str], FrozenCall] = Latest(MOST_CALLS)

    def policy(self, attempt: Attempt, connection_id: str) -> Policy:
        """Return the campaign's policy for its calls. Raises LedgerTrouble, ValueError."""
        known, campaign = (attempt, connection_id), attempt.campaign_id
        return self._policies.ask(known, lambda: reports.policy_of(self._ledger, campaign))

    def contact(self, attempt: Attempt, connection_id: str) -> Contact:
        """Return the contact of a call. Raises LedgerTrouble, ValueError."""
        known = (attempt, connection_id)
        return self._contacts.ask(known, lambda: reports.contact_of(self._ledger, attempt))

    def call(self, attempt: Attempt, connection_id: str) -> FrozenCall:
        """Return what a call says, and to whom. Raises LedgerTrouble, ValueError."""
        known = (attempt, connection_id)
        return self._calls.ask(known, lambda: self._read(attempt, connection_id))

    def _read(self, attempt: Attempt, connection_id: str) -> FrozenCall:
        contact = self.contact(attempt, connection_id)
        policy = self.policy(attempt, connection_id)
        return FrozenCall(contact, filled(policy, contact))
