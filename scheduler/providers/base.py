"""What callsched asks of a telephony API. Errors are those of `errors.py`, nothing else leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from scheduler.models import Connection

#: Called right before the first byte of a start leaves; raises NotSent to hold it back.
Leave = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Order:
    """Whom to dial, and what the conversation is called."""

    phone_number: str  #: E.164, with the plus sign
    session_name: str  #: unique to the attempt: all by which a lost call can be found again
    dtmf: str = ""


@dataclass(frozen=True, slots=True)
class StopAnswer:
    """What a confirmed stop tells."""

    conversation_id: str = ""


class Provider(Protocol):
    """One account at one telephony API. Safe to use from many threads."""

    fingerprint: str  #: of address and credentials; changes when an operator mends either

    def authorize(self) -> None:
        """Make sure that a token is at hand. Raises NotDone, MaybeDone or AccountFault."""

    def start(self, order: Order, leave: Leave) -> Connection:
        """Send one start, once. Raises any ProviderError; MaybeDone when a phone may ring."""

    def stop(self, connection_id: str) -> StopAnswer:
        """Send one stop. Returns only when the API confirmed it; may be repeated at will."""

    def close(self) -> None:
        """Close the connections of this thread."""
