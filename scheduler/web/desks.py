"""The desks that take callbacks: one for every account that can verify them."""

from __future__ import annotations

import logging
from collections.abc import Callable

from scheduler.accounts import Account, Accounts
from scheduler.calls.callbacks import CallbackDesk
from scheduler.errors import ConfigError
from scheduler.ledger.ledger import Ledger
from scheduler.masking import mask_text
from scheduler.providers import CallsBack, Provider, kind_of, open_provider

logger = logging.getLogger(__name__)

#: Opens the desk of an account. Raises ConfigError when it can't be opened.
Open = Callable[[Account, Provider], CallbackDesk]


class Desks:
    """The desks, by account. One thread changes them, any number asks.

    An account that leaves the file keeps its desk: its calls may be live, and wait for an answer.
    """

    def __init__(self, ledger: Ledger, public_url: str) -> None:
        self._ledger = ledger
        self._public_url = public_url
        self._desks: dict[str, CallbackDesk] = {}
        self._known: dict[str, Account] = {}
        self._warned: dict[str, str] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The accounts that have a desk."""
        return tuple(self._desks)

    def of(self, account: str) -> CallbackDesk | None:
        """Return the desk of an account; None when its callbacks can't be verified."""
        return self._desks.get(account)

    def follow(self, accounts: Accounts) -> None:
        """Open a desk for each of these accounts that is new or has changed.

        Logs once what is wrong with an account whose desk can't be opened, and raises nothing.
        """
        for account in accounts:
            if self._known.get(account.name) == account:
                continue
            if CallsBack not in kind_of(account).abilities:
                continue
            try:
                self._desks[account.name] = self._opened(account)
                self._known[account.name] = account
                self._warned.pop(account.name, None)
            except ConfigError as error:
                self._tell(account.name, mask_text(str(error)))

    def _opened(self, account: Account) -> CallbackDesk:
        provider = open_provider(account)
        if not isinstance(provider, CallsBack) or not provider.can_verify:
            provider.close()
            raise ConfigError(
                "its credentials lack what its provider signs its requests with: `callsched doctor`"
                " says what to set"
            )
        return CallbackDesk(self._ledger, provider, account.name, self._public_url)

    def _tell(self, name: str, why: str) -> None:
        if self._warned.get(name) != why:
            self._warned[name] = why
            logger.error("callbacks of account %s are all refused: %s", name, why)
