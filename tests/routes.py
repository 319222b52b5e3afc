"""Routes for tests that read campaign files of whatever account."""

from __future__ import annotations

from scheduler.accounts import Account
from scheduler.campaign.route import Asked, Route, RouteOf
from scheduler.providers import PROVIDERS, CallbackAddress, Kind

#: Where the providers of tests reach us.
PUBLIC = CallbackAddress("https://calls.example.com")


def through(
    api: Kind = PROVIDERS[0],
    countries: frozenset[str] | None = None,
    *,
    callbacks: CallbackAddress | None = None,
    can_verify: bool = True,
) -> RouteOf:
    """Return the route of every account, whatever it is called."""

    def route_of(name: str | None, _asked: Asked) -> Route:
        account = Account(name or "default", api.name)
        return Route(account, api, countries, callbacks, can_verify)

    return route_of
