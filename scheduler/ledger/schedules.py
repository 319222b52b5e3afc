"""Schedules, which launch campaign files at set times, and how each of their firings went."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from scheduler.errors import LedgerError, LedgerFault
from scheduler.ledger import keys
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching
from scheduler.models import FiringState, Overlap, Schedule

logger = logging.getLogger(__name__)

#: If a worker dies while it loads a campaign, another one goes on after this long.
LAUNCH_LEASE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Launch:
    """What a schedule launches, and when."""

    path: str  #: of the campaign file, absolute; the workers read it at each firing
    encoding: str
    schedule: Schedule
    region: str = ""  #: of national numbers, where the file names none


@dataclass(frozen=True, slots=True)
class Firing:
    """A firing of a schedule, and how it was decided."""

    firing_id: str  #: the id of its campaign
    at: float  #: epoch seconds
    state: FiringState
    why: str = ""
    told_at: float | None = None

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "campaign_id": self.firing_id,
            "at": self.at,
            "state": self.state,
            "why": self.why or None,
            "told_at": self.told_at,
        }


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """A schedule as it stands."""

    name: str
    account: str
    launch: Launch
    state: str  #: active or paused
    note: str  #: why it was paused last
    created_by: str
    created_at: float
    changed_by: str  #: who paused or resumed it last; "" for nobody
    next_at: float | None  #: its next firing; in the past until a worker has looked at it
    paused_at: float | None
    resumed_at: float | None
    last: str  #: the campaign of the last firing that was launched
    error: str  #: why the last launch failed; "" if it did not
    changed_at: float | None = None  #: when it was paused or resumed last

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        schedule = self.launch.schedule
        return {
            "name": self.name,
            "account": self.account,
            "file": self.launch.path,
            "encoding": self.launch.encoding,
            "region": self.launch.region or None,
            "cron": schedule.cron or None,
            "at": schedule.at,
            "timezone": schedule.timezone or None,
            "start": schedule.start,
            "end": schedule.end,
            "overlap": schedule.overlap,
            "catch_up_seconds": schedule.catch_up_seconds,
            "state": self.state,
            "note": self.note or None,
            "created_by": self.created_by,
            "created_at": self.created_at,
            "changed_by": self.changed_by or None,
            "changed_at": self.changed_at,
            "next_at": self.next_at,
            "last_campaign": self.last or None,
            "error": self.error or None,
        }


@dataclass(frozen=True, slots=True)
class TakenSchedule:
    """A schedule of which this execution has the lease."""

    view: ScheduleView
    waiting: tuple[tuple[str, float], ...]  #: firings to launch, with their instants, oldest first
    token: str
    now: float  #: when it was taken, by the clock of Redis


def firing_id(name: str, at: float) -> str:
    """Return the id of a firing's campaign: the schedule's name and the instant, in UTC."""
    return f"{name}-{datetime.fromtimestamp(at, UTC):%Y%m%dT%H%M%SZ}"


def add(
    ledger: Ledger,
    name: str,
    account: str,
    launch: Launch,
    *,
    next_at: float,
    who: str,
    now: float | None = None,
) -> bool:
    """Add a schedule; False if the same exists. Raises LedgerError if another has its name."""
    answer = ledger.run(
        ledger.do.add_schedule,
        name,
        account,
        repr(next_at),
        ledger.clock(now),
        *("rule", _packed(launch), "created_by", who),
    )
    if answer == "other":
        raise LedgerError(
            f"there is another schedule {name}: `callsched schedule show {name}` has it; remove it"
            " first, or choose another --id"
        )
    return bool(answer == "added")


def remove(ledger: Ledger, name: str, *, who: str = "", now: float | None = None) -> None:
    """Remove a schedule, and record who did so. Raises LedgerError if there is none."""
    _expect(ledger.run(ledger.do.remove_schedule, name, who, ledger.clock(now)), name)


@dataclass(frozen=True, slots=True)
class RemovedSchedule:
    """The record of an operator who removed a schedule."""

    at: float
    who: str
    name: str
    account: str


def removed(ledger: Ledger, most: int = 100) -> list[RemovedSchedule]:
    """Return who removed which schedules, the last first."""
    with reaching():
        found = ledger.redis.xrevrange(f"{keys.ROOT}schedules:removed", count=most)
    return [
        RemovedSchedule(float(each["at"]), each["who"], each["name"], each["account"])
        for _, each in found
        if {"at", "who", "name", "account"} <= each.keys()  # else it is none of ours
    ]


def pause(ledger: Ledger, name: str, *, note: str, who: str, now: float | None = None) -> None:
    """Skip firings from now on. Raises LedgerError if there is no such schedule."""
    args = (name, "paused", note, who, ledger.clock(now))
    _expect(ledger.run(ledger.do.pause_schedule, *args), name)


def resume(ledger: Ledger, name: str, *, who: str, now: float | None = None) -> None:
    """Resume a schedule. Raises LedgerError if there is none."""
    args = (name, "active", "", who, ledger.clock(now))
    _expect(ledger.run(ledger.do.pause_schedule, *args), name)


def ask_firing(ledger: Ledger, name: str, *, at: float, who: str, now: float | None = None) -> str:
    """Ask workers to launch a schedule now; return the campaign's id. Raises LedgerError."""
    asked = firing_id(name, at)
    _expect(ledger.run(ledger.do.ask_firing, name, asked, repr(at), who, ledger.clock(now)), name)
    return asked


def is_launch_due(
    ledger: Ledger, account: str, *, interval_seconds: float = 1.0, now: float | None = None
) -> bool:
    """Whether to send a message: a schedule is due, and no other timekeeper has just sent one."""
    return bool(ledger.run(ledger.do.launches, account, interval_seconds, ledger.clock(now)))


def take(
    ledger: Ledger, account: str, token: str, now: float | None = None
) -> TakenSchedule | None:
    """Take the lease of a schedule that is due, for LAUNCH_LEASE_SECONDS; None if none is due.

    Each execution makes a new token.
    """
    while True:
        args = (account, token, LAUNCH_LEASE_SECONDS, ledger.clock(now))
        found = ledger.run(ledger.do.take_schedule, *args)
        if not found:
            return None
        name, instant, fields, waiting = found
        record = dict(zip(*(iter(fields),) * 2, strict=True))
        firings = tuple((one, float(at)) for one, at in zip(*(iter(waiting),) * 2, strict=True))
        try:
            return TakenSchedule(_view(name, record), firings, token, float(instant))
        except LedgerFault as fault:
            # Leave it until its lease is over, and look at the next one.
            logger.error("schedule %s can launch nothing: %s", name, fault)
            token = uuid4().hex


def keep(ledger: Ledger, taken: TakenSchedule, now: float | None = None) -> bool:
    """Renew the lease; False if another worker has taken the schedule."""
    args = (taken.view.name, taken.token, LAUNCH_LEASE_SECONDS, ledger.clock(now))
    return bool(ledger.run(ledger.do.keep_schedule, *args))


def record(
    ledger: Ledger,
    taken: TakenSchedule,
    firings: Iterable[Firing],
    *,
    next_at: float | None,
    now: float | None = None,
) -> bool:
    """Record how firings were decided, in one step; False if another worker has the schedule."""
    return _record_firings(ledger, taken, firings, next_at, "", "", now)


def release(
    ledger: Ledger,
    taken: TakenSchedule,
    *,
    next_at: float | None,
    again_seconds: float | None = None,
    now: float | None = None,
) -> bool:
    """Release a schedule until its next firing, or for `again_seconds` if firings wait."""
    again = "" if again_seconds is None else repr(again_seconds)
    return _record_firings(ledger, taken, (), next_at, "1", again, now)


def _record_firings(
    ledger: Ledger,
    taken: TakenSchedule,
    firings: Iterable[Firing],
    next_at: float | None,
    release: str,
    again: str,
    now: float | None,
) -> bool:
    lines = [part for one in firings for part in (one.firing_id, repr(one.at), one.state, one.why)]
    head = (taken.view.name, taken.token, "" if next_at is None else repr(next_at), release, again)
    return bool(ledger.run(ledger.do.record_firings, *head, ledger.clock(now), *lines))


def view(ledger: Ledger, name: str) -> ScheduleView:
    """Read a schedule. Raises LedgerError if there is none of this name."""
    with reaching():
        record = ledger.redis.hgetall(keys.schedule(name))
    _expect(record, name)
    return _view(name, record)


def views(ledger: Ledger) -> list[ScheduleView]:
    """Read every schedule, the newest first; log a warning for each that can't be read."""
    found = []
    for each in _every(ledger):
        if isinstance(each, LedgerFault):
            logger.warning("%s", each)
        else:
            found.append(each)
    return found


def faults(ledger: Ledger, account: str) -> list[str]:
    """Return a sentence about each schedule of an account that can't be read."""
    try:
        found = list(_every(ledger, keys.account(account, "schedules")))
    except LedgerFault:
        return []  # the key of the list has another type
    return [str(each) for each in found if isinstance(each, LedgerFault)]


def _every(
    ledger: Ledger, listed: str = f"{keys.ROOT}schedules"
) -> Iterator[ScheduleView | LedgerFault]:
    with reaching():
        names = ledger.redis.zrevrange(listed, 0, -1)
        with ledger.redis.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.hgetall(keys.schedule(name))
            records = pipe.execute(raise_on_error=False)
    for name, record in zip(names, records, strict=True):
        try:
            if record:
                yield _view(name, record)
        except LedgerFault as fault:
            yield fault


def firings_of(ledger: Ledger, name: str, most: int = 20) -> list[Firing]:
    """Return the newest firings of a schedule, the newest first."""
    with reaching():
        found = ledger.redis.zrevrange(keys.schedule(name, "firings"), 0, most - 1, withscores=True)
        fates = ledger.redis.hgetall(keys.schedule(name, "fates"))
    told = (_firing(one, at, fates[one]) for one, at in found if one in fates)
    return [firing for firing in told if firing is not None]


def _firing(one: str, at: float, fate: str) -> Firing | None:
    """Read the record of a firing; None if another program has written it."""
    try:
        body = json.loads(fate)
        state, told_at = FiringState(body["state"]), float(body["told_at"])
        return Firing(one, float(at), state, body["why"], told_at)
    except _RUBBISH:
        return None


def _expect(found: object, name: str) -> None:
    if not found:
        raise LedgerError(f"there is no schedule {name}; `callsched schedule list` has them")


def _packed(launch: Launch) -> str:
    rule = asdict(launch)
    if not launch.region:  # earlier releases wrote none: the same schedule must stay the same text
        del rule["region"]
    return json.dumps(rule, sort_keys=True)


#: The errors that come of reading what another program wrote.
_RUBBISH = (ValueError, LookupError, TypeError, AttributeError)


def _view(name: str, record: Any) -> ScheduleView:
    """Read a schedule. Raises LedgerFault if another program has spoiled it."""
    try:
        return _read(name, record)
    except _RUBBISH as error:
        raise LedgerFault(
            f"what Redis holds of schedule {name} can't be read: another program has changed it"
        ) from error


def _read(name: str, record: Mapping[str, str]) -> ScheduleView:
    def instant(field: str) -> float | None:
        return float(record[field]) if record.get(field) else None

    return ScheduleView(
        name=name,
        account=record["account"],
        launch=_launch(json.loads(record["rule"])),
        state=record["state"],
        note=record.get("note", ""),
        created_by=record["created_by"],
        created_at=float(record["created_at"]),
        changed_by=record.get("changed_by", ""),
        next_at=instant("next_at"),
        paused_at=instant("paused_at"),
        resumed_at=instant("resumed_at"),
        last=record.get("last", ""),
        error=record.get("error", ""),
        changed_at=instant("changed_at"),
    )


def _launch(rule: dict[str, Any]) -> Launch:
    schedule = rule["schedule"]
    chosen = Schedule(**{**schedule, "overlap": Overlap(schedule["overlap"])})
    return Launch(rule["path"], rule["encoding"], chosen, rule.get("region", ""))
