"""What people and reports read from the ledger; no dial is decided by it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count as numbers
from typing import Any

from scheduler import limit
from scheduler.errors import LedgerError, NoSuchCampaign
from scheduler.late import LATE_SECONDS
from scheduler.ledger import connections, heard, insights, keys, lateness, repeats, searches
from scheduler.ledger.insights import Collected
from scheduler.ledger.lateness import NEVER_LATE, Lateness
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.readable import instant, readable
from scheduler.ledger.redis.client import reaching
from scheduler.models import (
    OPEN_STATES,
    Attempt,
    CallState,
    CampaignState,
    Connection,
    Contact,
    OnMachine,
    Policy,
    label_of,
    reason_of,
)
from scheduler.records import IDENTITIES, decode, decode_policy, digest

#: How many calls to read in one round trip.
_PAGE = 500

#: How many ids of campaigns to read in one round trip.
_IDS = 1_000

#: How many campaigns to read in one step of Redis, in which it serves nobody else.
_CAMPAIGNS = 50


@dataclass(frozen=True, slots=True)
class CampaignView:
    """A campaign as it stands."""

    campaign_id: str
    name: str
    account: str
    state: CampaignState
    policy: Policy
    total: int
    calls: dict[CallState, int]  #: every state, also those that no call is in
    dispositions: dict[str, int]  #: "skipped:duplicate" -> how many
    dials: int  #: starts that were sent, less those that placed no call
    stops: int  #: connections whose end is confirmed
    created_at: float
    loaded_at: float | None  #: when rows were last added
    finished_at: float | None
    next_due_at: float | None  #: when the first pending call falls due
    held_at: float | None  #: when a rule last held back a call that was due
    held_why: str  #: which rule, and what it found
    collecting: int  #: conversations of ended calls that are still to be read
    stopped_itself: str  #: why; "" if it did not
    spent_seconds: float  #: of calls; live calls count with their longest possible length
    priority: int  #: its class, as it is now
    weight: float
    paused_by: str  #: the operator; "" if it is not paused, or stopped itself
    cancelled_by: str
    retired_at: float | None  #: since when its contacts and calls are erased
    #: Grows with each order on it, and when it stops itself, ends, or goes on after its end.
    moves: int = 0
    late: Lateness = NEVER_LATE  #: which of its connections ended late
    #: The words of the command that continues it, from its last launch; empty if not known.
    launch: tuple[str, ...] = ()

    @property
    def open(self) -> int:
        """How many calls are under way."""
        return sum(self.calls[state] for state in OPEN_STATES)

    def expect_kept(self) -> None:
        """Raise LedgerError when its contacts and calls are kept no longer."""
        if self.retired_at is not None:
            raise LedgerError(
                f"the results of campaign {self.campaign_id} are no longer kept: they were erased"
                " by `archive`, or after CALLSCHED_RESULT_TTL"
            )

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "campaign_id": self.campaign_id,
            "name": self.name,
            "account": self.account,
            "state": self.state,
            "total": self.total,
            "calls": dict(self.calls),
            "dispositions": self.dispositions,
            "dials": self.dials,
            "stops": self.stops,
            "created_at": self.created_at,
            "finished_at": self.finished_at,
            "next_due_at": self.next_due_at,
            "collecting": self.collecting,
            "stopped_itself": self.stopped_itself or None,
            "spent_seconds": round(self.spent_seconds, 3),
            "priority": self.priority,
            "weight": self.weight,
            "paused_by": self.paused_by or None,
            "cancelled_by": self.cancelled_by or None,
            "retired_at": self.retired_at,
            "late": self.late.as_record(),
        }


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account as it stands."""

    account: str
    slots: int  #: in use, by open attempts and by unknown ones whose time is not over
    learned: int  #: the limit as far as it is known
    live: int  #: connections that are not over
    overdue: int  #: how many of these have passed their deadline
    oldest_overdue_seconds: float  #: 0 if none has
    blocks: dict[str, str]  #: fingerprint of credentials -> why they can't dial
    outage: bool  #: whether the provider does not answer: then one probe goes out at a time
    held: int  #: slots of attempts whose answer was lost
    orphans: int = 0  #: live calls at the provider that no attempt has
    #: Caller id -> why the provider allows no calls from it.
    caller_blocks: dict[str, str] = field(default_factory=dict)

    @property
    def is_late(self) -> bool:
        """Whether a stop is late; one that is overdue for less than that is perhaps on its way."""
        return self.oldest_overdue_seconds > LATE_SECONDS

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {name: getattr(self, name) for name in self.__slots__}


def campaign_ids(ledger: Ledger, most: int | None = None) -> list[str]:
    """Return the ids of all campaigns, or of `most`, the newest first; a thousand a round trip."""
    found: dict[str, None] = {}  # a campaign that is created meanwhile moves the others on
    for first in numbers(0, _IDS):
        last = first + _IDS - 1 if most is None else min(most, first + _IDS) - 1
        with reaching():
            some = ledger.redis.zrevrange(f"{keys.ROOT}campaigns", first, last)
        found |= dict.fromkeys(some)
        if len(some) < _IDS or last + 1 == most:
            break
    return list(found)


@dataclass(frozen=True, slots=True)
class Heading:
    """The few facts of a campaign by which a list of thousands is filtered."""

    campaign_id: str
    account: str
    state: str


def headings(ledger: Ledger) -> Iterator[Heading]:
    """Yield every campaign that can be read, the newest first, 500 a round trip."""
    ids = campaign_ids(ledger)
    for at in range(0, len(ids), _PAGE):
        some = ids[at : at + _PAGE]
        with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
            for campaign_id in some:
                pipe.hmget(keys.campaign(campaign_id, "meta"), "account", "state")
            found = pipe.execute(raise_on_error=False)
        for campaign_id, fields in zip(some, found, strict=True):
            if isinstance(fields, list) and fields[0] is not None:
                yield Heading(campaign_id, fields[0], fields[1] or "")


@readable
def campaign(ledger: Ledger, campaign_id: str) -> CampaignView:
    """Read a campaign. Raises NoSuchCampaign, or LedgerTrouble."""
    with reaching(), ledger.redis.pipeline(transaction=True) as pipe:
        _ask(pipe, campaign_id)
        return _view(campaign_id, pipe.execute())


def campaigns(ledger: Ledger, campaign_ids: Sequence[str]) -> list[CampaignView]:
    """Read several campaigns; leave out those that are gone or can't be read."""
    return list(each_of(ledger, campaign_ids))


def each_of(ledger: Ledger, campaign_ids: Sequence[str]) -> Iterator[CampaignView]:
    """Yield what `campaigns` returns, for callers that need not have all at once."""
    for first in range(0, len(campaign_ids), _CAMPAIGNS):
        some = campaign_ids[first : first + _CAMPAIGNS]
        with reaching(), ledger.redis.pipeline(transaction=True) as pipe:
            for campaign_id in some:
                _ask(pipe, campaign_id)
            answers = pipe.execute(raise_on_error=False)
        for at, campaign_id in enumerate(some):
            view = None
            with suppress(NoSuchCampaign, ValueError, LookupError, TypeError, AttributeError):
                view = _view(campaign_id, answers[4 * at : 4 * at + 4])
            if view is not None:
                yield view


def _ask(pipe: Any, campaign_id: str) -> None:
    pipe.hgetall(keys.campaign(campaign_id, "meta"))
    pipe.hgetall(keys.campaign(campaign_id, "counts"))
    pipe.hgetall(keys.campaign(campaign_id, "dispositions"))
    pipe.zrange(keys.campaign(campaign_id, "due"), 0, 0, withscores=True)


def _view(campaign_id: str, answers: Sequence[Any]) -> CampaignView:
    meta, counts, dispositions, due = answers
    if not meta:
        raise NoSuchCampaign(campaign_id)
    return CampaignView(
        campaign_id=campaign_id,
        name=meta["name"],
        account=meta["account"],
        state=CampaignState(meta["state"]),
        policy=decode_policy(meta["policy"]),
        total=int(meta["total"]),
        calls={state: keys.count_of(counts.get(state, "")) for state in CallState},
        dispositions=_by_label(dispositions),
        dials=int(meta.get("dials", 0)),
        stops=int(meta.get("stops", 0)),
        created_at=float(meta["created_at"]),
        loaded_at=instant(meta.get("loaded_at")),
        finished_at=instant(meta.get("finished_at")),
        next_due_at=due[0][1] if due else None,
        held_at=instant(meta.get("held_at")),
        held_why=meta.get("held_why", ""),
        collecting=int(meta.get("collecting", 0)),
        stopped_itself=meta.get("stopped_itself", ""),
        spent_seconds=float(meta.get("spent", 0)),
        priority=int(meta.get("priority", 0)),
        weight=float(meta.get("weight", 1)),
        paused_by=meta.get("paused_by", ""),
        cancelled_by=meta.get("cancelled", ""),
        retired_at=instant(meta.get("retired_at")),
        moves=keys.count_of(meta.get("moves", "")),
        late=lateness.of_campaign(meta),
        launch=_words(meta.get("launch", "")),
    )


def _words(written: str) -> tuple[str, ...]:
    """Return the words of a command; none if another program wrote something else."""
    with suppress(ValueError, RecursionError):
        words = json.loads(written)
        if isinstance(words, list) and all(isinstance(word, str) for word in words):
            return tuple(words)
    return ()


def account(ledger: Ledger, account: str) -> AccountView:
    """Read an account; an unknown one has the first limit and nothing live."""
    now = ledger.time()
    with reaching(), ledger.redis.pipeline(transaction=True) as pipe:
        pipe.zcard(keys.account(account, "slots"))
        pipe.hgetall(keys.account(account, "meta"))
        pipe.zcard(keys.account(account, "live"))
        pipe.zcount(keys.account(account, "live"), "-inf", f"({now!r}")
        pipe.zrange(keys.account(account, "live"), 0, 0, withscores=True)
        pipe.hgetall(keys.account(account, "blocks"))
        pipe.zcard(keys.account(account, "held"))
        pipe.hgetall(keys.account(account, "orphans"))
        pipe.hgetall(keys.account(account, "caller_blocks"))
        slots, meta, live, overdue, oldest, blocks, held, orphans, callers = pipe.execute()
    return AccountView(
        account=account,
        slots=slots,
        learned=keys.count_of(meta.get("learned", ""), limit.FIRST),
        live=live,
        overdue=overdue,
        oldest_overdue_seconds=max(0.0, now - oldest[0][1]) if oldest else 0.0,
        blocks=blocks,
        outage="probe_at" in meta,
        held=held,
        orphans=sum(one.is_certain for one in searches.read_orphans(orphans)),
        caller_blocks=callers,
    )


def live_calls(ledger: Ledger, account: str, campaign_id: str = "") -> list[tuple[str, float]]:
    """Return the attempts of live connections with their deadlines, the soonest first."""
    with reaching():
        live = ledger.redis.zrange(keys.account(account, "live"), 0, -1, withscores=True)
    prefix = f"{campaign_id}:" if campaign_id else ""
    return [
        (attempt, deadline)
        for attempt, deadline in live
        if attempt.startswith(prefix) and Attempt.is_written(attempt)
    ]


def unended(ledger: Ledger, account: str, campaign_id: str) -> int:
    """Return how many connections of a campaign have not ended yet and still hold a slot.

    A live connection without a slot has outlasted our patience; its stop is still repeated.
    """
    live = [attempt for attempt, _ in live_calls(ledger, account, campaign_id)]
    if not live:
        return 0
    with reaching():
        slots = ledger.redis.zmscore(keys.account(account, "slots"), live)
    return sum(score is not None for score in slots)


def next_call(ledger: Ledger, campaign_id: str) -> tuple[Contact, int] | None:
    """Return the contact of the next pending call, and how often it was dialled.

    None if no call waits, or if it can't be read.
    """
    with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
        first = ledger.redis.zrange(keys.campaign(campaign_id, "due"), 0, 0)
        if not first or not first[0].isdecimal():
            return None
        contacts, place = keys.campaign(campaign_id, "contacts"), f"{first[0]}-0"
        found = ledger.redis.xrange(contacts, place, place)
        pipe.hgetall(keys.call(campaign_id, int(first[0])))
        (call,) = hashes(pipe)
    try:
        return decode(found[0][1]["c"])[0], keys.count_of(call.get("attempts", ""))
    except (ValueError, LookupError):
        return None


def results(ledger: Ledger, campaign_id: str) -> Iterator[dict[str, Any]]:
    """Yield a record for every contact of a campaign, in the order of its file."""
    for rows in contact_pages(ledger, campaign_id):
        yield from results_of(ledger, campaign_id, rows)


def contact_pages(ledger: Ledger, campaign_id: str) -> Iterator[list[tuple[int, str]]]:
    """Yield the rows of a campaign with their contacts' records, a page at a time."""
    contacts, after = keys.campaign(campaign_id, "contacts"), "-"
    while True:
        with reaching():
            page = ledger.redis.xrange(contacts, min=after, count=_PAGE)
        if not page:
            return
        yield [(int(entry.partition("-")[0]), fields.get("c", "")) for entry, fields in page]
        after = f"({page[-1][0]}"


def results_of(
    ledger: Ledger, campaign_id: str, rows: Sequence[tuple[int, str]]
) -> Iterator[dict[str, Any]]:
    """Yield the results of these rows. Each row comes with its contact's record."""
    with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
        pipe.hget(keys.campaign(campaign_id, "meta"), "policy")
        for row, _ in rows:
            pipe.hgetall(keys.call(campaign_id, row))
        policy, *found = pipe.execute(raise_on_error=False)
        calls = _hashes(found)
        for (row, _), call in zip(rows, calls, strict=True):
            pipe.hgetall(keys.attempt(f"{campaign_id}:{row}:{call.get('attempt', 0)}"))
        attempts = hashes(pipe)
    names = [
        f"{campaign_id}:{row}:{call.get('attempt', 0)}"
        for (row, _), call in zip(rows, calls, strict=True)
    ]
    collected = insights.collected(ledger, names)
    hears_machines = _hears_machines(policy)
    for (_, record), call, attempt, kept in zip(rows, calls, attempts, collected, strict=True):
        spoken = _insights(kept, attempt)
        callee = heard.facts(
            call,
            attempt,
            spoken,
            is_recorded=_is_recorded(kept, attempt),
            hears_machines=hears_machines,
        )
        yield {**_result(campaign_id, record, call, attempt), **callee, **spoken}


def _hears_machines(policy: Any) -> bool:
    try:
        known = decode_policy(policy)
    except (ValueError, TypeError):
        return False
    # An earlier release wrote only `on_machine`.
    does_something = known.on_machine is not OnMachine.GO_ON or bool(known.machine_script)
    return known.hears_machines or does_something


def _is_recorded(collected: Collected | None, attempt: dict[str, str]) -> bool:
    """Whether a call was recorded, if its transcript is empty.

    It was if it has a conversation. Words that a provider sends without one show it only if there
    are any: else nobody may have listened.
    """
    if collected is None:
        return False
    return bool(attempt.get("conversation_id") or collected.get("transcript"))


def hashes(pipe: Any) -> list[dict[str, str]]:
    """Return the hashes that a pipeline reads; an empty one for a key of another type."""
    return _hashes(pipe.execute(raise_on_error=False))


def _hashes(found: list[Any]) -> list[dict[str, str]]:
    for one in found:
        if isinstance(one, Exception) and "WRONGTYPE" not in str(one):
            raise one
    return [one if isinstance(one, dict) else {} for one in found]


def _contact(record: str) -> tuple[Contact, int]:
    """Return a contact and its line; an empty contact if its record can't be read."""
    try:
        return decode(record)
    except ValueError:
        return Contact("", ""), 0


def _insights(collected: Collected | None, attempt: dict[str, str]) -> dict[str, Any]:
    """Return what a result says of transcripts and insights; nothing if nothing was collected."""
    known: dict[str, Any] = {}
    if "stop_error" in attempt:
        known["stop_error"] = attempt["stop_error"]
    if "summaries" in attempt:
        known["summary_pages"] = json.loads(attempt["summaries"])
    if "collect_error" in attempt:
        known["insights_error"] = attempt["collect_error"]
    if "erased" in attempt:
        return known | {"insights_erased": True}
    if "collected_at" not in attempt:
        return known
    # If nothing was recorded, the transcript is empty; if nobody asked for one, it is missing.
    rest = dict(collected if collected is not None else {"transcript": []})
    whole = {name: rest.pop(name) for name in ("transcript", "recordings") if name in rest}
    return known | whole | {"insights": rest}


def _result(
    campaign_id: str, record: str, call: dict[str, str], attempt: dict[str, str]
) -> dict[str, Any]:
    contact, line = _contact(record)
    started_at = instant(attempt.get("started_at"))
    # A worker may have known the end before it could record it.
    known_at = ("over_at" in attempt and attempt.get("gone_at")) or attempt.get("over_at")
    ended_at = instant(known_at or call.get("ended_at"))
    return {
        "campaign_id": campaign_id,
        "contact_id": contact.contact_id,
        "phone_number": contact.phone_number or None,
        "phone_column": contact.phone_column or None,
        "sip_uri": contact.sip_uri or None,
        "name": contact.name,
        "dtmf": contact.dtmf,
        "line": line,
        "state": call.get("state", CallState.PENDING.value),
        "disposition": call.get("disposition") or None,
        "reason": reason_of(call.get("disposition"), call.get("reason")) or None,
        "attempts": keys.count_of(call.get("attempts", "")),
        "connection_id": attempt.get("connection_id") or None,
        "conversation_id": attempt.get("conversation_id") or None,
        "caller_id": attempt.get("caller_id") or None,
        "started_at": started_at,
        "answered_at": instant(attempt.get("answered_at")),
        "answered_by": attempt.get("answered_by") or None,
        "answers": answers_of(attempt),
        "deadline": instant(attempt.get("deadline")),
        "ended_at": ended_at,
        "begun_at": instant(attempt.get("begun_at")),
        "late_seconds": lateness.of_attempt(attempt, call),
        "late_cause": attempt.get("end_late_why") or None,
        "stop_late_seconds": instant(attempt.get("stop_late")),
        "duration_seconds": _duration(attempt, ended_at),
        "price": attempt.get("price") or None,
        "error": repeats.error_of(call) or attempt.get("second_error") or None,
        "variables": contact.variables,
    }


#: The prefix of fields with the answer to a step, in the record of an attempt.
ANSWER = "answer:"


def answers_of(attempt: Mapping[str, str]) -> dict[str, str]:
    """Return the answers of an attempt: step -> the keys that were pressed."""
    named = {name: keys for name, keys in attempt.items() if name.startswith(ANSWER)}
    return {name.removeprefix(ANSWER): named[name] for name in sorted(named)}


def _duration(attempt: dict[str, str], ended_at: float | None) -> float | None:
    """Return how many seconds a call lasted, from the callee's answer if that is reported."""
    if (duration := instant(attempt.get("duration"))) is not None:
        return duration
    began_at = instant(attempt.get("answered_at" if "stage" in attempt else "started_at"))
    return round(ended_at - began_at, 3) if began_at is not None and ended_at else None


def _by_label(counts: dict[str, str]) -> dict[str, int]:
    """Return how many calls have each label, by today's names and without zeros."""
    summed: Counter[str] = Counter()
    for label, count in counts.items():
        summed[label_of(label)] += keys.count_of(count)
    return {label: count for label, count in sorted(summed.items()) if count}


#: The longest `#row`; no campaign has so many rows.
_LONGEST_PLACE = 12


def find_row(ledger: Ledger, campaign_id: str, who: str) -> int:
    """Return the row of a contact by its id, its number or SIP address, or `#row`.

    A number with key presses is written `+12025550143,4711#`. Raises LedgerError.
    """
    row = row_of(ledger, campaign(ledger, campaign_id), who)
    if row is None:
        raise LedgerError(
            f"campaign {campaign_id} has no contact {who}; `callsched results {campaign_id}`"
            " lists their ids"
        )
    return row


def row_of(ledger: Ledger, view: CampaignView, who: str) -> int | None:
    """Return the row of a contact as `find_row` does; None if the campaign has no such contact."""
    view.expect_kept()
    if who.startswith("#") and who[1:].isdecimal():
        if len(who) > _LONGEST_PLACE:
            raise LedgerError(f"campaign {view.campaign_id} has no row {who[1:_LONGEST_PLACE]}…")
        return int(who[1:])
    with reaching():
        rows = ledger.redis.hmget(keys.campaign(view.campaign_id, "known"), names_of(view, who))
    row = next(filter(None, rows), None)
    return None if row is None else int(row)


def names_of(view: CampaignView, who: str) -> list[bytes]:
    """Return the names under which a campaign may know somebody: by id, number or address."""
    from scheduler.fields.parties import spellings  # numbers are slow to import, and few ask

    known_as = spellings(who, view.policy.default_region or None)
    return [kind + digest(each) for each in known_as for kind in IDENTITIES]


def result(ledger: Ledger, campaign_id: str, row: int) -> dict[str, Any]:
    """Return the result of one contact. Raises LedgerError."""
    with reaching():
        found = ledger.redis.xrange(keys.campaign(campaign_id, "contacts"), f"{row}-0", f"{row}-0")
    if not found:
        raise LedgerError(f"campaign {campaign_id} has no row {row}")
    return next(results_of(ledger, campaign_id, [(row, found[0][1]["c"])]))


def rows_to(ledger: Ledger, campaign_id: str, number: str) -> Iterator[int]:
    """Yield the rows of a campaign that reach a number or SIP address."""
    for page in contact_pages(ledger, campaign_id):
        for row, record in page:
            if number in record and decode(record)[0].address == number:
                yield row


def live_connection(ledger: Ledger, campaign_id: str, row: int) -> Connection:
    """Return the live connection of a call. Raises LedgerError if it has none."""
    with reaching():
        current = ledger.redis.hget(keys.call(campaign_id, row), "attempt") or 0
        found = ledger.redis.hgetall(keys.attempt(f"{campaign_id}:{row}:{current}"))
    if not found.get("connection_id") or "over_at" in found:
        raise LedgerError(
            f"the call to row {row} of campaign {campaign_id} is not live:"
            f" see `callsched results {campaign_id}`"
        )
    return connections.of_attempt(
        found["connection_id"],
        found.get("conversation_id"),
        found.get("details"),
        found.get("event_url"),
        found.get("result_websocket_url"),
    )
