"""What a visitor of the web may do: four scopes, each of which includes those before it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """What a token or a user may do. Each has all that those above it have."""

    LOOK = "look"  #: see campaigns, calls and results
    OPERATE = "operate"  #: pause, resume, cancel and abort; stop and extend calls; settle unknowns
    START = "start"  #: have people called, and change schedules and the do-not-call list
    ADMIN = "admin"  #: everything; numbers are theirs to see

    def has(self, other: Scope) -> bool:
        """Tell whether this scope includes another one."""
        order = list(Scope)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who sent a request, and what they may do."""

    name: str  #: as it goes on record
    scope: Scope
    accounts: frozenset[str] | None = None  #: whose campaigns they see; None: all
    sees_numbers: bool = False  #: whole numbers are shown without being asked for
    #: Of a signed-in browser; "" for a bearer token, which no other site can have a browser send.
    session: str = ""

    def may_see(self, account: str) -> bool:
        """Tell whether the campaigns of an account are theirs to see."""
        return self.accounts is None or account in self.accounts

    @property
    def may_reveal(self) -> bool:
        """Tell whether they may ask for a number."""
        return self.sees_numbers or self.scope.has(Scope.OPERATE)
