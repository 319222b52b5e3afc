"""Calls at a provider that may be an unknown call, and the operator's orders about them."""

from __future__ import annotations

from collections.abc import Sequence

from scheduler.calls.searcher import candidates_of
from scheduler.errors import LedgerError
from scheduler.ledger import searches
from scheduler.ledger.ledger import Control, Ledger
from scheduler.ledger.searches import Found, LostCall, Powers
from scheduler.ledger.unknowns import UnknownCall
from scheduler.providers import Sweeps

#: How soon to search again after an operator has attached a call: other candidates are stopped.
_NEXT_SEARCH_SECONDS = 2.0

_REFUSED = {
    Found.NONE: "another attempt has that call",
    Found.CONTESTED: "it may also belong to another attempt to this number: settle that one first",
    Found.OVER: "it is no longer unknown, or so old that the call is over: say --placed",
}


def _lost(call: UnknownCall) -> LostCall:
    return LostCall(call.attempt, call.contact.address, call.caller_id, call.begun_at or 0.0)


def candidates(ledger: Ledger, provider: Sweeps, call: UnknownCall) -> Sequence[str]:
    """Return the calls at the provider that may be an unknown one, and belong to no attempt.

    Raises ProviderError.
    """
    found = candidates_of(provider, _lost(call), ledger.time())
    return searches.unbound(ledger, list(dict.fromkeys((*call.candidates, *found))))


def attach(ledger: Ledger, account: str, call: UnknownCall, connection_id: str) -> None:
    """Attach a provider's call to an unknown one, which gets a deadline with this.

    Raises LedgerError with the reason if it can't be this call.
    """
    found, _ = searches.find(
        ledger,
        account,
        _lost(call),
        [connection_id],
        powers=Powers(attaches=True),
        next_in_seconds=_NEXT_SEARCH_SECONDS,
    )
    if found is not Found.ATTACHED:
        raise LedgerError(f"{connection_id} was not attached: {_REFUSED.get(found, str(found))}")


def end(
    ledger: Ledger, account: str, call: UnknownCall, connection_id: str, control: Control
) -> None:
    """Order that a worker ends a provider's call that may be an unknown one.

    Raises LedgerError if it belongs to an attempt.
    """
    if not searches.unbound(ledger, [connection_id]):
        raise LedgerError(f"an attempt has {connection_id}: `stop` ends its call")
    searches.order_end(
        ledger, account, connection_id, call.contact.address, control.who, ledger.time()
    )


def decide(
    ledger: Ledger, account: str, call: UnknownCall, attached: str, ended: str, control: Control
) -> None:
    """Attach the call `attached` and end the call `ended`, if not "". Raises LedgerError."""
    if attached:
        attach(ledger, account, call, attached)
    if ended:
        end(ledger, account, call, ended, control)
