"""What an operator does to campaigns, calls and limits while they run, and the record of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from scheduler.errors import LedgerError, StaleAttempt
from scheduler.ledger import keys, limits
from scheduler.ledger.ledger import Control, Ledger
from scheduler.ledger.limits import FORGOTTEN
from scheduler.ledger.redis.client import reaching
from scheduler.limit import as_told
from scheduler.models import Attempt, CallState, CampaignState

#: Calls that end in one step: it takes a few milliseconds, in which nothing else happens.
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Controlled:
    """What an operator did, as it is on record."""

    at: float
    what: str  #: pause, resume, cancel, abort, interrupt, stop, extend, priority, limit or forget
    who: str
    note: str

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {"at": self.at, "what": self.what, "who": self.who, "note": self.note or None}


def cancel(
    ledger: Ledger,
    campaign_id: str,
    control: Control,
    *,
    abort: bool = False,
    now: float | None = None,
) -> tuple[CampaignState, list[Attempt]]:
    """Call the rest of a campaign off, for good; with `abort` stop what is live as well.

    Returns its state, and the attempts whose phone may ring or is live. The calls that wait are
    ended by `end_pending`, run until none is left. Raises LedgerError when there is no such one.
    """
    patience = ledger.leases.stop_patience
    args = ("1" if abort else "", patience, *control.written, ledger.clock(now))
    answer = ledger.run(ledger.do.cancel, campaign_id, *args)
    if not answer:
        raise _gone(campaign_id)
    return CampaignState(answer[0]), [Attempt.parse(written) for written in answer[1:]]


def end_pending(
    ledger: Ledger, campaign_id: str, *, most: int = CHUNK, now: float | None = None
) -> int:
    """End some calls of a cancelled campaign that wait; returns how many are left.

    Who dies in between leaves a campaign that dials nobody; whoever runs it again goes on.
    """
    return int(ledger.run(ledger.do.end_pending, campaign_id, most, ledger.clock(now)))


def stop(
    ledger: Ledger, account: str, attempt: Attempt, control: Control, now: float | None = None
) -> CallState:
    """End a live call now, or as soon as its start is answered; returns its state.

    Raises StaleAttempt when it has no connection and can't get one: it waits, or is over.
    """
    patience = ledger.leases.stop_patience
    args = (account, str(attempt), patience, *control.written, ledger.clock(now))
    state = ledger.run(ledger.do.stop, *args)
    if state not in (CallState.DIALING, CallState.CONNECTED, CallState.STOPPING):
        raise StaleAttempt(f"the call of attempt {attempt} is not live")
    return CallState(state)


def extend(
    ledger: Ledger,
    account: str,
    attempt: Attempt,
    seconds: float,
    control: Control,
    *,
    ceiling_seconds: float,
    now: float | None = None,
) -> float:
    """Move the deadline of a live call; returns the new one. Raises LedgerError with the reason."""
    args = (account, str(attempt), seconds, ceiling_seconds, *control.written, ledger.clock(now))
    answer, number = ledger.run(ledger.do.extend, *args)
    if answer == "extended":
        return float(number)
    if answer == "over":
        raise StaleAttempt("it is not live, or its stop is on record: nothing was changed")
    left = f"at most {float(number):.0f} s can be added"
    if answer == "budget":
        raise LedgerError(f"the campaign's budget leaves no more: {left}")
    raise LedgerError(f"no call may last longer than CALLSCHED_MAX_DURATION_CEILING: {left}")


def prioritise(
    ledger: Ledger,
    campaign_id: str,
    priority: int,
    weight: float | None,
    control: Control,
    now: float | None = None,
) -> CampaignState:
    """Change the class of a campaign, and its weight if one is given. Raises LedgerError."""
    share = "" if weight is None else weight
    args = (campaign_id, priority, share, *control.written, ledger.clock(now))
    state = ledger.run(ledger.do.prioritise, *args)
    if state is None:
        raise _gone(campaign_id)
    return CampaignState(state)


def set_limit(ledger: Ledger, account: str, slots: int, control: Control) -> None:
    """Replace what was learned of an account's limit by what an operator knows."""
    while True:
        seen = limits.read(ledger, account)
        if limits.learn(ledger, account, seen, as_told(slots, seen.now), control):
            return


def forget_limit(ledger: Ledger, account: str, control: Control) -> None:
    """Forget what was learned of an account, in one step with the record of it."""
    record = {"at": f"{ledger.time():.6f}", "what": "forget", "who": control.who}
    record |= {"note": control.note, "token": control.token}
    with reaching(), ledger.redis.pipeline(transaction=True) as pipe:
        pipe.hdel(keys.account(account, "meta"), *FORGOTTEN)
        pipe.xadd(keys.account(account, "controls"), record, maxlen=100, approximate=False)
        pipe.execute()


def of_campaign(ledger: Ledger, campaign_id: str, most: int = 100) -> list[Controlled]:
    """Return what operators did to a campaign, the last first."""
    return _read(ledger, keys.campaign(campaign_id, "controls"), most)


def of_account(ledger: Ledger, account: str, most: int = 100) -> list[Controlled]:
    """Return what operators did to an account's limit, the last first."""
    return _read(ledger, keys.account(account, "controls"), most)


def _read(ledger: Ledger, key: str, most: int) -> list[Controlled]:
    with reaching():
        found = ledger.redis.xrevrange(key, count=most)
    return [
        Controlled(float(entry["at"]), entry["what"], entry["who"], entry["note"])
        for _, entry in found
    ]


def starts_under_way(ledger: Ledger, campaign_id: str) -> int:
    """Return how many starts of a campaign have left, or are about to, and are not answered."""
    with reaching():
        dialing = ledger.redis.hget(keys.campaign(campaign_id, "counts"), CallState.DIALING)
    return int(dialing or 0)


def current_attempt(ledger: Ledger, campaign_id: str, row: int) -> Attempt:
    """Return the attempt that a call stands at; number 0 for one that was never claimed."""
    with reaching():
        number = ledger.redis.hget(keys.call(campaign_id, row), "attempt")
    return Attempt(campaign_id, row, int(number or 0))


def not_over(ledger: Ledger, account: str, attempts: Collection[Attempt]) -> list[Attempt]:
    """Return those attempts that still hold a slot and have not been given up as lost."""
    if not attempts:
        return []
    written = [str(attempt) for attempt in attempts]
    with reaching(), ledger.redis.pipeline(transaction=True) as pipe:
        pipe.zmscore(keys.account(account, "slots"), written)
        pipe.zmscore(keys.account(account, "held"), written)
        slots, held = pipe.execute()
    return [
        attempt
        for attempt, slot, lost in zip(attempts, slots, held, strict=True)
        if slot is not None and lost is None
    ]


def neglected_seconds(ledger: Ledger, account: str, attempts: Collection[Attempt]) -> float:
    """Return for how long a stop or a lease of these attempts has been due, without a worker."""
    if not attempts:
        return 0.0
    written = [str(attempt) for attempt in attempts]
    with reaching(), ledger.redis.pipeline(transaction=True) as pipe:
        pipe.zmscore(keys.account(account, "stops"), written)
        pipe.zmscore(keys.account(account, "slots"), written)
        stops, slots = pipe.execute()
    now = ledger.time()
    return max((now - at for at in (*stops, *slots) if at is not None), default=0.0)


def _gone(campaign_id: str) -> LedgerError:
    return LedgerError(f"there is no campaign {campaign_id}; callsched status lists them")
