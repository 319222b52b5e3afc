"""What a worker does for an account: whose calls it dials, with what ceiling, and whom at most."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.providers.callbacks import CallbackAddress

#: A ceiling below any other: under it nothing is claimed, nor said to be due.
STOPS_ONLY = -1


@dataclass(frozen=True, slots=True)
class Duty:
    """What this worker dials for one account."""

    account: str
    ceiling: int  #: of slots; STOPS_ONLY: nothing else is sent
    reserve: int = 0  #: slots that are left to other traffic on the account
    starts_per_second: float = 0.0  #: at most; 0 for any
    only: str = ""  #: the one campaign that is served; "" for all
    caller_ids: tuple[str, ...] = ()  #: of the account, where no campaign names others
    allowed: frozenset[str] = frozenset()  #: numbers that may be dialled; empty for any
    exclusive: bool = False  #: callsched alone uses the account
    callbacks: CallbackAddress | None = None  #: where its provider reaches us; None: nowhere
    #: The ledger is one that CALLSCHED_REDIS_URL names, so that it knows every call of the account.
    has_named_ledger: bool = False
