"""The campaigns of a picture: a few are read anew for each, the others are kept from before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scheduler.ledger import accounts, campaigns, foremost, views
from scheduler.ledger.accounts import Happening
from scheduler.ledger.campaigns import Waiting
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import CampaignView
from scheduler.live.pace import WINDOW_SECONDS, Pace, expected
from scheduler.live.picture import ShownCampaign, in_order
from scheduler.models import CallState, CampaignState

#: Campaigns that are shown, if there are more: those that matter most.
MOST_CAMPAIGNS = 500

#: Campaigns read for one picture: new ones first, then those that were read longest ago.
NEW_A_LOOK, UNFINISHED_A_LOOK, FINISHED_A_LOOK = 200, 30, 5

_NOTHING_WAITS = Waiting(0, None)


@dataclass(slots=True)
class _Known:
    """A campaign as it was read last."""

    view: CampaignView
    read_at: float
    waiting: Waiting = _NOTHING_WAITS
    pace: Pace = field(default_factory=Pace)
    has_pace: bool = False


class Campaigns:
    """The campaigns that are shown."""

    def __init__(self, ledger: Ledger, ids: Sequence[str], account: str | None) -> None:
        """Show these campaigns, or all without any; of one account, or of all without one."""
        self._ledger = ledger
        self._ids = tuple(dict.fromkeys(ids))
        self._account = account
        self._known: dict[str, _Known] = {}
        self._gone: set[str] = set()
        self.others = 0  #: campaigns that are not shown; with an account, only unfinished ones

    def read(self, now: float, first: Sequence[str]) -> list[CampaignView]:
        """Read the campaigns `first` and those whose turn it is; return all in list order."""
        # Campaigns on the screen stay there, even if others matter more by now.
        kept = [one for one in first if one in self._known]
        ids = list(dict.fromkeys([*kept, *self._looked_at()]))
        for left in self._known.keys() - set(ids):
            del self._known[left]
        self._gone &= set(ids)
        self._read([*self._turns(ids), *kept], now)
        self._read_waiting(now)
        listed = in_order((known.view for known in self._known.values()), now)
        self.others = self._count_others(listed)
        return listed

    def _looked_at(self) -> Sequence[str]:
        if self._ids:
            return self._ids[:MOST_CAMPAIGNS]
        one = self._account
        names = accounts.names(self._ledger) if one is None else [one]
        return foremost.foremost(self._ledger, names, MOST_CAMPAIGNS)

    def _count_others(self, listed: Sequence[CampaignView]) -> int:
        if self._ids:
            return max(0, len(self._ids) - MOST_CAMPAIGNS)
        unfinished = sum(view.state is not CampaignState.FINISHED for view in listed)
        return foremost.others(self._ledger, self._account, len(listed), unfinished)

    def account_of(self, campaign_id: str) -> str | None:
        """Return the account of a campaign that is shown."""
        known = self._known.get(campaign_id)
        return known.view.account if known else None

    def shown(self, campaign_id: str, now: float, overdue: Mapping[str, int]) -> ShownCampaign:
        """Return a campaign as it is shown, with its expected end."""
        known = self._known[campaign_id]
        guess = expected(known.view, known.waiting, known.pace.per_second(), now)
        return ShownCampaign(known.view, guess, overdue.get(campaign_id, 0))

    def note_paces(self, now: float, remembered: Mapping[str, Sequence[Happening]]) -> None:
        """Update the pace of the campaigns just read; at first from the account's latest events."""
        for known in self._known.values():
            if known.read_at != now:
                continue
            ended = known.view.calls[CallState.ENDED]
            if not known.has_pace and known.view.account in remembered:
                since, before = _ends_of(known.view, remembered[known.view.account], now)
                known.pace.note(since, ended - before)
            known.has_pace = True
            known.pace.note(now, ended)

    def _turns(self, ids: Sequence[str]) -> list[str]:
        """Return the campaigns to read now: new ones, then those that were read longest ago."""
        new = [one for one in ids if one not in self._known and one not in self._gone]
        finished: list[str] = []
        others: list[str] = []
        for one in sorted(self._known, key=lambda one: self._known[one].read_at):
            is_over = self._known[one].view.state is CampaignState.FINISHED
            (finished if is_over else others).append(one)
        return new[:NEW_A_LOOK] + others[:UNFINISHED_A_LOOK] + finished[:FINISHED_A_LOOK]

    def _read(self, ids: Sequence[str], now: float) -> None:
        wanted = list(dict.fromkeys(ids))
        found = {view.campaign_id: view for view in views.campaigns(self._ledger, wanted)}
        for campaign_id in wanted:
            view = found.get(campaign_id)
            # It is erased, or unreadable, or of another account.
            if view is None or self._account not in (None, view.account):
                self._known.pop(campaign_id, None)
                self._gone.add(campaign_id)
                continue
            known = self._known.setdefault(campaign_id, _Known(view, now))
            known.view, known.read_at = view, now

    def _read_waiting(self, now: float) -> None:
        """Read what the unfinished ones of the campaigns just read wait for."""
        some = [
            campaign_id
            for campaign_id, known in self._known.items()
            if known.read_at == now and known.view.state is not CampaignState.FINISHED
        ]
        if some:
            for campaign_id, waits in campaigns.waiting(self._ledger, some, now).items():
                self._known[campaign_id].waiting = waits


def _ends_of(view: CampaignView, seen: Sequence[Happening], now: float) -> tuple[float, int]:
    """Return since when the events have a campaign's ends, and how many calls ended since.

    Skipped calls don't count: they end when their file is loaded, and say nothing of the pace.
    """
    since = max(view.created_at, now - WINDOW_SECONDS, seen[0].at if seen else now)
    prefix = f"{view.campaign_id}:"
    ends = [
        each
        for each in seen
        if each.what == "ended" and each.at >= since and each.which.startswith(prefix)
    ]
    return since, sum(not each.detail.startswith("skipped") for each in ends)
