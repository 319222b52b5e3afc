"""What is known of a telephony API before an account at it is opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scheduler.models import StartOptions
from scheduler.providers.base import Provider
from scheduler.providers.call_keys import CallKeys
from scheduler.settings import Settings
from scheduler.tokens import TokenShelf


@dataclass(frozen=True, slots=True)
class Kind:
    """One telephony API: what it needs of the settings, and how an account at it is opened."""

    name: str  #: as campaign files write it
    #: Raises ConfigError when the credentials are missing. Workers share a token by the shelf.
    open: Callable[[Settings, TokenShelf | None], Provider]
    has_credentials: Callable[[Settings], bool]
    address: Callable[[Settings], str]  #: where it answers
    #: Those whose phone numbers it calls; None for any. Raises ConfigError.
    countries: Callable[[Settings], frozenset[str] | None]
    address_setting: str  #: the variables to mend where one of these is wrong
    credentials_settings: str
    countries_setting: str
    call: type[CallKeys]  #: the keys under `call` of a campaign file
    #: Return a start's options, made to tell of answering machines where they do not yet.
    hear_machines: Callable[[StartOptions], StartOptions]
    #: Variables by which a process dials in the sandbox at an address; None for one to be unset.
    at_sandbox: Callable[[str], Mapping[str, str | None]]
    hears_of_speakers: bool = False  #: whether it can be told who speaks on a live call
