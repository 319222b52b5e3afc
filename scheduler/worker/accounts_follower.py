"""Follows the accounts file: a change takes effect within a minute, or on SIGHUP."""

from __future__ import annotations

import logging
import threading

from scheduler.calls.account import ServedAccount
from scheduler.calls.insist import block
from scheduler.errors import AccountFault, ConfigError, ProviderError, SchedulerError
from scheduler.masking import mask_text
from scheduler.providers import accounts_of
from scheduler.settings import Settings
from scheduler.worker.roster import Roster

logger = logging.getLogger(__name__)

#: How often it reads the file, and the secrets that it names, again.
LOOK_SECONDS = 60.0

#: How often it looks whether an account that is leaving still has something in hand.
CLOSE_SECONDS = 5.0

#: A token that a worker fetches at its start should outlive a call of this length.
CALL_SECONDS = 60.0


class AccountsFollower:
    """Follows the file on a thread of its own: no stop waits for a file or a token."""

    def __init__(self, settings: Settings, only: tuple[str, ...], roster: Roster) -> None:
        """Follows all accounts, or those that `only` names."""
        self._settings = settings
        self._only = only
        self._roster = roster
        self._fault = ""
        self._warnings: tuple[str, ...] = ()
        self._wanted = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="accounts", daemon=True)

    def start(self) -> None:
        """Try the credentials of every account once, and follow the file from now on."""
        self._thread.start()

    def look_now(self) -> None:
        """Read the file as soon as may be. May be called by a signal's handler."""
        self._wanted.set()

    def close(self) -> None:
        """Follow it no longer."""
        self._over.set()
        self._wanted.set()
        if self._thread.is_alive():
            self._thread.join()

    def _keep(self) -> None:
        for parts in self._roster.serving():
            if not self._over.is_set():
                _try(parts)
        left = LOOK_SECONDS
        while not self._over.is_set():
            is_wanted = self._wanted.wait(CLOSE_SECONDS)
            left -= CLOSE_SECONDS
            if self._over.is_set():
                return
            if is_wanted or left <= 0:
                self._wanted.clear()
                left = LOOK_SECONDS
                self._look_safely(is_wanted=is_wanted)
            try:
                if self._roster.close_idle():
                    # A new account of that name may have waited for this.
                    self._look_safely(is_wanted=False)
            except SchedulerError as error:
                logger.warning("accounts that leave can't be looked at: %s", error)

    def _look_safely(self, *, is_wanted: bool) -> None:
        try:
            self._look()
            self._fault = ""
        except ConfigError as error:
            if str(error) != self._fault or is_wanted:
                self._fault = str(error)
                logger.error(
                    "the accounts' file can't be used, and nothing changes: %s",
                    "; ".join(map(str, error.args)),
                )
        except Exception:
            logger.exception("the accounts' file can't be followed")

    def _look(self) -> None:
        accounts = accounts_of(self._settings)
        if accounts.warnings != self._warnings:
            self._warnings = accounts.warnings
            for warning in accounts.warnings:
                logger.warning("%s", warning)
        names = tuple(name for name in self._only if name in accounts.by_name)
        if self._only and not names:
            raise ConfigError(f"it has none of the accounts {', '.join(self._only)}")
        before = self._roster.serving()
        self._roster.follow(accounts.only(names))
        for parts in self._roster.serving():
            if parts not in before:
                _try(parts)


def _try(parts: ServedAccount) -> None:
    """Report wrong credentials now, and not only at the first call."""
    account = parts.duty.account
    try:
        parts.provider.authorize(CALL_SECONDS)
    except AccountFault as error:
        block(parts.ledger, account, parts.provider.fingerprint, error)
    except ProviderError as error:
        logger.warning("account %s: %s", account, mask_text(str(error)))
    except Exception:
        logger.exception("account %s can't be checked", account)
    finally:
        parts.provider.close()
