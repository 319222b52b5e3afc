"""What `run` does between the first dial and the last stop."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from scheduler import providers
from scheduler.cli import console, orders
from scheduler.cli.progress import Progress
from scheduler.errors import ConfigError, LedgerTrouble, SchedulerError
from scheduler.fields.visible import visible
from scheduler.ledger import campaigns
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.news import owed_news
from scheduler.ledger.reading import (
    AccountView,
    CampaignView,
    account_view,
    awaited,
    campaign_view,
    live_calls,
)
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.models import CallState, CampaignState
from scheduler.operations.pool import Pool
from scheduler.settings import Settings

LOOK_SECONDS = 0.25

#: Between two rounds of starting workers that die at once, while calls are open.
PARDON_SECONDS = 2.0

#: What a rule found so long ago may be otherwise by now.
HELD_SECONDS = 20.0

#: How long webhooks have to hear of the last calls; later they hear of them from another worker.
TELLING_SECONDS = 15.0

#: What is due within this time is waited for also with --no-wait: longer than after a 429.
SOON_SECONDS = 35.0

INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended."""

    code: int
    message: str
    seconds: float  #: of calling, without the wait for what was said
    peak_slots: int


class Supervision:
    """Keeps Redis and the workers alive, shows progress, and sees an interruption through."""

    def __init__(
        self,
        ledger: Ledger,
        embedded: EmbeddedRedis | None,
        settings: Settings,
        campaign_id: str,
        *,
        fingerprint: str,
        wait: bool,
    ) -> None:
        self._ledger = ledger
        self._embedded = embedded
        self._starts = embedded.starts if embedded else 0
        self._settings = settings
        self._campaign_id = campaign_id
        self._fingerprint = fingerprint
        self._wait = wait
        self._control = orders.given()
        self._interrupts = 0
        self._handled = 0
        self._watching = False
        self._told_by = 0.0
        self._progress = Progress(settings.max_concurrency)

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Take Ctrl-C, SIGTERM and SIGHUP as an order to stop every live call and leave."""
        kinds = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {kind: signal.signal(kind, self._interrupt) for kind in kinds}
        try:
            yield
        finally:
            for kind, handler in before.items():
                signal.signal(kind, handler)

    def _interrupt(self, _kind: int, _frame: FrameType | None) -> None:
        self._interrupts += 1
        if not self._watching:
            # Nobody has been called by us: that needs the workers.
            console.say("interrupted before anybody was called; the same command goes on")
            raise KeyboardInterrupt

    def watch(self, pool: Pool) -> Ending:
        """Start the workers and watch until the campaign is over, for whatever reason."""
        self._watching = True
        pool.start()
        with self._progress.on_screen():
            while True:
                ending = self._look(pool)
                if ending is not None:
                    return ending
                time.sleep(LOOK_SECONDS)

    def _look(self, pool: Pool) -> Ending | None:
        try:
            self._tend(pool)
            if self._handled < self._interrupts:
                self._see_through()
            campaign = campaign_view(self._ledger, self._campaign_id)
            account = account_view(self._ledger, campaign.account)
        except LedgerTrouble as error:
            self._revive(error)
            return None
        self._tell_of_a_restart()
        self._progress.notice = self._notice(campaign, account)
        self._progress.show(campaign, account)
        return self._judge(campaign, account)

    def _tend(self, pool: Pool) -> None:
        """Start dead workers again; while a call is open, whatever comes: who else would end it?"""
        try:
            pool.tend()
        except ConfigError as error:
            campaign = campaign_view(self._ledger, self._campaign_id)
            if not campaign.open:
                raise
            left = f"{campaign.open} calls are open, so they are started again"
            console.say(*map(str, error.args), left)
            pool.pardon()
            time.sleep(PARDON_SECONDS)

    def _tell_of_a_restart(self) -> None:
        """Say that the private Redis had died, also when a worker was quicker to mend it."""
        if self._embedded is None or self._embedded.starts == self._starts:
            return
        self._starts = self._embedded.starts
        console.say("the private Redis had died and has been started again")

    def _revive(self, error: LedgerTrouble) -> None:
        """Start a dead private Redis again; for any other one there is only waiting."""
        try:
            if self._embedded is None or not self._embedded.ensure():
                console.say(f"waiting for Redis: {error}")
                time.sleep(1)
        except SchedulerError as trouble:
            console.say(str(trouble))

    def _see_through(self) -> None:
        """Act on an interruption: fence new starts, then stop what is live."""
        campaigns.halt(self._ledger, self._campaign_id, abort=True, control=self._control)
        if self._handled == 0:
            console.say("interrupted: no new calls; stopping every live one …")
        if self._interrupts > 1:
            self._list_live()
        self._handled = self._interrupts

    def _list_live(self) -> None:
        account = campaign_view(self._ledger, self._campaign_id).account
        live = live_calls(self._ledger, account, self._campaign_id)
        console.say(f"{len(live)} calls are live, and their stops are being sent:")
        for attempt, _ in live:
            console.say(f"  {attempt}")

    def _notice(self, campaign: CampaignView, account: AccountView) -> str:
        if self._interrupts:
            return f"interrupted: {campaign.open} calls are being ended"
        if self._fingerprint in account.blocks:
            return f"the account can't dial: {account.blocks[self._fingerprint]}"
        if account.overdue and account.oldest_overdue_seconds > 5:
            return f"{account.overdue} stops are not confirmed yet"
        if held := _held_by_operator(campaign):
            return held
        if account.outage:
            url = providers.of(self._settings).address(self._settings)
            return f"{url} does not answer: one probe goes out at a time"
        if campaign.state is CampaignState.FINISHED:
            return _still_done(campaign)
        return _waits_for(campaign) if campaign.open == 0 else ""

    def _judge(self, campaign: CampaignView, account: AccountView) -> Ending | None:
        """Say whether it is over, and why."""
        if campaign.open or awaited(self._ledger, campaign.account, self._campaign_id):
            return None
        pending = campaign.calls[CallState.PENDING]
        again = "the same command goes on with them, and calls nobody twice"
        if self._interrupts:
            return self._ending(INTERRUPTED, f"interrupted: {pending} calls left; {again}")
        if campaign.state is CampaignState.FINISHED:
            self._progress.calling_ended()
            if campaign.collecting or self._waits_for_webhooks(campaign):
                return None
            return self._ending(0, self._left_behind(campaign))
        if campaign.stopped_itself:
            said = f"error: the campaign stopped itself: {visible(campaign.stopped_itself)}"
            then = (
                f"callsched resume {campaign.campaign_id}, then the same command, goes on with them"
            )
            return self._ending(1, f"{said}\n{pending} calls left; {then}")
        if why := account.blocks.get(self._fingerprint):
            return self._ending(1, f"error: {visible(why)}\n{pending} calls left; {again}")
        if not self._wait and (why := _left_for_later(campaign)):
            return self._ending(3, f"{pending} calls left{why}; {again}")
        return None

    def _waits_for_webhooks(self, campaign: CampaignView) -> bool:
        """Whether they are being told just now; one that does not answer is not waited for."""
        if not campaign.policy.webhooks:
            return False
        self._told_by = self._told_by or time.monotonic() + TELLING_SECONDS
        return self._owed_news(campaign) > 0 and time.monotonic() < self._told_by

    def _owed_news(self, campaign: CampaignView) -> int:
        return owed_news(self._ledger, campaign.account, self._campaign_id)

    def _left_behind(self, campaign: CampaignView) -> str:
        left = len(live_calls(self._ledger, campaign.account, self._campaign_id))
        others = len(live_calls(self._ledger, campaign.account)) - left
        said = []
        if left:
            said.append(
                f"warning: the API never confirmed the end of {left} calls; while a worker runs,"
                " their stops are repeated for 24 hours"
            )
        if others:
            said.append(
                f"warning: {others} calls of other campaigns are live on this account; their"
                " deadlines are kept only while a worker runs: callsched worker"
            )
        if campaign.policy.webhooks and (owed := self._owed_news(campaign)):
            said.append(
                f"warning: {owed} messages to webhooks were not taken yet; while a worker runs,"
                " they are sent again for three days: callsched worker"
            )
        return "\n".join(said)

    def _ending(self, code: int, message: str) -> Ending:
        return Ending(code, message, self._progress.calling_ended(), self._progress.peak)


def _still_done(campaign: CampaignView) -> str:
    """Return what is done once every call has ended; "" for nothing."""
    if campaign.collecting:
        return f"every call has ended; reading what was said in {campaign.collecting} of them"
    return "every call has ended; telling the webhooks" if campaign.policy.webhooks else ""


def _waits_for(campaign: CampaignView) -> str:
    """Return what a campaign without a live call waits for; "" for nothing."""
    due_at = campaign.next_due_at
    if due_at is None or due_at <= time.time() + 1:
        return _held_back(campaign).removeprefix("; ")
    return f"waiting: the next call is due {_day_and_time(due_at)}{_held_back(campaign)}"


def _day_and_time(at: float) -> str:
    return time.strftime("%a %Y-%m-%d %H:%M:%S %Z", time.localtime(at))


def _held_back(campaign: CampaignView) -> str:
    """Return which rule holds back calls that were due; "" for none just now."""
    if campaign.held_at is None or time.time() - campaign.held_at > HELD_SECONDS:
        return ""
    return f"; calls are held back by {campaign.held_why}"


def _left_for_later(campaign: CampaignView) -> str:
    """Return why the calls that are left are not dialled soon; "" when they are."""
    if why := _held_by_operator(campaign):
        return f": {why}"
    due_at = campaign.next_due_at
    if due_at is None or due_at <= time.time() + SOON_SECONDS:
        return ""
    return f" that are due later, the first {_day_and_time(due_at)}"


def _held_by_operator(campaign: CampaignView) -> str:
    """Return who keeps a campaign from going on, and what mends it; "" for nobody."""
    if campaign.cancelled_by and campaign.calls[CallState.PENDING]:
        again = f"callsched cancel {campaign.campaign_id} ends the calls that are left"
        return f"cancelled by {campaign.cancelled_by}: {again}"
    if campaign.paused_by:
        again = f"callsched resume {campaign.campaign_id} has it go on"
        return f"paused by {campaign.paused_by}: {again}"
    return ""
