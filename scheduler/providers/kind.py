"""What each telephony API is to the rest: its credentials, its keys of a file, its variables."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from scheduler.models import StartOptions
from scheduler.providers.base import Collects, Listens, Provider, StartOrder
from scheduler.providers.call_keys import NOT_EVERYWHERE, CallKeys
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
    def are_begun(self) -> bool:
        """Whether anything is said of the account, enough or not: what has no default."""
        fields = type(self).model_fields.items()
        return any(getattr(self, name) for name, field in fields if field.default is None)

    @property
    @abstractmethod
    def address(self) -> str:
        """The URL at which the API answers."""

    @property
    def identity(self) -> str:
        """Which account it is, whatever it proves itself with: what ends a call elsewhere."""
        return self.address

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
    #: It does not tell who has answered a call for which keys are pressed after the answer.
    keys_hide_machines: bool = False
    #: How long a call lasts at most that is started with a `max_duration_seconds`, by the API.
    ends_after: Callable[[float], float] = float


#: What mends that an account has no number to call from.
NO_CALLER_ID = (
    "set CALLSCHED_CALLER_ID (caller_ids in the accounts file), or call.caller_id of the campaign"
)


def nothing_wrong(order: StartOrder) -> str:
    """Find nothing wrong with a start."""
    return ""


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
    credentials_keys: str  #: the same in the accounts' file
    countries_setting: str  #: "" where no setting says whose numbers it calls
    call: type[CallKeys]  #: the keys under `call` of a campaign file
    #: Return a start's options, made to tell of answering machines where they do not yet.
    #: True: who speaks to one waits for the end of its greeting.
    hear_machines: Callable[[StartOptions, bool], StartOptions]
    #: Variables by which a process dials in the sandbox at an address; None for one to be unset.
    at_sandbox: Callable[[str], Mapping[str, str | None]]
    #: What accounts at it can do besides starting and stopping calls: of `base.ABILITIES`.
    abilities: frozenset[type] = frozenset()
    traits: Traits = Traits()
    #: Of `NOT_EVERYWHERE`, the keys that only some APIs can be told: those that this one can.
    call_keys: frozenset[str] = frozenset()
    script_steps: frozenset[type] = frozenset()  #: that it can do; none: it speaks no script
    #: Its own keys that say what a call does, instead of a script.
    script_keys: frozenset[str] = frozenset()
    needs_caller_id: bool = (
        False  #: it calls from a number that the account may show, or not at all
    )
    needs_script: bool = False  #: a call without a script, or one of these keys, would do nothing
    #: What its requests to an account of ours are signed with, in the words of its own pages.
    signed_with: str = "the credential that its requests to us are signed with"
    #: To be told who has answered costs nothing there, and the callee notices nothing of it.
    hears_machines_anyway: bool = False
    #: Return a start's options, made to tell of callees who ask not to be called again.
    hear_opt_outs: Callable[[StartOptions], StartOptions] = dict
    #: Its hosted API may be gone: who has no account yet is sent to another.
    may_be_gone: bool = False
    #: Says what the API would refuse of a start; "" for nothing. Asked for each contact of a file.
    check_order: Callable[[StartOrder], str] = nothing_wrong

    def keys_of_contacts(self) -> list[str]:
        """Return the keys under `call` that a contact may have of its own here."""
        unknown = set(NOT_EVERYWHERE) - self.call_keys
        return [key for key in self.call.of_contacts() if key not in unknown]

    def takes(self, keys: Collection[str]) -> bool:
        """Whether a campaign may have these keys under `call` here."""
        lacks = set(NOT_EVERYWHERE) - self.call_keys
        if not self.script_steps:
            lacks.add("script")
        return set(keys) <= self.call.model_fields.keys() - lacks

    def hears_words(self, call: CallKeys) -> bool:
        """Whether the words of calls come here, while they live or once they are over."""
        is_told = call.transcribe and "transcribe" in self.call_keys
        return bool(is_told) or not self.abilities.isdisjoint({Listens, Collects})

    def pace(self, settings: Settings) -> float:
        """Return the starts a second of an account that has no pace of its own; 0 for any."""
        is_set = "max_starts_per_second" in settings.model_fields_set
        return settings.max_starts_per_second if is_set else self.traits.starts_per_second

    def has_credentials(self, settings: Settings) -> bool:
        """Whether the settings have what opens an account here."""
        return self.credentials.of(settings).suffice
