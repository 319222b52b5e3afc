"""How unknown calls are settled later, by evidence or by the operator."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import uuid4

from scheduler.errors import StaleAttempt
from scheduler.ledger import keys, views
from scheduler.ledger.ledger import NOBODY, Control, Ledger
from scheduler.ledger.readable import instant
from scheduler.ledger.redis.client import reaching
from scheduler.models import Attempt, CallState, Contact, Disposition, Reason, reason_of
from scheduler.records import decode


class Resolution(StrEnum):
    """The operator's verdict on an unknown call."""

    PLACED = "placed"  #: it rang: it stays unknown, and is never dialled again
    NOT_PLACED = "not_placed"  #: it never rang: it counts as not dialled, its slot is free
    REDIAL = "redial"  #: it never rang, and is to be dialled now


class Settled(StrEnum):
    """The effect of a verdict."""

    SETTLED = "settled"
    KNOWN = "known"  #: it was settled so before
    PROVEN = "proven"  #: refused: its conversation proves that it was placed


@dataclass(frozen=True, slots=True)
class UnknownCall:
    """A call of which nobody learned whether it was placed, with the attempt in question."""

    attempt: Attempt
    contact: Contact
    reason: str  #: lease, answer_lost, placed or not_placed; "" while it waits to be dialled again
    begun_at: float | None  #: when `begin` allowed the dial; None if that is not on record
    held_until: float | None  #: when its slot is free; None if it is free
    conversation_id: str  #: "" until it was found
    redial_at: float | None  #: when it is dialled again without an order; None for never
    caller_id: str = ""  #: by which to find it among the provider's calls; "" for any
    candidates: tuple[str, ...] = ()  #: calls at the provider that it may be, by a search
    search_at: float | None = None  #: when the next search is; None if there is none
    error: str = ""  #: the error that came instead of an answer


def calls(
    ledger: Ledger, campaign_id: str, account: str, rows: Collection[int] = ()
) -> Iterator[UnknownCall]:
    """Yield the unknown calls of a campaign, or of these rows, in the order of its file.

    If rows are named, it includes those that were settled as not placed, because more may have
    become known.
    """
    for page in _pages(ledger, campaign_id, rows):
        with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
            for row in page:
                names = ("state", "attempt", "disposition", "reason", "lost", "error")
                pipe.hmget(keys.call(campaign_id, row), *names)
            calls = pipe.execute()
        found = [
            _InQuestion(
                Attempt(
                    campaign_id,
                    row,
                    keys.attempts_of(lost if state == CallState.PENDING else current),
                ),
                why,
                error or "",
            )
            for row, (state, current, disposition, why, lost, error) in zip(
                page, calls, strict=True
            )
            if _is_unknown(state, disposition, why, lost, settled_too=bool(rows))
        ]
        # If the record has no number of an attempt, there is nothing to settle.
        settleable = [one for one in found if one.attempt.number]
        yield from _known_of(ledger, account, settleable, page)


class _InQuestion(NamedTuple):
    attempt: Attempt
    why: str | None
    error: str


def _is_unknown(
    state: str | None, disposition: str | None, why: str | None, lost: str | None, settled_too: bool
) -> bool:
    if state == CallState.PENDING:
        return lost is not None
    if state != CallState.ENDED:
        return False
    return disposition == Disposition.UNKNOWN or (settled_too and why == Reason.NOT_PLACED)


def _pages(ledger: Ledger, campaign_id: str, rows: Collection[int]) -> Iterator[dict[int, str]]:
    """Yield these rows, or all, with their contacts' records, a page at a time."""
    if not rows:
        yield from map(dict, views.contact_pages(ledger, campaign_id))
        return
    contacts = keys.campaign(campaign_id, "contacts")
    with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
        for row in sorted(rows):
            pipe.xrange(contacts, f"{row}-0", f"{row}-0")
        found = pipe.execute()
    yield {
        row: entries[0][1].get("c", "")
        for row, entries in zip(sorted(rows), found, strict=True)
        if entries
    }


_NAMES = ("begun_at", "conversation_id", "caller_id", "candidates")


def _known_of(
    ledger: Ledger,
    account: str,
    found: list[_InQuestion],
    page: dict[int, str],
) -> Iterator[UnknownCall]:
    with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
        for attempt, *_ in found:
            pipe.hmget(keys.attempt(str(attempt)), *_NAMES)
            pipe.zscore(keys.account(account, "held"), str(attempt))
            pipe.zscore(keys.campaign(attempt.campaign_id, "due"), attempt.row)
            pipe.zscore(keys.account(account, "searches"), str(attempt))
        answers: list[Any] = pipe.execute()
    every = zip(*(iter(answers),) * 4, strict=True)
    for (attempt, why, error), known in zip(found, every, strict=True):
        (begun_at, conversation_id, caller_id, candidates), held_until, redial_at, search = known
        yield UnknownCall(
            attempt,
            decode(page[attempt.row])[0],
            reason_of(Disposition.UNKNOWN, why),
            instant(begun_at),
            held_until,
            conversation_id or "",
            redial_at,
            caller_id or "",
            tuple((candidates or "").splitlines()),
            search,
            error,
        )


def attach(
    ledger: Ledger,
    account: str,
    attempt: Attempt,
    conversation_id: str,
    *,
    started_at: float | None = None,
    ended_at: float | None = None,
    now: float | None = None,
) -> tuple[bool, bool]:
    """Record the conversation of an unknown call: it was placed. Raises StaleAttempt.

    Returns whether that is news, and whether the conversation is due to be read; it is not while
    the call may be live.
    """
    known = ["" if at is None else repr(at) for at in (started_at, ended_at)]
    args = (account, str(attempt), conversation_id, *known, ledger.clock(now))
    answer, is_read = ledger.run(ledger.do.attach, *args)
    if answer == "stale":
        raise StaleAttempt(f"the call of attempt {attempt} is unknown no longer")
    return answer == "attached", is_read == "1"


def settle(
    ledger: Ledger,
    account: str,
    attempt: Attempt,
    verdict: Resolution,
    *,
    token: str = "",
    control: Control = NOBODY,
    now: float | None = None,
) -> Settled:
    """Settle an unknown call by the operator's verdict, and record who gave it.

    Raises StaleAttempt. The same token again changes nothing more.
    """
    args = (account, str(attempt), verdict, token or uuid4().hex, ledger.clock(now))
    answer = ledger.run(ledger.do.settle, *args, *control.written)
    if answer == "stale":
        raise StaleAttempt(f"the call of attempt {attempt} is unknown no longer")
    return Settled(answer)


def last_verdict(ledger: Ledger, attempt: Attempt) -> tuple[str, str]:
    """Return the token of an attempt's last verdict, and its connection; "" for none."""
    with reaching():
        found = ledger.redis.hmget(keys.attempt(str(attempt)), "settled_by", "connection_id")
    token, connection = found
    return token or "", connection or ""


# Where they are -----------------------------------------------------------------------------------


def rows(
    ledger: Ledger, campaign_id: str, first: int, last: int, most: int, *, is_open: bool
) -> tuple[int, list[int]]:
    """Return the row at which to go on, and the rows of unknown calls from `first` to `last`.

    `is_open`: without those that were settled as placed.
    """
    args = (campaign_id, first, last, most, "1" if is_open else "")
    following, found = ledger.run(ledger.do.unknown_rows, *args)
    return int(following), [int(row) for row in found]


def still_to_read(ledger: Ledger, account: str, attempts: Collection[Attempt]) -> int:
    """Return of how many of these attempts the conversation is still to be read."""
    if not attempts:
        return 0
    with reaching():
        due = ledger.redis.zmscore(keys.account(account, "collect"), [str(one) for one in attempts])
    return sum(score is not None for score in due)
