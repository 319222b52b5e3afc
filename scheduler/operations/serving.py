"""Finds campaigns that wait because no worker serves them, and the command that helps."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from scheduler.accounts import SANDBOX_ACCOUNT
from scheduler.ledger import workers
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import CampaignView
from scheduler.ledger.workers import WorkerView
from scheduler.models import CallState, CampaignState
from scheduler.settings import Settings


class Serving:
    """Answers for several campaigns; it reads the workers of each account once."""

    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        """`settings` decide which command would start a worker here."""
        self._ledger = ledger
        self._settings = settings
        self._known: dict[str, list[WorkerView]] = {}

    def lack(self, view: CampaignView) -> str:
        """Return that no worker dials a campaign, and which command helps; "" if one does.

        Also "" for a campaign that an operator has paused, or that stopped itself: it waits for an
        order, not for a worker.
        """
        if not view.calls[CallState.PENDING] or view.state is CampaignState.FINISHED:
            return ""
        if view.paused_by or view.cancelled_by or view.stopped_itself:
            return ""
        if view.launch[:1] == ("run",):
            return self._of_a_run(view)
        is_paused = view.state is CampaignState.PAUSED
        return "" if is_paused or self._serves(view) else self.of_account(view.account)

    def lacks(self, views: Iterable[CampaignView]) -> list[str]:
        """Return these sentences for several campaigns, each sentence once."""
        found = dict.fromkeys(self.lack_by_name(view) for view in views)
        return [sentence for sentence in found if sentence]

    def lack_by_name(self, view: CampaignView) -> str:
        """Return the sentence for one of several campaigns, with its id if the command needs it."""
        lack = self.lack(view)
        is_its_own = view.launch[:1] == ("run",) or view.account == SANDBOX_ACCOUNT
        return f"campaign {view.campaign_id}: {lack}" if lack and is_its_own else lack

    def of_account(self, account: str) -> str:
        """Return that no worker dials all campaigns of an account, and what starts one; else ""."""
        if any(not each.campaign_id for each in self._dialling(account)):
            return ""
        if account == SANDBOX_ACCOUNT:
            return (
                "nobody dials it, because its sandbox ended with its run. Start `callsched"
                f" sandbox`, and a worker with its address and CALLSCHED_ACCOUNT={SANDBOX_ACCOUNT}"
            )
        start = self._start_of(account)
        return f"no worker serves account {account}: {start}"

    def _of_a_run(self, view: CampaignView) -> str:
        goes_on = f"`callsched {shlex.join(view.launch)}` continues it"
        if view.state is CampaignState.PAUSED:
            return f"its run was interrupted: {goes_on}"
        return "" if self._serves(view) else f"nobody dials it: {goes_on}"

    def _serves(self, view: CampaignView) -> bool:
        served = {"", view.campaign_id}
        return any(each.campaign_id in served for each in self._dialling(view.account))

    def _dialling(self, account: str) -> list[WorkerView]:
        if account not in self._known:
            self._known[account] = workers.all_of(self._ledger, account)
        return [each for each in self._known[account] if each.is_well and not each.stops_only]

    def _start_of(self, account: str) -> str:
        if self._settings.accounts is not None:
            return f"`callsched worker --accounts {shlex.quote(account)}` starts one"
        if account == self._settings.account:
            return "`callsched worker` starts one"
        return "start `callsched worker` with settings that have it"
