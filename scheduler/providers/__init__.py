"""Telephony APIs behind one small protocol; the only place that imports requests.

Calls, operations and the worker call it. It knows no ledger and no campaign file, and raises only
errors of `errors.py`.
"""

from collections.abc import Collection
from contextlib import closing
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from scheduler.accounts import Account, Accounts
from scheduler.errors import ConfigError
from scheduler.fields.dotenv import variable
from scheduler.fields.urls import is_loopback
from scheduler.masking import shown
from scheduler.providers import accounts_file, accounts_jsonschema
from scheduler.providers.api_clock import ApiTime, Gain, gain
from scheduler.providers.base import (
    ABILITIES,
    CallReport,
    CallsBack,
    Collects,
    Erases,
    ErasesCalls,
    Finds,
    FoundConversation,
    Heard,
    Leave,
    Listens,
    Looks,
    News,
    Outcome,
    Prolongs,
    Provider,
    Records,
    ShowsTime,
    SpeakerEvent,
    SpeakerEventKind,
    Speaks,
    Stage,
    StartOrder,
    StopAnswer,
    Subscription,
    SummaryPage,
    Sweeps,
    Tells,
)
from scheduler.providers.callbacks import (
    Callback,
    CallbackAddress,
    CallbackPlace,
    Erased,
    Recording,
    Reply,
    Topic,
)
from scheduler.providers.kind import Credentials, Kind, Traits
from scheduler.providers.symbl import SYMBL
from scheduler.providers.twilio import TWILIO
from scheduler.settings import Settings
from scheduler.tokens import TokenShelf

#: The registry of telephony APIs: no other module above the providers names one of them.
PROVIDERS: tuple[Kind, ...] = (SYMBL, TWILIO)

__all__ = [
    "ABILITIES",
    "PROVIDERS",
    "ApiTime",
    "CallReport",
    "Callback",
    "CallbackAddress",
    "CallbackPlace",
    "CallsBack",
    "Collects",
    "Credentials",
    "Erased",
    "Erases",
    "ErasesCalls",
    "Finds",
    "FoundConversation",
    "Gain",
    "Heard",
    "Kind",
    "Leave",
    "Listens",
    "Looks",
    "News",
    "Outcome",
    "Prolongs",
    "Provider",
    "Recording",
    "Records",
    "Reply",
    "ShowsTime",
    "SpeakerEvent",
    "SpeakerEventKind",
    "Speaks",
    "Stage",
    "StartOrder",
    "StopAnswer",
    "Subscription",
    "SummaryPage",
    "Sweeps",
    "Tells",
    "Topic",
    "Traits",
    "accounts_of",
    "accounts_schema",
    "at_provider",
    "callback_address",
    "can_verify",
    "for_newcomers",
    "gain",
    "is_nobodys",
    "kind_of",
    "open_provider",
    "taking",
]


def accounts_of(settings: Settings, *, is_tolerant: bool = False) -> Accounts:
    """Return the accounts of the accounts file, or the single account of the variables.

    Workers set `is_tolerant`: they take the readable accounts of a faulty file, and only send
    stops. Raises ConfigError, a line for each problem, when the file is wrong or can't be read, and
    when the variables are credentials of several APIs: a guess is never dialled.
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
        starts_per_second=kind.pace(settings),
        caller_ids=settings.caller_id,
        exclusive=settings.exclusive,
    )
    return Accounts({account.name: account}, account.name)


def accounts_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the accounts' file."""
    return accounts_jsonschema.schema(PROVIDERS)


def kind_of(account: Account) -> Kind:
    """Return the kind of an account's provider."""
    return next(kind for kind in PROVIDERS if kind.name == account.provider)


def is_nobodys(account: Account, accounts: Accounts, settings: Settings) -> bool:
    """Whether no file and no variable names the account's provider."""
    is_unsaid = accounts.path is None and settings.provider is None
    credentials = account.credentials
    return is_unsaid and not credentials.are_begun and not credentials.suffice


def for_newcomers() -> Kind:
    """Return the provider that callsched proposes to somebody who has no account yet."""
    return next((kind for kind in PROVIDERS if not kind.may_be_gone), PROVIDERS[0])


def taking(keys: Collection[str]) -> str:
    """Return the first provider whose campaigns may have these keys under `call`; "" for none.

    Keys that no provider knows don't count: the file's reader refuses them.
    """
    known = {key for key in keys if any(key in kind.call.model_fields for kind in PROVIDERS)}
    return next((kind.name for kind in PROVIDERS if kind.takes(known)), "")


def at_provider(account: Account, name: str, settings: Settings) -> Account:
    """Return the account as one at the provider with this name; unchanged for an unknown name."""
    for kind in PROVIDERS:
        if kind.name == name != account.provider:
            credentials, pace = kind.credentials.of(settings), kind.pace(settings)
            return replace(account, provider=name, credentials=credentials, starts_per_second=pace)
    return account


def callback_address(
    account: Account, settings: Settings, *, in_sandbox: bool = False
) -> CallbackAddress | None:
    """Return where an account's provider sends its callbacks; None: it can't reach callsched.

    A provider on this machine, such as the sandbox, reaches a local address. `in_sandbox`: the
    provider's sandbox is called instead of it.
    """
    if CallsBack not in kind_of(account).abilities or account.credentials is None:
        return None
    if in_sandbox:
        return _here(settings)
    if settings.public_url is not None:
        return CallbackAddress(settings.public_url)
    if is_loopback(urlsplit(account.credentials.address).hostname or ""):
        return _here(settings)
    return None


def _here(settings: Settings) -> CallbackAddress:
    return CallbackAddress(f"http://127.0.0.1:{settings.web_port}", only_where_used=True)


def can_verify(account: Account) -> bool:
    """Whether an account's credentials include what its provider signs callbacks with.

    Also True for credentials that open no account: another check reports that fault.
    """
    try:
        with closing(open_provider(account)) as provider:
            return provider.can_verify if isinstance(provider, CallsBack) else True
    except ConfigError:
        return True


def open_provider(account: Account, shelf: TokenShelf | None = None) -> Provider:
    """Open an account. Raises ConfigError when its credentials are missing, or can't be read."""
    if account.fault:
        raise ConfigError(f"account {account.name}: {account.fault}")
    try:
        return kind_of(account).client(account.credentials, shelf)
    except ConfigError as error:
        other = for_newcomers()
        if account.credentials.are_begun or other is kind_of(account):
            raise
        # Without any setting, the user may have no account yet.
        raise ConfigError(
            f"{error}; to call by {other.name} instead, set {other.credentials_settings}"
        ) from None


def _of_variables(settings: Settings) -> Kind:
    """Return the provider that the settings name, else the one whose credentials are set.

    If none are complete, the first provider with any credential, whose error then says what to set.
    Raises ConfigError for credentials of several providers (callsched never guesses), and for an
    unknown name.
    """
    if settings.provider is not None:
        return _named(settings.provider)
    found = [kind for kind in PROVIDERS if kind.has_credentials(settings)]
    if len(found) > 1:
        names = [kind.name for kind in found]
        raise ConfigError(
            f"the credentials of {' and '.join(names)} are set: leave one of them out, or say"
            f" which it is with CALLSCHED_PROVIDER={names[0]}"
        )
    begun = [kind for kind in PROVIDERS if kind.credentials.of(settings).are_begun]
    return (found or begun or PROVIDERS)[0]


def _named(name: str) -> Kind:
    for kind in PROVIDERS:
        if kind.name == name.strip().lower():
            return kind
    names = " or ".join(kind.name for kind in PROVIDERS)
    raise ConfigError(f"CALLSCHED_PROVIDER: expected {names}, got {shown(name)}")
