"""What a worker does for an account: which calls it dials, and under which ceiling."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from scheduler.ledger.calls import Bid
from scheduler.providers.callbacks import CallbackAddress

#: A ceiling below any other: under it a worker claims nothing and sends no dial messages.
STOPS_ONLY = -1


@dataclass(frozen=True, slots=True)
class Duty:
    """What this worker dials for one account."""

    account: str
    ceiling: int  #: of slots; STOPS_ONLY: the worker only sends stops
    reserve: int = 0  #: slots to leave free for other traffic on the account
    starts_per_second: float = 0.0  #: starts a second at most; 0 for any
    only: str = ""  #: the one campaign that is served; "" for all
    caller_ids: tuple[str, ...] = ()  #: those of the account, if the campaign names no others
    allowed: frozenset[str] = frozenset()  #: numbers that may be dialled; empty for any
    exclusive: bool = False  #: callsched alone uses the account
    callbacks: CallbackAddress | None = None  #: where its provider reaches us; None if it does not
    #: The ledger is one that CALLSCHED_REDIS_URL names, so that it knows every call of the account.
    has_named_ledger: bool = False

    def bid(self, fingerprint: str) -> Bid:
        """Return the terms on which one execution claims a call, with these credentials."""
        return Bid(uuid4().hex, self.ceiling, fingerprint, self.only, self.starts_per_second)
