"""Which workers live, and what each of them does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from scheduler.errors import LedgerFault, LedgerTrouble
from scheduler.late import LateCause
from scheduler.ledger import keys
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching
from scheduler.limit import FIRST

#: How often a worker records that it lives. Each time Redis may have to write to its disk.
BEAT_SECONDS = 2.0

#: A worker that has been silent for longer is unwell.
UNWELL_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class WorkerHealth:
    """What a worker reports about itself."""

    started_at: float  #: epoch seconds, by its own clock
    version: str  #: of callsched
    threads: int  #: that may dial at once
    dialling: int = 0  #: of these, those that do
    stopping: int = 0  #: stops that are being sent
    sockets: int = 0  #: open ones to live connections
    collecting: int = 0  #: conversations that are being read
    campaign_id: str = ""  #: the campaign that it serves; "" for all
    stops_only: str = ""  #: why it only sends stops; "" if it does everything


@dataclass(frozen=True, slots=True)
class WorkerView:
    """A worker, by its last report to the ledger."""

    name: str
    seen_seconds_ago: float
    started_at: float
    version: str
    threads: int
    dialling: int
    stopping: int
    sockets: int
    collecting: int
    campaign_id: str
    stops_only: str

    @property
    def is_well(self) -> bool:
        """Whether it has reported just now."""
        return self.seen_seconds_ago <= UNWELL_SECONDS


def beat(
    ledger: Ledger,
    account: str,
    name: str,
    health: WorkerHealth,
    now: float | None = None,
    *,
    why: LateCause | None = None,
) -> None:
    """Record that a worker lives, and sample the load of its account."""
    ledger.run(ledger.do.beat, *_beat(ledger, account, name, health, now, why))


def beats(
    ledger: Ledger,
    name: str,
    reports: Mapping[str, WorkerHealth],
    *,
    why: LateCause | None = None,
) -> dict[str, LedgerFault]:
    """Do `beat` for several accounts in one round trip: it is one write to the disk.

    `why` is the reason for which this worker missed beats. Returns what Redis refused for some.
    """
    beats = [_beat(ledger, account, name, health, None, why) for account, health in reports.items()]
    answers = dict(zip(reports, ledger.run_each(ledger.do.beat, beats), strict=True))
    for answer in answers.values():
        if isinstance(answer, LedgerTrouble) and not isinstance(answer, LedgerFault):
            raise answer
    return {name: answer for name, answer in answers.items() if isinstance(answer, LedgerFault)}


def _beat(
    ledger: Ledger,
    account: str,
    name: str,
    health: WorkerHealth,
    now: float | None,
    why: LateCause | None,
) -> tuple[Any, ...]:
    """Return the arguments of beat.lua."""
    written = json.dumps(asdict(health), separators=(",", ":"))
    return account, name, written, FIRST, ledger.clock(now), why or ""


def leave(ledger: Ledger, account: str, name: str, now: float | None = None) -> None:
    """Record that a worker is gone. One that is killed is forgotten after an hour."""
    ledger.run(ledger.do.beat, account, name, "", FIRST, ledger.clock(now), "")


def all_of(ledger: Ledger, account: str) -> list[WorkerView]:
    """Return the workers of an account by name, also those that have fallen silent."""
    with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
        pipe.hgetall(keys.account(account, "workers"))
        pipe.time()
        beats, answer = pipe.execute()
    now = ledger.time_of(answer)
    views = (_view(name, beats[name], now) for name in sorted(beats))
    return [view for view in views if view is not None]


def _view(name: str, written: str, now: float) -> WorkerView | None:
    """Return a worker by its report; None if the report can't be read."""
    at, _, health = written.partition(" ")
    try:
        # Ignore unknown fields, because a worker may be of another release.
        body = {key: value for key, value in json.loads(health).items() if key in _KNOWN}
        return WorkerView(name, max(0.0, now - float(at)), **asdict(WorkerHealth(**body)))
    except (ValueError, TypeError, AttributeError):
        return None


_KNOWN = frozenset(WorkerHealth.__slots__)
