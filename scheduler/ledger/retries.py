"""How the calls of a campaign ended, and which later campaign calls which contacts again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from scheduler.ledger import keys, views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching
from scheduler.models import Attempt, CallState, Contact, reason_of
from scheduler.records import decode, unpack_keyed_rows

_ORIGIN = "retry of "


@dataclass(frozen=True, slots=True)
class EndedCall:
    """A call that has ended, with its last attempt."""

    row: int
    attempt: int  #: 0 if it was never claimed
    contact: Contact
    line: int
    disposition: str
    reason: str
    taken_by: str  #: the campaign that calls this contact again after that attempt; "" for none
    #: From its result: the answers by step and what it says of the callee, if these were asked for.
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Its disposition and reason, as in `skipped:capped`."""
        return f"{self.disposition}:{self.reason}" if self.reason else self.disposition

    @property
    def mark(self) -> str:
        """Identifies this end of the call: after a redial the call has another one."""
        return _mark(self.row, self.attempt)


def ended_calls(
    ledger: Ledger, campaign_id: str, *, with_answers: bool = False, with_heard: bool = False
) -> Iterator[list[EndedCall]]:
    """Yield the calls of a campaign that have ended, a page at a time, in the order of its file.

    `with_answers` also reads what was pressed in each; `with_heard` also what the result says of
    the callee, for which it reads transcripts.
    """
    for page in views.contact_pages(ledger, campaign_id):
        with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
            for row, _ in page:
                pipe.hmget(keys.call(campaign_id, row), "state", "attempt", "disposition", "reason")
            calls = pipe.execute()
        ended = list(_ended(ledger, campaign_id, page, calls))
        if with_heard and ended:
            ended = _with_results(ledger, campaign_id, page, ended)
        elif with_answers and ended:
            ended = _with_answers(ledger, campaign_id, ended)
        yield ended


def _ended(
    ledger: Ledger,
    campaign_id: str,
    page: list[tuple[int, str]],
    calls: list[tuple[str | None, ...]],
) -> Iterator[EndedCall]:
    ended = [
        (row, record, keys.attempts_of(attempt), disposition or "", reason_of(disposition, reason))
        for (row, record), (state, attempt, disposition, reason) in zip(page, calls, strict=True)
        if state == CallState.ENDED
    ]
    if not ended:
        return
    with reaching():
        marks = [_mark(row, attempt) for row, _, attempt, *_ in ended]
        takers = ledger.redis.hmget(keys.campaign(campaign_id, "retried"), marks)
    for (row, record, attempt, disposition, reason), taker in zip(ended, takers, strict=True):
        contact, line = decode(record)
        yield EndedCall(row, attempt, contact, line, disposition, reason, taker or "")


def _with_results(
    ledger: Ledger, campaign_id: str, page: list[tuple[int, str]], ended: list[EndedCall]
) -> list[EndedCall]:
    calls = {call.row: call for call in ended}
    rows = [(row, record) for row, record in page if row in calls]
    results = views.results_of(ledger, campaign_id, rows)
    return [
        replace(calls[row], facts=result) for (row, _), result in zip(rows, results, strict=True)
    ]


def _with_answers(ledger: Ledger, campaign_id: str, ended: list[EndedCall]) -> list[EndedCall]:
    with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
        for call in ended:
            pipe.hgetall(keys.attempt(str(Attempt(campaign_id, call.row, call.attempt))))
        attempts = views.hashes(pipe)
    return [
        replace(call, facts={"answers": views.answers_of(attempt)})
        for call, attempt in zip(ended, attempts, strict=True)
    ]


def take(
    ledger: Ledger, campaign_id: str, calls: Sequence[EndedCall], taker: str
) -> list[EndedCall]:
    """Record that the campaign `taker` calls these contacts again; return those that it has taken.

    A call is taken once and for good, and only if it has not changed since it was read. At most a
    thousand calls.
    """
    ends = [part for call in calls for part in (call.row, call.attempt)]
    taken = set(ledger.run(ledger.do.take, campaign_id, taker, *ends))
    return [call for call in calls if str(call.row) in taken]


def _mark(row: int, attempt: int) -> str:
    return f"{row}:{attempt}"


def origin(campaign_id: str) -> str:
    """Return the digest of a campaign that calls contacts of this one again."""
    return f"{_ORIGIN}{campaign_id}"


def origin_of(ledger: Ledger, campaign_id: str) -> str | None:
    """Return the campaign whose contacts this one calls again; None if it is no retry."""
    with reaching():
        written = ledger.redis.hget(keys.campaign(campaign_id, "meta"), "digest") or ""
    return written.removeprefix(_ORIGIN) if written.startswith(_ORIGIN) else None


def has_all_of(ledger: Ledger, campaign_id: str, chunks: Iterable[bytes]) -> bool:
    """Whether a campaign has each of these rows that would be called, or its party.

    `chunks` are rows as `records.pack_row` writes them.
    """
    known = keys.campaign(campaign_id, "known")
    for packed in chunks:
        called = [(each, party) for each, party, _ in unpack_keyed_rows(packed) if party]
        if not called:
            continue
        with reaching():
            rows = ledger.redis.hmget(known, [name for pair in called for name in pair])
        if not all(any(pair) for pair in zip(rows[::2], rows[1::2], strict=True)):
            return False
    return True
