"""Live calls: whom they reach, an operator's orders to one, and which still hold a slot."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass

from scheduler.errors import LedgerError, StaleAttempt
from scheduler.ledger import keys
from scheduler.ledger.ledger import Control, Ledger
from scheduler.ledger.redis.client import reaching
from scheduler.models import Attempt, CallState, Contact
from scheduler.records import decode


@dataclass(frozen=True, slots=True)
class LiveCall:
    """A live attempt with its contact and the state of its call."""

    attempt: Attempt
    state: CallState
    contact: Contact
    #: "queued", "ringing" or "answered", if the provider reports stages; else "".
    stage: str = ""

    @property
    def standing(self) -> str:
        """Its state in one word; for a connected call that nobody has answered, the stage."""
        return standing(self.state, self.stage)


def standing(state: CallState, stage: str) -> str:
    """Return a call's state, or its stage if it is connected and nobody has answered yet."""
    return stage if state is CallState.CONNECTED and stage in _UNANSWERED else str(state)


_UNANSWERED = ("queued", "ringing")


def details(ledger: Ledger, attempts: Sequence[Attempt]) -> dict[Attempt, LiveCall]:
    """Read these calls; leave out those that are gone or can't be read."""
    with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
        for attempt in attempts:
            entry = f"{attempt.row}-0"
            pipe.xrange(keys.campaign(attempt.campaign_id, "contacts"), entry, entry)
            pipe.hget(keys.call(attempt.campaign_id, attempt.row), "state")
            pipe.hget(keys.attempt(str(attempt)), "stage")
        answers = pipe.execute(raise_on_error=False)
    found = {}
    parts = (answers[::3], answers[1::3], answers[2::3])
    for attempt, contacts, state, stage in zip(attempts, *parts, strict=True):
        # Another program may have changed these values.
        with suppress(ValueError, LookupError, TypeError):
            contact, _ = decode(contacts[0][1]["c"])
            known = CallState(state or CallState.PENDING)
            found[attempt] = LiveCall(attempt, known, contact, stage or "")
    return found


def contacts(ledger: Ledger, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Contact]:
    """Read the contacts of rows of campaigns; leave out those that are gone or can't be read."""
    if not places:
        return {}
    with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
        for campaign_id, row in places:
            pipe.xrange(keys.campaign(campaign_id, "contacts"), f"{row}-0", f"{row}-0")
        answers = pipe.execute(raise_on_error=False)
    found: dict[tuple[str, int], Contact] = {}
    for place, entries in zip(places, answers, strict=True):
        with suppress(ValueError, LookupError, TypeError):
            found[place], _ = decode(entries[0][1]["c"])
    return found


def stop(
    ledger: Ledger, account: str, attempt: Attempt, control: Control, now: float | None = None
) -> CallState:
    """Order the end of a live call: now, or as soon as the answer to its start comes.

    Returns its state. Raises StaleAttempt if it has no connection and can't get one, because it
    waits or is over.
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
    only_asks: bool = False,
    now: float | None = None,
) -> float:
    """Move the deadline of a live call, and return the new one. Raises LedgerError with the reason.

    With `only_asks` it changes nothing, and returns how many seconds the call would last from its
    answer; if `control` has the token of an earlier extension, it returns that deadline.
    """
    orders = (seconds, ceiling_seconds, *control.written, int(only_asks))
    args = (account, str(attempt), *orders, ledger.clock(now))
    answer, number = ledger.run(ledger.do.extend, *args)
    if answer in ("extended", "may"):
        return float(number)
    if answer == "over":
        raise StaleAttempt("it is not live, or its stop is on record: nothing was changed")
    left = f"at most {float(number):.0f} s can be added"
    if answer == "budget":
        raise LedgerError(f"the campaign's budget leaves no more: {left}")
    raise LedgerError(f"no call may last longer than CALLSCHED_MAX_DURATION_CEILING: {left}")


def current_attempt(ledger: Ledger, campaign_id: str, row: int) -> Attempt:
    """Return the current attempt of a call; number 0 if it was never claimed."""
    with reaching():
        number = ledger.redis.hget(keys.call(campaign_id, row), "attempt")
    return Attempt(campaign_id, row, keys.attempts_of(number))


def open_attempts(ledger: Ledger, account: str) -> dict[Attempt, bool]:
    """Return every attempt of an account that holds a slot, or whose connection is not over.

    True means that a phone may be ringing, or somebody on it, whatever the state of the call: the
    answer to its start was lost, or its connection is on record as live.
    """
    with reaching(), ledger.redis.pipeline(transaction=True) as pipe:
        for part in ("slots", "live", "held"):
            pipe.zrange(keys.account(account, part), 0, -1)
        slots, live, held = pipe.execute()
    ringing = {*live, *held}
    written = sorted(filter(Attempt.is_written, {*slots, *ringing}))
    return {Attempt.parse(each): each in ringing for each in written}


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
    """Return for how many seconds a stop or lease of these attempts has been due, unhandled."""
    if not attempts:
        return 0.0
    written = [str(attempt) for attempt in attempts]
    with reaching(), ledger.redis.pipeline(transaction=True) as pipe:
        pipe.zmscore(keys.account(account, "stops"), written)
        pipe.zmscore(keys.account(account, "slots"), written)
        stops, slots = pipe.execute()
    now = ledger.time()
    return max((now - at for at in (*stops, *slots) if at is not None), default=0.0)
