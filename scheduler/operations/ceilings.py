"""How many slots each account has at most, as the settings here say."""

from __future__ import annotations

from collections.abc import Callable

from scheduler.settings import Settings


def ceilings(settings: Settings) -> Callable[[str], int]:
    """Return what returns an account's ceiling; 0 for an account that is not in the file.

    Raises ConfigError, as `accounts_of` does, when the file of accounts is wrong.
    """
    if settings.accounts is None:
        # Whichever API the variables name. To import all of them takes a quarter of a look's time.
        return lambda _: settings.max_concurrency
    from scheduler.providers import accounts_of

    return accounts_of(settings).ceiling_of
