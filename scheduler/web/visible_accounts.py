"""The accounts that a visitor may see, and what the settings say of them."""

from __future__ import annotations

from scheduler.accounts import Accounts
from scheduler.errors import ConfigError
from scheduler.ledger import accounts
from scheduler.rights import Visitor
from scheduler.web.problems import Failure
from scheduler.web.site import Site


def known(site: Site) -> Accounts | None:
    """Return the accounts of the settings; None when these can't be read."""
    try:
        return site.accounts()
    except ConfigError:
        return None  # what is in the ledger is shown all the same


def every_name(site: Site) -> list[str]:
    """Return the accounts that the settings name, and those that have had a campaign, by name."""
    of_settings = known(site)
    return sorted({*(of_settings.names if of_settings else ()), *accounts.names(site.ledger)})


def names_for(site: Site, visitor: Visitor, only: str = "") -> list[str]:
    """Return the names of the accounts that the visitor may see, sorted, or `only` this one.

    Raises Failure: 404.
    """
    names = [name for name in every_name(site) if visitor.may_see(name)]
    if not only:
        return names
    if only not in names:
        raise Failure(404, "no_such_account", f"there is no account {only}")
    return [only]


def ceiling_of(site: Site, name: str) -> int:
    """Return an account's ceiling in slots; 0 when the settings don't name the account."""
    of_settings = known(site)
    if of_settings is None or (of_settings.path is not None and name not in of_settings.by_name):
        return 0
    return of_settings.of_ledger(name).ceiling
