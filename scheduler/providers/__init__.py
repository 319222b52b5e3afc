"""Telephony APIs behind one small protocol; the only place that imports requests.

Calls, operations and the worker call in. It knows no ledger and no campaign file, and only errors
of `errors.py` leave it.
"""

from typing import Any

from scheduler.accounts import Account, Accounts
from scheduler.errors import ConfigError
from scheduler.fields.dotenv import variable
from scheduler.providers import accounts_file, accounts_jsonschema
from scheduler.providers.base import (
    ABILITIES,
    Collects,
    Erases,
    Finds,
    FoundConversation,
    Leave,
    Listens,
    News,
    Provider,
    SpeakerEvent,
    SpeakerEventKind,
    StartOrder,
    StopAnswer,
    Subscription,
    SummaryPage,
    Tells,
)
from scheduler.providers.kind import Credentials, Kind
from scheduler.providers.symbl import SYMBL
from scheduler.settings import Settings
from scheduler.tokens import TokenShelf

#: Every telephony API that there is: nothing else names one of them.
PROVIDERS: tuple[Kind, ...] = (SYMBL,)

__all__ = [
    "ABILITIES",
    "PROVIDERS",
    "Collects",
    "Credentials",
    "Erases",
    "Finds",
    "FoundConversation",
    "Kind",
    "Leave",
    "Listens",
    "News",
    "Provider",
    "SpeakerEvent",
    "SpeakerEventKind",
    "StartOrder",
    "StopAnswer",
    "Subscription",
    "SummaryPage",
    "Tells",
    "accounts_of",
    "accounts_schema",
    "kind_of",
    "open_provider",
]


def accounts_of(settings: Settings, *, is_tolerant: bool = False) -> Accounts:
    """Return the accounts that this process knows: those of the file, or the variables' only one.

    A worker `is_tolerant`: of a file that is wrong it takes what it can read, and only sends stops.
    Raises ConfigError, a line for each problem, when the file is wrong or can't be read, and when
    the variables are credentials of several APIs: a guess is never dialled.
    """
    if settings.accounts is not None:
        return accounts_file.read(
            settings.accounts, settings, PROVIDERS, variable, is_tolerant=is_tolerant
        )
    kind = _of_variables(settings)
    account = Account(
        settings.account,
        kind.name,
        kind.credentials.of(settings),
        max_concurrency=settings.max_concurrency,
        reserve=settings.reserve,
        starts_per_second=settings.max_starts_per_second,
    )
    return Accounts({account.name: account}, account.name)


def accounts_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the accounts' file."""
    return accounts_jsonschema.schema(PROVIDERS)


def kind_of(account: Account) -> Kind:
    """Return the API at which an account is."""
    return next(kind for kind in PROVIDERS if kind.name == account.provider)


def open_provider(account: Account, shelf: TokenShelf | None = None) -> Provider:
    """Open an account. Raises ConfigError when its credentials are missing, or can't be had."""
    if account.fault:
        raise ConfigError(f"account {account.name}: {account.fault}")
    return kind_of(account).client(account.credentials, shelf)


def _of_variables(settings: Settings) -> Kind:
    """Return the API whose credentials are set; without any the first, which says what to set."""
    found = [kind for kind in PROVIDERS if kind.has_credentials(settings)]
    if len(found) > 1:
        names = " and ".join(kind.name for kind in found)
        raise ConfigError(f"the credentials of {names} are set: leave one of them out")
    return (found or PROVIDERS)[0]
