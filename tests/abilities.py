"""What a class of clients can do, by the names of its members."""

from __future__ import annotations

from scheduler.providers import ABILITIES


def abilities_of(client: type) -> frozenset[type]:
    """Return the abilities whose members a class has, each of them."""
    # issubclass asks no protocol that has a property.
    return frozenset(each for each in ABILITIES if _members(each) <= set(dir(client)))


def _members(ability: type) -> set[str]:
    return {name for name in vars(ability) if not name.startswith("_")}
