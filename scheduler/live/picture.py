"""What there is to see at one instant. Nothing here reads the ledger or draws."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from scheduler.fields.counts import counted
from scheduler.ledger.accounts import Backlog, Happening, Load
from scheduler.ledger.live_calls import LiveCall
from scheduler.ledger.views import AccountView, CampaignView
from scheduler.ledger.workers import WorkerView
from scheduler.live.pace import Expected
from scheduler.live.people import Person, Place, person_of
from scheduler.masking import mask
from scheduler.models import Attempt, CallState, CampaignState

#: A stop takes a moment; one that is later than this is worth a word.
LATE_SECONDS = 5.0


class Severity(IntEnum):
    """How bad it is."""

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
    overdue: int  #: live calls past their deadline, by more than a moment


@dataclass(frozen=True, slots=True)
class ShownCall:
    """A live call. Who is called is read of those on the screen alone."""

    attempt: Attempt
    deadline: float
    state: CallState | None = None
    person: Person | None = None
    standing: str = ""  #: its state, or that it is queued or rings at its provider

    @property
    def name(self) -> str:
        """Its contact in a word; the row while that is not read."""
        return self.person.label if self.person else f"#{self.attempt.row}"

    @property
    def number(self) -> str:
        """The last digits of its contact's number."""
        return self.person.number if self.person else ""

    @property
    def who(self) -> str:
        """Whom it reaches; the row while that is not read."""
        return self.person.who if self.person else f"#{self.attempt.row}"


@dataclass(frozen=True, slots=True)
class Picture:
    """What there is to see. The account in focus is that of the campaign that is looked at."""

    at: float  #: by the clock of the ledger
    campaigns: tuple[ShownCampaign, ...] = ()
    others: int = 0  #: campaigns that are not looked at; of one account, unfinished ones
    account: AccountView | None = None  #: in focus; None before there is any
    ceiling: int = 0  #: of it, as the settings here say
    loads: tuple[Load, ...] = ()
    calls: tuple[ShownCall, ...] = ()  #: live ones, the nearest deadline first
    happenings: tuple[Happening, ...] = ()  #: oldest first
    people: Mapping[Place, Person] = field(default_factory=dict)  #: of the newest happenings
    workers: tuple[WorkerView, ...] = ()
    backlog: Backlog | None = None
    alarms: tuple[Alarm, ...] = ()

    def campaign(self, campaign_id: str) -> ShownCampaign | None:
        """Return a campaign by its id."""
        return next((c for c in self.campaigns if c.view.campaign_id == campaign_id), None)


def in_order(views: Iterable[CampaignView], now: float) -> list[CampaignView]:
    """Return campaigns as they are listed: those that go on, those that wait, the newest first.

    Those that are finished come last.
    """
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
    """Whether a campaign has calls under way, or some that are due, or waits for somebody."""
    is_due = view.next_due_at is not None and view.next_due_at <= now
    return view.open > 0 or is_due or view.state is CampaignState.PAUSED


def overdue_by_campaign(live: Iterable[tuple[str, float]], now: float) -> dict[str, int]:
    """Count the attempts whose deadline passed more than a moment ago."""
    counted: dict[str, int] = {}
    for attempt, deadline in live:
        if deadline < now - LATE_SECONDS:
            campaign_id = Attempt.parse(attempt).campaign_id
            counted[campaign_id] = counted.get(campaign_id, 0) + 1
    return counted


def shown_call(attempt: Attempt, deadline: float, detail: LiveCall | None) -> ShownCall:
    """Return a live call with what was read of it, if it was."""
    if detail is None:
        return ShownCall(attempt, deadline)
    person = person_of(detail.contact, attempt.row)
    return ShownCall(attempt, deadline, detail.state, person, detail.standing)


def place_of(happening: Happening) -> Place | None:
    """Return the call of which a happening tells; None where it tells of something else."""
    campaign_id, *row = happening.which.rsplit(":", 2)
    return (campaign_id, int(row[0])) if len(row) == 2 and row[0].isdecimal() else None


def alarms_of(account: AccountView, workers: Sequence[WorkerView], due: int) -> list[Alarm]:
    """Say what is wrong with an account of which so many calls are due, the worst first."""
    found = [
        Alarm(Severity.FAIL, f"the account can't dial: {why}") for why in account.blocks.values()
    ]
    if account.oldest_overdue_seconds > LATE_SECONDS:
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
    """Say which workers of an account dial nobody, and why."""
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
    if account.live:
        text = f"no worker runs: nobody ends {counted(account.live, 'live call')} on time"
        return [Alarm(Severity.FAIL, f"{text}: `callsched worker`")]
    if due:
        calls = counted(due, "call is", "calls are")
        return [Alarm(Severity.WARN, f"no worker runs, and {calls} due: `callsched worker`")]
    return []
