"""Reads the ledger for a screen: one picture at a time, with a bound on all that is read."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from scheduler.ledger import accounts, clocks, due, live_calls, views, workers
from scheduler.ledger.accounts import Happening, Load
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import CampaignView
from scheduler.live.campaigns import Campaigns
from scheduler.live.people import People, Place
from scheduler.live.picture import (
    Alarm,
    Picture,
    Severity,
    ShownCall,
    alarms_of,
    overdue_by_campaign,
    place_of,
    shown_call,
)
from scheduler.models import Attempt, CampaignState

#: Other accounts whose alarms are shown.
_OTHER_ACCOUNTS = 5

#: The time that the chart of slots covers.
LOAD_SECONDS = 600.0

#: Live calls that a search looks through, if there are more: those with the nearest deadlines.
_MOST_SOUGHT = 5000

#: What the ledger keeps of what happened.
_MOST_HAPPENINGS = 1000


@dataclass(frozen=True, slots=True)
class Focus:
    """What a screen shows: the chosen campaign, the search, and the room in its lists."""

    campaign_id: str = ""  #: its account is in focus; "": the account of the first campaign
    only: str = ""  #: show live calls of this campaign only; "": of all
    first_call: int = 0  #: the index of the first live call on the screen
    calls: int = 20  #: so many of them are on the screen
    search: str = ""  #: only live calls whose contact's id, name or number contains this
    happenings: int = 0  #: how many of the newest events are on the screen


@dataclass(slots=True)
class _Account:
    """What is kept of an account from one picture to the next."""

    loads: deque[Load] = field(default_factory=deque)
    happenings: deque[Happening] = field(default_factory=lambda: deque(maxlen=_MOST_HAPPENINGS))
    cursor: str = "-"


class Watcher:
    """Takes picture after picture of the ledger, and reads only what has changed, within bounds."""

    def __init__(
        self,
        ledger: Ledger,
        ids: Sequence[str],
        *,
        account: str | None,
        ceiling_of: Callable[[str], int],
    ) -> None:
        """Watch these campaigns, or all without any; of one account, or of all without one.

        `ceiling_of` returns an account's ceiling in slots, as the settings say.
        """
        self._ledger = ledger
        self._ids = frozenset(ids)
        self._account = account
        self._ceiling_of = ceiling_of
        self._campaigns = Campaigns(ledger, ids, account)
        self._accounts: dict[str, _Account] = {}
        self._people = People(ledger)
        self._due = due.Recurring()

    def look(self, focus: Focus) -> Picture:
        """Read what there is to see. Raises LedgerUnreachable."""
        now = self._ledger.time()
        listed = self._campaigns.read(now, (focus.campaign_id, focus.only))
        name = self._in_focus(listed, focus)
        return Picture(now) if name is None else self._picture(now, listed, name, focus)

    def _in_focus(self, listed: Sequence[CampaignView], focus: Focus) -> str | None:
        if self._account is not None:
            return self._account
        chosen = map(self._campaigns.account_of, (focus.only, focus.campaign_id))
        return next(filter(None, chosen), listed[0].account if listed else None)

    def _picture(
        self, now: float, listed: Sequence[CampaignView], name: str, focus: Focus
    ) -> Picture:
        account, due_calls = views.account(self._ledger, name), self._due.count(self._ledger, name)
        waits = accounts.backlog(self._ledger, name, due_calls=due_calls)
        kept = self._accounts.setdefault(name, _Account())
        self._read_happenings(name, kept)
        self._read_loads(name, kept, now)
        live = views.live_calls(self._ledger, name)
        overdue = overdue_by_campaign(live, now)
        self._campaigns.note_paces(
            now, {each: known.happenings for each, known in self._accounts.items()}
        )
        there = workers.all_of(self._ledger, name)
        return Picture(
            at=now,
            campaigns=tuple(
                self._campaigns.shown(view.campaign_id, now, overdue) for view in listed
            ),
            others=self._campaigns.others,
            account=account,
            ceiling=self._ceiling_of(name),
            loads=tuple(kept.loads),
            calls=self._calls(live, focus),
            happenings=tuple(kept.happenings),
            people=self._people.of(_places(kept.happenings, focus.happenings)),
            workers=tuple(there),
            backlog=waits,
            alarms=(
                *alarms_of(account, there, waits.due),
                *self._elsewhere(listed, name),
                *self._clock(now),
            ),
        )

    def _clock(self, now: float) -> list[Alarm]:
        """Return an alarm if the clock of Redis has jumped within the last day."""
        text = clocks.last_jump(self._ledger.redis, now)
        return [Alarm(Severity.WARN, text)] if text else []

    def _elsewhere(self, listed: Sequence[CampaignView], name: str) -> list[Alarm]:
        """Return what is wrong with the accounts of other campaigns that are not finished."""
        names = {view.account for view in listed if view.state is not CampaignState.FINISHED}
        return [
            Alarm(alarm.level, f"account {other}: {alarm.text}")
            for other in sorted(names - {name})[:_OTHER_ACCOUNTS]
            for alarm in alarms_of(
                views.account(self._ledger, other), workers.all_of(self._ledger, other), 0
            )
        ]

    def _read_happenings(self, name: str, kept: _Account) -> None:
        newest, kept.cursor = accounts.happenings(
            self._ledger, name, after=kept.cursor, most=_MOST_HAPPENINGS
        )
        kept.happenings.extend(newest)

    def _read_loads(self, name: str, kept: _Account, now: float) -> None:
        since = max(now - LOAD_SECONDS, kept.loads[-1].at if kept.loads else 0.0)
        known = kept.loads[-1].at if kept.loads else 0.0
        kept.loads.extend(
            load
            for load in accounts.load_between(self._ledger, name, since, now)
            if load.at > known
        )
        while len(kept.loads) > 1 and kept.loads[1].at <= now - LOAD_SECONDS:
            kept.loads.popleft()

    def _calls(
        self, open_calls: Sequence[tuple[str, float]], focus: Focus
    ) -> tuple[ShownCall, ...]:
        wanted = [(Attempt.parse(written), deadline) for written, deadline in open_calls]
        wanted = [each for each in wanted if self._is_wanted(each[0], focus)]
        if focus.search:
            wanted = self._found(wanted, focus.search.casefold())
        on_screen = wanted[focus.first_call : focus.first_call + focus.calls]
        read = live_calls.details(self._ledger, [attempt for attempt, _ in on_screen])
        return tuple(
            shown_call(attempt, deadline, read.get(attempt)) for attempt, deadline in wanted
        )

    def _found(
        self, wanted: Sequence[tuple[Attempt, float]], text: str
    ) -> list[tuple[Attempt, float]]:
        """Return the calls whose contact's id, name or number contains a text."""
        looked_at = wanted[:_MOST_SOUGHT]
        people = self._people.of((each.campaign_id, each.row) for each, _ in looked_at)
        return [
            (each, deadline)
            for each, deadline in looked_at
            if (known := people.get((each.campaign_id, each.row))) and text in known.searchable
        ]

    def _is_wanted(self, attempt: Attempt, focus: Focus) -> bool:
        if focus.only:
            return attempt.campaign_id == focus.only
        return not self._ids or attempt.campaign_id in self._ids


def _places(seen: Sequence[Happening], most: int) -> list[Place]:
    """Return the calls that the newest events are about."""
    newest = islice(reversed(seen), most)
    return [place for each in newest if (place := place_of(each)) is not None]
