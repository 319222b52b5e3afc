"""On which account a campaign is dialled, and what follows of it for its file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from scheduler.accounts import Account
from scheduler.providers import PROVIDERS, CallbackAddress, Kind


@dataclass(frozen=True, slots=True)
class Route:
    """An account, and what its provider reads and calls."""

    account: Account
    api: Kind = PROVIDERS[0]  #: the one that the account is at
    countries: frozenset[str] | None = None  #: whose numbers may be called; None: any
    callbacks: CallbackAddress | None = None  #: where its provider reaches us; None: nowhere
    can_verify: bool = True  #: the account has what its provider's requests are signed with


#: Returns the route of the account that a file names; None for a file that names none. The second
#: is the provider that it names, or "". Raises ConfigError when there is no such account.
RouteOf: TypeAlias = Callable[[str | None, str], Route]


def first_provider(name: str | None, _provider: str = "") -> Route:
    """Return the route of whatever account is named, where nothing is known of any."""
    first = PROVIDERS[0]
    return Route(Account(name or "default", first.name, first.credentials()))
