"""What each telephony API is to the rest: its credentials, its keys of a file, its variables."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from scheduler.models import StartOptions
from scheduler.providers.base import Provider
from scheduler.providers.call_keys import CallKeys
from scheduler.settings import Settings
from scheduler.tokens import TokenShelf


class Credentials(BaseModel):
    """What opens an account at one API; each API has a model of its own. Secrets are not shown."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    @abstractmethod
    def of(cls, settings: Settings) -> Self:
        """Return what the settings say, which may be too little to open an account."""

    @property
    @abstractmethod
    def suffice(self) -> bool:
        """Whether an account can be opened with them."""

    @property
    @abstractmethod
    def address(self) -> str:
        """The URL at which the API answers."""

    @abstractmethod
    def called_countries(self) -> frozenset[str] | None:
        """Return the countries whose phone numbers it calls; None for any. Raises ConfigError."""


@dataclass(frozen=True, slots=True)
class Traits:
    """How calls go at one telephony API."""

    rings: bool = False  #: a start is answered before the callee answers
    ends_calls: bool = False  #: it is told with every start how long the call may last
    queues_starts: bool = False  #: it takes more starts than its pace, and dials them later
    starts_per_second: float = 0.0  #: unless the account says otherwise; 0 for any
    #: How long a call lasts at most that is started with a `max_duration_seconds`, by the API.
    ends_after: Callable[[float], float] = float


@dataclass(frozen=True, slots=True)
class Kind:
    """One telephony API."""

    name: str  #: as campaign files write it
    credentials: type[Credentials]
    #: Opens an account. Raises ConfigError unless its credentials suffice; workers share a token
    #: by the shelf.
    client: Callable[[Any, TokenShelf | None], Provider]
    address_setting: str  #: the variables to mend where one of these is wrong
    credentials_settings: str
    countries_setting: str
    call: type[CallKeys]  #: the keys under `call` of a campaign file
    #: Return a start's options, made to tell of answering machines where they do not yet.
    hear_machines: Callable[[StartOptions], StartOptions]
    #: Variables by which a process dials in the sandbox at an address; None for one to be unset.
    at_sandbox: Callable[[str], Mapping[str, str | None]]
    #: What accounts at it can do besides starting and stopping calls: of `base.ABILITIES`.
    abilities: frozenset[type] = frozenset()
    traits: Traits = Traits()

    def has_credentials(self, settings: Settings) -> bool:
        """Whether the settings have what opens an account here."""
        return self.credentials.of(settings).suffice

    def address(self, settings: Settings) -> str:
        """Return the URL at which the API answers, as the settings say."""
        return self.credentials.of(settings).address

    def countries(self, settings: Settings) -> frozenset[str] | None:
        """Return the countries that the settings let it call; None for any. Raises ConfigError."""
        return self.credentials.of(settings).called_countries()

    def open(self, settings: Settings, shelf: TokenShelf | None = None) -> Provider:
        """Open the account of the settings. Raises ConfigError when credentials are missing."""
        return self.client(self.credentials.of(settings), shelf)
