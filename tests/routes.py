"""Routes for tests that read campaign files of whatever account."""

from __future__ import annotations

from scheduler.accounts import Account
from scheduler.campaign.route import Route, RouteOf
from scheduler.providers import PROVIDERS, Kind


def through(api: Kind = PROVIDERS[0], countries: frozenset[str] | None = None) -> RouteOf:
    """Return the route of every account, whatever it is called."""
    return lambda name: Route(Account(name or "default", api.name), api, countries)
