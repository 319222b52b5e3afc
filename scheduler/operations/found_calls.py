"""Calls at a provider that an unknown one may be, and what the operator says of them."""

from __future__ import annotations

from collections.abc import Sequence

from scheduler.calls.searcher import candidates_of
from scheduler.errors import LedgerError
from scheduler.ledger import searches
from scheduler.ledger.ledger import Control, Ledger
from scheduler.ledger.searches import Found, LostCall, Powers
from scheduler.ledger.unknowns import UnknownCall
from scheduler.providers import Sweeps

#: Between searches for a call that an operator has found: what else may be it is stopped.
_NEXT_SEARCH_SECONDS = 2.0

_REFUSED = {
    Found.NONE: "another attempt has that call",
    Found.CONTESTED: "it may also belong to another attempt to this number: settle that one first",
    Found.OVER: "it is no longer unknown, or so old that the call is over: say --placed",
}


def _lost(call: UnknownCall) -> LostCall:
    return LostCall(call.attempt, call.contact.address, call.caller_id, call.begun_at or 0.0)


def candidates(ledger: Ledger, provider: Sweeps, call: UnknownCall) -> Sequence[str]:
    """Return the calls at the provider that an unknown one may be, and no attempt has.

    Raises ProviderError.
    """
    found = candidates_of(provider, _lost(call), ledger.time())
    return searches.unbound(ledger, list(dict.fromkeys((*call.candidates, *found))))


def attach(ledger: Ledger, account: str, call: UnknownCall, connection_id: str) -> None:
    """Say that an unknown call is this one: from now on it has its deadline.

    Raises LedgerError with the reason why it can't be.
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
    """Have a worker end a call that an unknown one may be.

    Raises LedgerError when an attempt has it.
    """
    if not searches.unbound(ledger, [connection_id]):
        raise LedgerError(f"an attempt has {connection_id}: `stop` ends its call")
    searches.order_end(
        ledger, account, connection_id, call.contact.address, control.who, ledger.time()
    )


def decide(
    ledger: Ledger, account: str, call: UnknownCall, attached: str, ended: str, control: Control
) -> None:
    """Attach one call, end another, as far as either is named. Raises LedgerError."""
    if attached:
        attach(ledger, account, call, attached)
    if ended:
        end(ledger, account, call, ended, control)
