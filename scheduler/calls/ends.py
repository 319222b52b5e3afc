"""How a call ends whose stop the provider has confirmed, and how that is recorded."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from scheduler.clock import since_boot
from scheduler.errors import NotDone, ProviderError
from scheduler.late import LateCause
from scheduler.ledger import calls
from scheduler.ledger.calls import Bid, Claim
from scheduler.ledger.ledger import Ledger
from scheduler.models import Attempt, Disposition, Reason
from scheduler.providers import StopAnswer


@dataclass(frozen=True, slots=True)
class End:
    """How a call ends whose stop the API has confirmed."""

    disposition: Disposition
    reason: Reason | None = None
    answer: StopAnswer = field(default_factory=StopAnswer)
    confirmed_at: float = field(default_factory=since_boot)  #: on the clock `since_boot`

    @classmethod
    def by(cls, why: str, answer: StopAnswer | None = None) -> End:
        """Return the end after a stop for this: `deadline`, `aborted`, `hung_up`, …"""
        return cls(*_ENDS.get(why, _AT_ITS_DEADLINE), answer or StopAnswer())

    @property
    def ago_seconds(self) -> float:
        """How long ago the API confirmed it: more than a moment if the ledger was away."""
        return since_boot() - self.confirmed_at

    def record(self, ledger: Ledger, account: str, attempt: Attempt) -> bool:
        """Record it, and free the slot. False if it was on record. Raises LedgerTrouble."""
        return calls.confirm(ledger, account, attempt, self.disposition, **self._facts)

    def hand_on(
        self, ledger: Ledger, account: str, attempt: Attempt, bid: Bid
    ) -> tuple[bool, Claim | float | None]:
        """Do the same, and claim the next call on the terms of a bid. Raises LedgerTrouble."""
        return calls.hand_on(ledger, account, attempt, self.disposition, bid, **self._facts)

    @property
    def _facts(self) -> dict[str, Any]:
        pages = json.dumps([asdict(page) for page in self.answer.summary_pages])
        return {
            "reason": self.reason,
            "conversation_id": self.answer.conversation_id,
            "summaries": pages if self.answer.summary_pages else "",
            "ago_seconds": self.ago_seconds,
        }


@dataclass(frozen=True, slots=True)
class Failure:
    """What a stop that the API did not confirm makes of the end, if that comes late."""

    cause: LateCause
    said: str = ""  #: the API's answer

    @classmethod
    def of(cls, error: ProviderError) -> Failure:
        """Return what an error says."""
        was_reached = not isinstance(error, NotDone) or error.reached
        return cls(LateCause.API if was_reached else LateCause.UNREACHABLE, str(error))


#: The API knew no such connection, which only the ledger can take for an end.
DENIED = Failure(LateCause.LEDGER)


#: How a call ends that was stopped for another reason than its deadline.
_ENDS = {
    "aborted": (Disposition.ABORTED, None),
    "hung_up": (Disposition.HUNG_UP, None),
    "machine": (Disposition.STOPPED, Reason.MACHINE),
    "not_reached": (Disposition.NOT_REACHED, Reason.MACHINE),
    "no_answer": (Disposition.NOT_REACHED, Reason.NO_ANSWER),
}
_AT_ITS_DEADLINE = (Disposition.STOPPED, None)
