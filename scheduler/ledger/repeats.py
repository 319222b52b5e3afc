"""Which parties of a file do other campaigns of the same name have?

`load` decides this again for each row that it adds, so that only one of two campaigns calls a
party. What this module counts beforehand is for people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scheduler.hours import reader
from scheduler.ledger import keys
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching


@dataclass(frozen=True, slots=True)
class Repeats:
    """How many parties of a file one campaign has."""

    campaign_id: str
    called: int  #: within the window
    last_at: float | None  #: when it called the last of them
    waiting: int  #: whose calls in that campaign are not over

    @property
    def count(self) -> int:
        """The sum of both."""
        return self.called + self.waiting


def find(
    ledger: Ledger,
    campaign_id: str,
    account: str,
    name: str,
    window_seconds: float,
    chunks: Iterable[bytes],
    now: float | None = None,
) -> list[Repeats]:
    """Count the parties that other campaigns of this name have, among rows that a campaign lacks.

    `chunks` are rows as `records.pack_row` writes them; if there is no such campaign, only the
    first is read. The campaign with the most parties comes first.
    """
    found: dict[str, Repeats] = {}
    for packed in chunks:
        args = (campaign_id, account, name, window_seconds, ledger.clock(now), packed)
        answer = ledger.run(ledger.do.repeats, *args)
        if answer is None:
            break
        for earlier, called, last_at, waiting in zip(*(iter(answer),) * 4, strict=True):
            before = found.get(earlier, Repeats(earlier, 0, None, 0))
            instants = [at for at in (before.last_at, float(last_at or 0)) if at]
            found[earlier] = Repeats(
                earlier,
                before.called + int(called),
                max(instants, default=None),
                before.waiting + int(waiting),
            )
    return sorted(found.values(), key=lambda one: (-one.count, one.campaign_id))


def window(ledger: Ledger, campaign_id: str) -> float | None:
    """Return the repeat window that a campaign was created with, in seconds; 0 if it has none.

    None if there is no such campaign.
    """
    with reaching():
        state, written = ledger.redis.hmget(
            keys.campaign(campaign_id, "meta"), "state", "repeat_window"
        )
    return float(written or 0) if state else None


def error_of(call: Mapping[str, str]) -> str:
    """Return the error of a call from its record; "" if it has none."""
    if earlier := call.get("earlier"):
        if called_at := call.get("earlier_at"):
            return f"called {instant(float(called_at))} by campaign {earlier}"
        return f"the call to this party in campaign {earlier} was not over"
    return call.get("error", "")


def instant(at: float) -> str:
    """Write an instant with its date and its zone."""
    return reader.minute(at)
