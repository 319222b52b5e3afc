"""What a provider's request means for its call, and what it is answered with."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.ledger.ledger import Ledger
from scheduler.providers import Callback, Provider, Reply


@dataclass(frozen=True, slots=True)
class Answered:
    """What a request is answered with."""

    status: int  #: 204, or 200 with a reply; 403: not signed; 503: to be sent again
    reply: Reply | None = None  #: None: nothing


class CallbackDesk:
    """Hears the requests of one account's provider. Safe to use from many threads.

    It writes to the ledger, asks the provider nothing, and never dials anybody.
    """

    def __init__(self, ledger: Ledger, provider: Provider, account: str, public_url: str) -> None:
        """`provider` is one that `CallsBack`."""
        raise NotImplementedError

    def take(self, callback: Callback) -> Answered:
        """Verify a request, put on record what it tells, and say what it is answered with.

        Raises nothing: a ledger that is away is a 503, for STEPS a reply that hangs up.
        """
        raise NotImplementedError
