"""The description of a telephony API: its credentials, campaign keys, variables and traits."""

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
    """The credentials of an account; each API has a model of its own. Secrets are not shown."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    @abstractmethod
    def of(cls, settings: Settings) -> Self:
        """Return the credentials in the settings, which may be incomplete."""

    @property
    @abstractmethod
    def suffice(self) -> bool:
        """Whether an account can be opened with them."""

    @property
    def are_begun(self) -> bool:
        """Whether any credential without a default is set, complete or not."""
        fields = type(self).model_fields.items()
        return any(getattr(self, name) for name, field in fields if field.default is None)

    @property
    @abstractmethod
    def address(self) -> str:
        """The URL at which the API answers."""

    @property
    def identity(self) -> str:
        """The identity of the account, whichever token or key it uses: each can end its calls."""
        return self.address

    @abstractmethod
    def called_countries(self) -> frozenset[str] | None:
        """Return the countries whose phone numbers it calls; None for any. Raises ConfigError."""


@dataclass(frozen=True, slots=True)
class Traits:
    """How calls behave at one telephony API."""

    rings: bool = False  #: the API answers a start before the callee answers the phone
    ends_calls: bool = False  #: every start has a time limit, at which the API ends the call
    queues_starts: bool = False  #: it accepts starts faster than its pace, and dials them later
    starts_per_second: float = 0.0  #: default pace of an account; 0: no limit
    #: No answering machine detection for calls with key presses after the answer.
    keys_hide_machines: bool = False
    #: The API's own limit on the length of a call that is started with `max_duration_seconds`.
    ends_after: Callable[[float], float] = float


#: The remedy for an account without a caller id.
NO_CALLER_ID = (
    "set CALLSCHED_CALLER_ID (caller_ids in the accounts file), or call.caller_id of the campaign"
)


def nothing_wrong(order: StartOrder) -> str:
    """Accept any start: the default of `Kind.check_order`."""
    return ""


@dataclass(frozen=True, slots=True)
class Kind:
    """One telephony API."""

    name: str  #: as campaign files write it
    credentials: type[Credentials]
    #: Opens an account. Raises ConfigError unless its credentials suffice; through the shelf
    #: workers share a token.
    client: Callable[[Any, TokenShelf | None], Provider]
    address_setting: str  #: the variables to correct if a credential is wrong
    credentials_settings: str
    credentials_keys: str  #: the same in the accounts' file
    countries_setting: str  #: the variable with the countries that it calls; "": there is none
    call: type[CallKeys]  #: the keys under `call` of a campaign file
    #: Returns a start's options with machine detection added. The second argument: wait for the end
    #: of a machine's greeting.
    hear_machines: Callable[[StartOptions, bool], StartOptions]
    #: Variables by which a process dials in the sandbox at an address; None for one to be unset.
    at_sandbox: Callable[[str], Mapping[str, str | None]]
    #: What its accounts can do besides starting and stopping calls: some of `base.ABILITIES`.
    abilities: frozenset[type] = frozenset()
    traits: Traits = Traits()
    #: The keys of `NOT_EVERYWHERE` that it supports.
    call_keys: frozenset[str] = frozenset()
    script_steps: frozenset[type] = frozenset()  #: the steps it supports; none: no scripts
    #: Keys of its own that say what a call does, instead of a script.
    script_keys: frozenset[str] = frozenset()
    needs_caller_id: bool = (
        False  #: it calls from a number that the account may show, or not at all
    )
    needs_script: bool = False  #: a call needs a script or one of these keys
    #: With what it signs callbacks, in the words of its own documentation.
    signed_with: str = "the credential that its requests to us are signed with"
    #: Machine detection is free there, and the callee doesn't notice it.
    hears_machines_anyway: bool = False
    #: Returns a start's options with the detection of opt-outs added.
    hear_opt_outs: Callable[[StartOptions], StartOptions] = dict
    #: Its hosted API may be gone: callsched advises somebody without an account to use another one.
    may_be_gone: bool = False
    #: Returns why the API would refuse a start; "": it would not. Called for each contact of a
    #: file.
    check_order: Callable[[StartOrder], str] = nothing_wrong

    def keys_of_contacts(self) -> list[str]:
        """Return the keys under `call` that a contact may override."""
        unknown = set(NOT_EVERYWHERE) - self.call_keys
        return [key for key in self.call.of_contacts() if key not in unknown]

    def takes(self, keys: Collection[str]) -> bool:
        """Whether this API supports these keys under `call`."""
        lacks = set(NOT_EVERYWHERE) - self.call_keys
        if not self.script_steps:
            lacks.add("script")
        return set(keys) <= self.call.model_fields.keys() - lacks

    def hears_words(self, call: CallKeys) -> bool:
        """Whether callsched gets the words of calls, live or afterwards."""
        is_told = call.transcribe and "transcribe" in self.call_keys
        return bool(is_told) or not self.abilities.isdisjoint({Listens, Collects})

    def pace(self, settings: Settings) -> float:
        """Return the default pace of an account, in starts a second; 0: no limit."""
        is_set = "max_starts_per_second" in settings.model_fields_set
        return settings.max_starts_per_second if is_set else self.traits.starts_per_second

    def has_credentials(self, settings: Settings) -> bool:
        """Whether the settings have the credentials of an account at this API."""
        return self.credentials.of(settings).suffice
