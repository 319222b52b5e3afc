"""On which account a campaign is dialled, and what its provider makes of the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from scheduler.accounts import Account
from scheduler.providers import PROVIDERS, CallbackAddress, Kind


@dataclass(frozen=True, slots=True)
class Route:
    """An account, with what the check of a file must know of it and its provider."""

    account: Account
    api: Kind = PROVIDERS[0]  #: the one that the account is at
    countries: frozenset[str] | None = None  #: whose numbers may be called; None: any
    callbacks: CallbackAddress | None = None  #: where its provider reaches us; None: nowhere
    can_verify: bool = True  #: whether the account can verify its provider's callbacks


@dataclass(frozen=True, slots=True)
class Asked:
    """What a file asks of the provider of its calls."""

    provider: str = ""  #: the one that it names; "" for none
    keys: frozenset[str] = frozenset()  #: that it has under `call`


ASKS_NOTHING = Asked()


#: Returns the route of the account that a file names; None for a file that names none. Raises
#: ConfigError when there is no such account.
RouteOf: TypeAlias = Callable[[str | None, Asked], Route]


def first_provider(name: str | None, _asked: Asked = ASKS_NOTHING) -> Route:
    """Return a route at the first provider; for uses without settings."""
    first = PROVIDERS[0]
    return Route(Account(name or "default", first.name, first.credentials()))
