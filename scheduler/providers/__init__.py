"""Telephony APIs behind one small protocol; the only place that imports requests.

Calls, operations and the worker call in. It knows no ledger and no campaign file, and only errors
of `errors.py` leave it.
"""

from scheduler.errors import ConfigError
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
from scheduler.settings import Settings
from scheduler.tokens import TokenShelf

#: Every telephony API that there is: nothing else names one of them.
PROVIDERS: tuple[Kind, ...] = (SYMBL,)

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
    """Return the API whose credentials are set; without any the first, which says what to set.

    Raises ConfigError when those of several are set: a guess is never dialled.
    """
    found = [kind for kind in PROVIDERS if kind.has_credentials(settings)]
    if len(found) > 1:
        names = " and ".join(kind.name for kind in found)
        raise ConfigError(f"the credentials of {names} are set: leave one of them out")
    return (found or PROVIDERS)[0]


def open_provider(settings: Settings, shelf: TokenShelf | None = None) -> Provider:
    """Open the account that the settings name. Raises ConfigError when credentials are missing."""
    return of(settings).open(settings, shelf)
