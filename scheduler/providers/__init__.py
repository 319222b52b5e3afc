"""Telephony APIs behind one small protocol; the only place that imports requests.

Calls, operations and the worker call in. It knows no ledger and no campaign file, and only errors
of `errors.py` leave it.
"""

from scheduler.errors import ConfigError
from scheduler.masking import shown
from scheduler.providers.base import (
    ABILITIES,
    CallReport,
    Collects,
    Erases,
    Finds,
    FoundConversation,
    Leave,
    Listens,
    Looks,
    News,
    Outcome,
    Prolongs,
    Provider,
    SpeakerEvent,
    SpeakerEventKind,
    Stage,
    StartOrder,
    StopAnswer,
    Subscription,
    SummaryPage,
    Sweeps,
    Tells,
)
from scheduler.providers.kind import Credentials, Kind, Traits
from scheduler.providers.symbl import SYMBL
from scheduler.providers.twilio import TWILIO
from scheduler.settings import Settings
from scheduler.tokens import TokenShelf

#: Every telephony API that there is: nothing else names one of them.
PROVIDERS: tuple[Kind, ...] = (SYMBL, TWILIO)

__all__ = [
    "ABILITIES",
    "PROVIDERS",
    "CallReport",
    "Collects",
    "Credentials",
    "Erases",
    "Finds",
    "FoundConversation",
    "Kind",
    "Leave",
    "Listens",
    "Looks",
    "News",
    "Outcome",
    "Prolongs",
    "Provider",
    "SpeakerEvent",
    "SpeakerEventKind",
    "Stage",
    "StartOrder",
    "StopAnswer",
    "Subscription",
    "SummaryPage",
    "Sweeps",
    "Tells",
    "Traits",
    "of",
    "open_provider",
]


def of(settings: Settings) -> Kind:
    """Return the API that the settings name, else the one whose credentials are set.

    Where none suffice, that is the first of which anything is said, and it says what to set. Raises
    ConfigError when those of several are set (a guess is never dialled), and for an unknown name.
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


def open_provider(settings: Settings, shelf: TokenShelf | None = None) -> Provider:
    """Open the account that the settings name. Raises ConfigError when credentials are missing."""
    return of(settings).open(settings, shelf)
