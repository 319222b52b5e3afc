"""Explains why a call was or was not made: what the rules find now, and how each attempt went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scheduler import records
from scheduler.errors import LedgerError
from scheduler.fields.scripts import filled, targets
from scheduler.ledger import heard, keys, repeats, views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.readable import instant as read_instant
from scheduler.ledger.readable import readable
from scheduler.ledger.redis.client import reaching
from scheduler.models import Attempt, CallState, Contact, Policy, reason_of


@dataclass(frozen=True, slots=True)
class RuleFinding:
    """What one of the rules at the dial finds."""

    rule: str
    found: str  #: what the rule found, in words
    passes: bool
    until: float | None = None  #: epoch seconds until which it forbids the call
    reason: str = ""  #: why it ends the call, or stops the campaign


@dataclass(frozen=True, slots=True)
class Standing:
    """A call with its contact, its state and its attempts."""

    row: int
    contact: Contact
    line: int  #: of the campaign's file
    state: CallState
    disposition: str
    reason: str
    error: str
    due_at: float | None  #: None unless the call is pending
    ended_at: float | None  #: None unless the call has ended
    attempts: tuple[dict[str, Any], ...]  #: the records of those that were begun


@readable
def explain(
    ledger: Ledger, campaign_id: str, row: int, now: float | None = None
) -> tuple[float, list[RuleFinding]]:
    """Return the time by the clock of Redis, and what each rule finds then. Changes nothing."""
    campaign = views.campaign(ledger, campaign_id)
    stands = standing(ledger, campaign_id, row)
    seconds = stands.contact.max_duration_seconds or campaign.policy.max_duration_seconds
    with reaching():
        number = _attempts(ledger.redis.hget(keys.call(campaign_id, row), "attempt"))
    attempt = str(Attempt(campaign_id, row, number))
    transfers = "\n".join(transfers_of(campaign.policy, stands.contact))
    late, clock = ledger.leases.stop_late, ledger.clock(now)
    instant, *flat = ledger.run(
        ledger.do.explain, campaign.account, attempt, seconds, late, transfers, clock
    )
    return float(instant), [_found(*four) for four in zip(*(iter(flat),) * 4, strict=True)]


@readable
def first_of(ledger: Ledger, campaign_id: str, row: int, contact: Contact) -> int | None:
    """Return the row that a duplicate repeats: the one with its id, else the one with its party."""
    names = [records.BY_PARTY + records.digest(contact.party)]
    if contact.contact_id != contact.party:
        names.insert(0, records.BY_ID + records.digest(contact.contact_id))
    with reaching():
        known = ledger.redis.hmget(keys.campaign(campaign_id, "known"), names)
    return next((int(each) for each in known if each is not None and int(each) != row), None)


def transfers_of(policy: Policy, contact: Contact) -> tuple[str, ...]:
    """Return whom a contact's call may be transferred to; nobody if the call can't be dialled."""
    try:
        return targets(filled(policy, contact))
    except ValueError:
        return ()


def _found(rule: str, text: str, demands: str, detail: str) -> RuleFinding:
    if demands == "wait":
        return RuleFinding(rule, text, False, until=float(detail))
    return RuleFinding(rule, text, demands == "pass", reason=detail)


def _attempts(written: str | None) -> int:
    """Return how many attempts a call has had. Raises ValueError for anything but a number."""
    count = keys.attempts_of(written)
    if written not in (None, str(count)):
        raise ValueError(written)
    return count


@readable
def standing(ledger: Ledger, campaign_id: str, row: int) -> Standing:
    """Return where a call stands. Raises LedgerError."""
    with reaching(), ledger.redis.pipeline(transaction=True) as pipe:
        pipe.xrange(keys.campaign(campaign_id, "contacts"), f"{row}-0", f"{row}-0")
        pipe.hgetall(keys.call(campaign_id, row))
        pipe.zscore(keys.campaign(campaign_id, "due"), row)
        found, call, due_at = pipe.execute()
        if not found:
            raise LedgerError(f"campaign {campaign_id} has no row {row}")
        for number in range(1, _attempts(call.get("attempt")) + 1):
            pipe.hgetall(keys.attempt(str(Attempt(campaign_id, row, number))))
        attempts = pipe.execute()
    contact, line = records.decode(found[0][1]["c"])
    return Standing(
        row,
        contact,
        line,
        CallState(call.get("state", CallState.PENDING)),
        call.get("disposition", ""),
        reason_of(call.get("disposition"), call.get("reason")),
        repeats.error_of(call),
        due_at,
        read_instant(call.get("ended_at")),
        tuple(
            {"number": number, **_readable(attempt), **_ended_as(attempt), **_answered(attempt)}
            for number, attempt in enumerate(attempts, start=1)
            if "begun_at" in attempt
        ),
    )


def _readable(attempt: dict[str, str]) -> dict[str, str]:
    """Return a record without its answers and intents, and without instants that are no numbers.

    Answers and intents are listed by `_answered`; another program may have spoiled an instant.
    """
    return {
        name: written
        for name, written in attempt.items()
        if not name.startswith((views.ANSWER, heard.INTENT))
        and (not name.endswith("_at") or read_instant(written) is not None)
    }


def _answered(attempt: dict[str, str]) -> dict[str, Any]:
    """Return the key presses of an attempt by step, and its intents; leave out either if empty."""
    known = {"answers": views.answers_of(attempt), "intents": heard.intents_of(attempt)}
    return {name: each for name, each in known.items() if each}


def _ended_as(attempt: dict[str, str]) -> dict[str, str]:
    """Return the reason of an attempt by today's name, if it has one."""
    reason = reason_of(attempt.get("disposition"), attempt.get("reason"))
    return {"reason": reason} if "reason" in attempt else {}
