"""A picture: what a screen can show at one instant. Nothing here reads the ledger or draws."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from scheduler.accounts import SANDBOX_ACCOUNT
from scheduler.fields.counts import counted
from scheduler.late import LATE_SECONDS
from scheduler.ledger.accounts import Backlog, Happening, Load
from scheduler.ledger.live_calls import LiveCall
from scheduler.ledger.views import AccountView, CampaignView
from scheduler.ledger.workers import WorkerView
from scheduler.live.pace import Expected
from scheduler.live.people import Person, Place, person_of
from scheduler.masking import mask
from scheduler.models import Attempt, CallState, CampaignState


class Severity(IntEnum):
    """How bad an alarm is."""

    WARN = 1  #: somebody should know
    FAIL = 2  #: calls are not made, or not ended


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that is wrong with an account."""

    level: Severity
    text: str


@dataclass(frozen=True, slots=True)
class ShownCampaign:
    """A campaign as it stands."""

    view: CampaignView
    expected: Expected
    overdue: int  #: live calls that are late by now


@dataclass(frozen=True, slots=True)
class ShownCall:
    """A live call. Its contact is read only if the call is on the screen."""

    attempt: Attempt
    deadline: float
    state: CallState | None = None
    person: Person | None = None
    standing: str = ""  #: its state; before the answer, that it is queued or rings

    @property
    def name(self) -> str:
        """Its contact's label; the row if the contact is not read."""
        return self.person.label if self.person else f"#{self.attempt.row}"

    @property
    def number(self) -> str:
        """The last digits of its contact's number."""
        return self.person.number if self.person else ""

    @property
    def who(self) -> str:
        """Its contact in full; the row if the contact is not read."""
        return self.person.who if self.person else f"#{self.attempt.row}"


@dataclass(frozen=True, slots=True)
class Picture:
    """All that a screen shows. The account in focus is that of the chosen campaign."""

    at: float  #: by the clock of the ledger
    campaigns: tuple[ShownCampaign, ...] = ()
    others: int = 0  #: campaigns that are not shown; with an account, only unfinished ones
    account: AccountView | None = None  #: the account in focus; None before there is any
    ceiling: int = 0  #: its ceiling in slots, as the settings here say
    loads: tuple[Load, ...] = ()
    calls: tuple[ShownCall, ...] = ()  #: live ones, the nearest deadline first
    happenings: tuple[Happening, ...] = ()  #: oldest first
    people: Mapping[Place, Person] = field(default_factory=dict)  #: contacts of the newest events
    workers: tuple[WorkerView, ...] = ()
    backlog: Backlog | None = None
    alarms: tuple[Alarm, ...] = ()

    def campaign(self, campaign_id: str) -> ShownCampaign | None:
        """Return a campaign by its id."""
        return next((c for c in self.campaigns if c.view.campaign_id == campaign_id), None)


def in_order(views: Iterable[CampaignView], now: float) -> list[CampaignView]:
    """Sort campaigns for a list: active, waiting, finished ones; the newest first in each group."""
    return sorted(
        views,
        key=lambda view: (
            view.state is CampaignState.FINISHED,
            not _goes_on(view, now),
            -view.created_at,
            view.campaign_id,
        ),
    )


def _goes_on(view: CampaignView, now: float) -> bool:
    """Whether a campaign has live or due calls, or needs somebody."""
    is_due = view.next_due_at is not None and view.next_due_at <= now
    return view.open > 0 or is_due or view.state is CampaignState.PAUSED


def overdue_by_campaign(live: Iterable[tuple[str, float]], now: float) -> dict[str, int]:
    """Count the attempts that are late by now: any stop takes a moment."""
    counted: dict[str, int] = {}
    for attempt, deadline in live:
        if deadline < now - LATE_SECONDS:
            campaign_id = Attempt.parse(attempt).campaign_id
            counted[campaign_id] = counted.get(campaign_id, 0) + 1
    return counted


def shown_call(attempt: Attempt, deadline: float, detail: LiveCall | None) -> ShownCall:
    """Return a live call, with its detail if that was read."""
    if detail is None:
        return ShownCall(attempt, deadline)
    person = person_of(detail.contact, attempt.row)
    return ShownCall(attempt, deadline, detail.state, person, detail.standing)


def place_of(happening: Happening) -> Place | None:
    """Return the call that an event is about; None if it is about something else."""
    campaign_id, *row = happening.which.rsplit(":", 2)
    return (campaign_id, int(row[0])) if len(row) == 2 and row[0].isdecimal() else None


def alarms_of(account: AccountView, workers: Sequence[WorkerView], due: int) -> list[Alarm]:
    """Return what is wrong with an account that has `due` calls due, the worst first."""
    found = [
        Alarm(Severity.FAIL, f"the account can't dial: {why}") for why in account.blocks.values()
    ]
    if account.is_late:
        age = account.oldest_overdue_seconds
        late = (
            f"{counted(account.overdue, 'live call')} past the deadline, the oldest by {age:,.0f} s"
        )
        found.append(Alarm(Severity.FAIL, late))
    found += _without_worker(account, workers, due)
    found += [Alarm(Severity.FAIL, each) for each in stops_only(workers)]
    if account.outage:
        text = "the provider does not answer: one probe goes out at a time"
        found.append(Alarm(Severity.WARN, text))
    if account.orphans:
        text = f"{counted(account.orphans, 'live call')} at the provider that no attempt has"
        found.append(Alarm(Severity.WARN, f"{text}: `callsched doctor`"))
    for number in account.caller_blocks:
        text = f"the provider lets nobody call from {mask(number)}"
        found.append(Alarm(Severity.WARN, f"{text}: `callsched doctor`"))
    if account.held:
        text = (
            f"{counted(account.held, 'slot is', 'slots are')} held by starts whose answer was lost"
        )
        found.append(Alarm(Severity.WARN, f"{text}: `reconcile` settles them"))
    return sorted(found, key=lambda alarm: -alarm.level)


def stops_only(workers: Iterable[WorkerView]) -> list[str]:
    """Return which workers of an account only send stops, and why."""
    return [
        f"worker {each.name} only sends stops: {each.stops_only}"
        for each in workers
        if each.is_well and each.stops_only
    ]


def _without_worker(account: AccountView, workers: Sequence[WorkerView], due: int) -> list[Alarm]:
    if any(worker.is_well for worker in workers):
        silent = [worker for worker in workers if not worker.is_well]
        return [
            Alarm(Severity.WARN, f"worker {w.name}: silent for {w.seen_seconds_ago:.0f} s")
            for w in silent
        ]
    if account.account == SANDBOX_ACCOUNT and due and not account.live:
        calls = counted(due, "call is", "calls are")
        return [Alarm(Severity.WARN, f"{calls} due, and nobody dials: a sandbox ends with its run")]
    if account.live:
        text = f"no worker runs: nobody ends {counted(account.live, 'live call')} on time"
        return [Alarm(Severity.FAIL, f"{text}: `callsched worker`")]
    if due:
        calls = counted(due, "call is", "calls are")
        return [Alarm(Severity.WARN, f"no worker runs, and {calls} due: `callsched worker`")]
    return []
