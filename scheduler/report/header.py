"""The data of a report about the campaign itself, besides its calls."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from scheduler.ledger import accounts, controls, views
from scheduler.ledger.accounts import Load
from scheduler.ledger.controls import Controlled
from scheduler.ledger.lateness import NEVER_LATE, Lateness
from scheduler.ledger.ledger import Ledger
from scheduler.models import CampaignState
from scheduler.report.times import IN_UTC, Times

#: A change of an account's slots or limit is on record as a sample at most so much later.
_SAMPLE_SECONDS = 2.0

#: When an attempt's slot was taken and given back, None while it is open; epoch seconds.
Span = tuple[float, float | None]


@dataclass(frozen=True, slots=True)
class Header:
    """A campaign without its calls. Instants are epoch seconds."""

    campaign_id: str
    made_at: float  #: when the report was made
    name: str = ""
    account: str = ""  #: the account that dialled it; "": not known
    state: str = CampaignState.FINISHED.value
    created_at: float | None = None
    finished_at: float | None = None
    max_duration_seconds: float | None = None
    max_concurrency: int | None = None  #: the campaign's own; None: the account's alone
    collecting: int = 0  #: conversations that workers have still to read
    stopped_itself: str = ""  #: why it stopped itself; "": it did not
    late: Lateness = NEVER_LATE  #: which attempts ended late
    orders: tuple[Controlled, ...] = ()  #: what operators did, the oldest first
    times: Times = IN_UTC  #: the clock of the page's times

    @property
    def is_over(self) -> bool:
        """Whether every call has ended."""
        return self.state == CampaignState.FINISHED

    @property
    def until(self) -> float:
        """When the campaign ended; while it runs, when the report was made."""
        return self.finished_at or self.made_at


@dataclass(frozen=True, slots=True)
class Source:
    """The input of a report. `records` and `spans` are iterators: they are read once."""

    header: Header
    records: Iterable[dict[str, Any]]
    total: int | None = None  #: the number of records, if it is known beforehand
    #: None: taken from the records, which have only the last attempt of each call.
    spans: Iterable[Span] | None = None
    loads: tuple[Load, ...] = ()  #: samples of its account, the oldest first


def source_of(ledger: Ledger, campaign_id: str) -> Source:
    """Read a campaign from the ledger. Raises LedgerError when there is none of this id."""
    view = views.campaign(ledger, campaign_id)
    made_at = time.time()
    until = view.finished_at or made_at
    header = Header(
        campaign_id=campaign_id,
        made_at=made_at,
        name=view.name,
        account=view.account,
        state=view.state,
        created_at=view.created_at,
        finished_at=view.finished_at,
        max_duration_seconds=view.policy.max_duration_seconds,
        max_concurrency=view.policy.max_concurrency,
        collecting=view.collecting,
        stopped_itself=view.stopped_itself,
        late=view.late,
        times=Times(None),
        orders=tuple(_orders(ledger, view.account, campaign_id, view.created_at, until)),
    )
    return Source(
        header=header,
        records=views.results(ledger, campaign_id),
        total=view.total,
        spans=accounts.attempt_spans(ledger, campaign_id),
        loads=tuple(
            accounts.load_between(ledger, view.account, view.created_at, until + _SAMPLE_SECONDS)
        ),
    )


def _orders(
    ledger: Ledger, account: str, campaign_id: str, since: float, until: float
) -> list[Controlled]:
    """Return orders on the campaign, and those on its account's limit while it ran, by time."""
    to_limit = [each for each in controls.of_account(ledger, account) if since <= each.at <= until]
    return sorted(controls.of_campaign(ledger, campaign_id) + to_limit, key=lambda each: each.at)
