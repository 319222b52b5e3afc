"""How workers share an access token: what is shared, and what is asked of whoever keeps it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SharedToken:
    """A token as one worker finds it that another has fetched."""

    value: str = field(repr=False)
    seconds_left: float  #: of its life, when this was read
    margin_seconds: float  #: with so much left it is renewed, and not earlier
    on_trial: bool = False  #: fetched because its predecessor was refused, and not accepted yet


class TokenShelf(Protocol):
    """Where a token lies that all workers with the same credentials use.

    Every method may raise LedgerTrouble; a worker then goes on with a token of its own.
    """

    def read(self, fingerprint: str) -> SharedToken | None:
        """Return the token, None when there is none."""

    def reserve(self, fingerprint: str, seconds: float) -> bool:
        """Take it upon oneself to fetch one; False while somebody else does, at most so long."""

    def put(self, fingerprint: str, token: SharedToken) -> SharedToken:
        """Share a fetched token, and end the reservation. Returns it as it is on the shelf."""

    def release(self, fingerprint: str) -> None:
        """End the reservation without a token."""

    def refuse(self, fingerprint: str, value: str) -> bool:
        """Take a token away that was answered 401. True if it was on trial: the second refusal."""

    def accept(self, fingerprint: str, value: str) -> None:
        """Say that a token on trial was accepted."""
