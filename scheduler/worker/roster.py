"""Which accounts this process serves now: the one part of a worker that changes while it runs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from scheduler.accounts import Account, Accounts
from scheduler.calls.account import ServedAccount
from scheduler.errors import ConfigError, LedgerTrouble
from scheduler.ledger import accounts as in_ledger
from scheduler.ledger import limits
from scheduler.ledger.ledger import Ledger

logger = logging.getLogger(__name__)

#: Puts together what serves an account. Raises ConfigError when it can't be opened.
Make = Callable[[Account], ServedAccount]


@dataclass(frozen=True, slots=True)
class _Served:
    """An account, and what serves it."""

    account: Account
    parts: ServedAccount


class Roster:
    """The accounts that are served, and those that leave. Safe to use from many threads.

    An account that is no longer in the file begins no call. Its stops are sent with the credentials
    that it had, for as long as the ledger has something open for it. An account whose keys have
    changed gets new parts; the old ones finish what they have in hand.
    """

    def __init__(self, ledger: Ledger, make: Make, on_change: Callable[[], object]) -> None:
        """`on_change` is called when accounts have come or gone."""
        self._ledger = ledger
        self._make = make
        self._on_change = on_change
        self._lock = threading.Lock()
        self._is_started = self._is_draining = False
        self._serving: dict[str, _Served] = {}
        self._leaving: tuple[_Served, ...] = ()
        self._faults: dict[str, str] = {}

    # Who asks -----------------------------------------------------------------------------------

    @property
    def names(self) -> tuple[str, ...]:
        """The accounts for which this process begins calls."""
        return tuple(self._serving)

    def get(self, name: str) -> ServedAccount | None:
        """Return the parts that begin calls of an account; None if this process begins none."""
        found = self._serving.get(name)
        return None if found is None else found.parts

    def serving(self) -> list[ServedAccount]:
        """Return the parts of all accounts that begin calls."""
        return [one.parts for one in list(self._serving.values())]

    def ticking(self) -> list[ServedAccount]:
        """Return what a timekeeper ticks: one for each account that has not left yet."""
        gone = [one for one in self._leaving if one.account.name not in self._serving]
        newest = {one.account.name: one.parts for one in gone}
        return [*self.serving(), *newest.values()]

    def remembering(self) -> list[ServedAccount]:
        """Return the older parts that may have live calls in hand, and are not ticked any more."""
        ticking = self.ticking()
        return [one.parts for one in self._leaving if one.parts not in ticking]

    # Who changes it -----------------------------------------------------------------------------

    def follow(self, accounts: Accounts) -> None:
        """Serve these accounts from now on. Raises nothing, but logs those that can't be opened."""
        with self._lock:
            before = self.names
            for account in accounts:
                self._take_up(account)
            for name in set(before) - set(accounts.by_name):
                logger.warning("account %s is no longer in the file: it begins no calls", name)
                self._part(name)
            for name in set(self._faults) - set(accounts.by_name):
                del self._faults[name]
            is_changed = self.names != before
        if is_changed:
            self._on_change()

    def _take_up(self, account: Account) -> None:
        known = self._serving.get(account.name)
        if known is not None and known.account == account:
            return
        if account.fault:
            self._say(account.name, account.fault, is_served=known is not None)
            return
        if known is not None and _is_another(known.account, account):
            logger.warning("account %s names another account at its provider now", account.name)
            self._part(account.name)
            known = None
        if not self._has_others_calls(account):
            self._put_in_place(account, known)

    def _put_in_place(self, account: Account, known: _Served | None) -> None:
        """Serve an account with new parts, which go on where the old ones stop."""
        try:
            made = self._make(account)
        except ConfigError as error:
            self._say(account.name, str(error), is_served=known is not None)
            return
        self._faults.pop(account.name, None)
        if known is not None:
            self._hand_over(known, made)
        if self._is_started:
            logger.info("account %s is served", account.name)
            made.start()
        if self._is_draining:
            made.drain()
        self._serving[account.name] = _Served(account, made)

    def _hand_over(self, known: _Served, made: ServedAccount) -> None:
        logger.info("account %s has changed in the file", known.account.name)
        for call in known.parts.memory.known():
            made.memory.learn(call.attempt, call.connection_id, inf)
        self._part(known.account.name)
        self._unblock(known.account.name)

    def _has_others_calls(self, account: Account) -> bool:
        """Whether calls are live that only the account which had this name before can end.

        To the new account the API would say that there is no such connection, and they would count
        as over.
        """
        return any(
            one.account.name == account.name and _is_another(one.account, account)
            for one in self._leaving
        )

    def _say(self, name: str, fault: str, *, is_served: bool) -> None:
        """Log once why an account can't be opened."""
        if self._faults.get(name) != fault:
            what = "it goes on as it was" if is_served else "nobody is called on it here"
            logger.error("account %s can't be opened: %s; %s", name, fault, what)
        self._faults[name] = fault

    def _part(self, name: str) -> None:
        known = self._serving.pop(name)
        known.parts.drain()
        self._leaving = (*self._leaving, known)

    def _unblock(self, name: str) -> None:
        try:
            limits.unblock(self._ledger, name)
        except LedgerTrouble as error:
            logger.warning("account %s: %s", name, error)

    def close_idle(self) -> bool:
        """Drop the parts that have nothing in hand any more; return whether there were any.

        Raises LedgerTrouble.
        """
        with self._lock:
            idle = [one for one in self._leaving if self._is_idle(one)]
            self._leaving = tuple(one for one in self._leaving if one not in idle)
        for one in idle:
            one.parts.close()
            logger.info(
                "account %s has nothing left in hand: its old credentials go", one.account.name
            )
        return bool(idle)

    def _is_idle(self, one: _Served) -> bool:
        parts = one.parts
        if parts.demand.dialling or parts.stops.sending or parts.memory.known():
            return False
        is_followed = one.account.name in self._serving
        return is_followed or not in_ledger.is_open(self._ledger, one.account.name)

    # The whole process --------------------------------------------------------------------------

    def start(self) -> None:
        """Keep the deadlines of every account, and of accounts that are added."""
        with self._lock:
            self._is_started = True
            for parts in self.serving():
                parts.start()

    def drain(self) -> None:
        """Claim no more on any account; keep deadlines."""
        with self._lock:
            self._is_draining = True
            for parts in self.serving():
                parts.drain()

    @property
    def is_draining(self) -> bool:
        """Whether this process claims no more."""
        return self._is_draining

    def has_calls(self) -> bool:
        """Whether a start is under way, or a call is live as far as this process itself knows."""
        every = (*self.ticking(), *self.remembering())
        return any(
            one.demand.dialling
            or one.stops.sending
            or any(call.end is None for call in one.memory.known())
            for one in every
        )

    def close(self) -> None:
        """Leave; the stops that are being sent are seen to their end."""
        with self._lock:
            every = [one.parts for one in (*self._serving.values(), *self._leaving)]
        for parts in every:
            parts.close()


def _is_another(before: Account, after: Account) -> bool:
    """Whether a name stands for another account than before, not just for new keys of the same."""
    was, now = before.credentials.identity, after.credentials.identity
    return (before.provider, was) != (after.provider, now)
