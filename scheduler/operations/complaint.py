"""Deals with a complaint: finds the live and the waiting calls to somebody, and ends live ones.

The caller first puts them on the do-not-call list. From then on nobody dials them, so no other
call can become live. If this dies in between, run it again.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import uuid4

from scheduler.errors import StaleAttempt
from scheduler.fields.contact_label import label_of
from scheduler.ledger import accounts, addresses, live_calls, pages, views
from scheduler.ledger.do_not_call import prefixes_of
from scheduler.ledger.ledger import Control, Ledger
from scheduler.ledger.views import CampaignView
from scheduler.models import Attempt, CallState, CampaignState
from scheduler.operations.do_not_call import Addition, is_prefix
from scheduler.operations.endings import Ending, WaitReporter, await_ends, endings
from scheduler.operations.orders import about

#: For at most how many numbers to look for campaigns that still have to call them.
MOST_ASKED = 50
#: How many campaigns to ask in one round trip.
_AT_ONCE = 100

_LIVE = (CallState.DIALING, CallState.CONNECTED, CallState.STOPPING)
_WAITS = (CallState.PENDING, CallState.CLAIMED)


@dataclass(frozen=True, slots=True)
class LiveTo:
    """An attempt that may have somebody on the line, or a phone ringing."""

    attempt: Attempt
    account: str
    label: str  #: the contact's name for a person
    is_certain: bool  #: False: the API never answered its start, or never confirmed its end

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "campaign_id": self.attempt.campaign_id,
            "row": self.attempt.row,
            "account": self.account,
            "label": self.label,
            "is_certain": self.is_certain,
        }


@dataclass(frozen=True, slots=True)
class WaitsIn:
    """A campaign that still has to call somebody, and how many of its calls do."""

    campaign_id: str
    calls: int


@dataclass(frozen=True, slots=True)
class Found:
    """The calls to the numbers that a complaint is about."""

    live: tuple[LiveTo, ...]
    #: None: not searched, because of prefixes or very many numbers.
    waits: tuple[WaitsIn, ...] | None

    @property
    def certain(self) -> tuple[LiveTo, ...]:
        """Calls that can be ended."""
        return tuple(each for each in self.live if each.is_certain)

    @property
    def doubtful(self) -> tuple[LiveTo, ...]:
        """Calls that may be live, or not."""
        return tuple(each for each in self.live if not each.is_certain)

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        waits = self.waits
        return {
            "live": [each.as_record() for each in self.live],
            "waiting": None
            if waits is None
            else [{"campaign_id": each.campaign_id, "calls": each.calls} for each in waits],
        }


def look(ledger: Ledger, entries: Sequence[str], among: frozenset[str] | None = None) -> Found:
    """Return which calls to these entries are live, and which campaigns still have to call them.

    `among` are the accounts to look at; None for all.
    """
    live = sorted(
        _live_to(ledger, set(entries), among),
        key=lambda each: (each.attempt.campaign_id, each.attempt.row),
    )
    if len(entries) > MOST_ASKED or any(map(is_prefix, entries)):
        return Found(tuple(live), None)
    return Found(tuple(live), tuple(_waits(ledger, entries, among)))


def _live_to(ledger: Ledger, entries: set[str], among: frozenset[str] | None) -> Iterator[LiveTo]:
    for account in accounts.names(ledger):
        if among is not None and account not in among:
            continue
        open_ones = live_calls.open_attempts(ledger, account)
        for attempt, call in live_calls.details(ledger, list(open_ones)).items():
            address = call.contact.address
            if entries.isdisjoint((address, *prefixes_of(address))):
                continue
            if call.state in _LIVE or open_ones[attempt]:
                record = views.result(ledger, attempt.campaign_id, attempt.row)
                label = label_of(record, attempt.row)
                yield LiveTo(attempt, account, label, is_certain=call.state in _LIVE)


def _waits(
    ledger: Ledger, entries: Sequence[str], among: frozenset[str] | None
) -> Iterator[WaitsIn]:
    for some in unfinished(ledger, among):
        calls = defaultdict[str, int](int)
        for address in entries:
            for view, rows in addresses.rows_to(ledger, some, address):
                stands = pages.stands(ledger, view.campaign_id, rows)
                calls[view.campaign_id] += sum(each.state in _WAITS for each in stands)
        yield from (WaitsIn(campaign_id, count) for campaign_id, count in calls.items() if count)


def unfinished(ledger: Ledger, among: frozenset[str] | None) -> Iterator[list[CampaignView]]:
    """Yield the unfinished campaigns of some accounts, a page at a time."""
    ids = [
        each.campaign_id
        for each in views.headings(ledger)
        if each.state != CampaignState.FINISHED and (among is None or each.account in among)
    ]
    for at in range(0, len(ids), _AT_ONCE):
        yield views.campaigns(ledger, ids[at : at + _AT_ONCE])


@dataclass(frozen=True, slots=True)
class HungUp:
    """How the live calls ended."""

    endings: tuple[Ending, ...] = ()
    left: int = 0  #: calls whose end is not confirmed; their stops are on record

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {"ended": [each.as_record() for each in self.endings], "not_confirmed": self.left}


def hang_up(
    ledger: Ledger,
    calls: Sequence[LiveTo],
    control: Control,
    reporter: WaitReporter | None = None,
    within_seconds: float = math.inf,
) -> HungUp:
    """End these calls now, and wait until their ends are confirmed, `within_seconds` at the latest.

    The stops are on record before the wait. A call that ends by itself meanwhile does not count.
    """
    by_account = defaultdict[str, list[Attempt]](list)
    for each in calls:
        # Each call gets its own order: one token can stop only one call.
        order = about(replace(control, token=uuid4().hex), f"#{each.attempt.row}")
        with suppress(StaleAttempt):
            live_calls.stop(ledger, each.account, each.attempt, order)
            by_account[each.account].append(each.attempt)
    left = await_ends(ledger, by_account, reporter, within_seconds)
    ended = endings(ledger, [each for some in by_account.values() for each in some], left)
    return HungUp(tuple(ended), len(left))


def as_record(addition: Addition, found: Found, hung_up: HungUp | None) -> dict[str, Any]:
    """Return the result of a complaint as JSON has it."""
    return {**asdict(addition), **found.as_record(), **(hung_up.as_record() if hung_up else {})}
