"""The record of what operators did to campaigns, calls and limits while they ran."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scheduler.ledger import keys
from scheduler.ledger.ledger import Control, Ledger
from scheduler.ledger.redis.client import reaching


@dataclass(frozen=True, slots=True)
class Controlled:
    """What an operator did, as it is on record."""

    at: float
    #: pause, resume, cancel, abort, interrupt, stop, extend, priority, limit, forget, launch,
    #: settle, reveal (a number) or listen (to a recording)
    what: str
    who: str
    note: str

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {"at": self.at, "what": self.what, "who": self.who, "note": self.note or None}


def of_campaign(ledger: Ledger, campaign_id: str, most: int = 100) -> list[Controlled]:
    """Return what operators did to a campaign, the last first."""
    return _read(ledger, keys.campaign(campaign_id, "controls"), most)


def of_account(ledger: Ledger, account: str, most: int = 100) -> list[Controlled]:
    """Return what operators did to an account's limit, the last first."""
    return _read(ledger, keys.account(account, "controls"), most)


def note(
    ledger: Ledger, campaign_id: str, what: str, control: Control, now: float | None = None
) -> None:
    """Put on a campaign's record what somebody did that changed nothing in it: launch, reveal."""
    ledger.run(ledger.do.note, campaign_id, what, *control.written, ledger.clock(now))


def _read(ledger: Ledger, key: str, most: int) -> list[Controlled]:
    with reaching():
        found = ledger.redis.xrevrange(key, count=most)
    return [
        Controlled(float(entry["at"]), entry["what"], entry["who"], entry["note"])
        for _, entry in found
        if {"at", "what", "who", "note"} <= entry.keys()  # else it is none of ours
    ]
