"""The watch over a run, between the first dial and the last stop."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from scheduler.errors import ConfigError, LedgerTrouble, SchedulerError
from scheduler.ledger import campaigns, deliveries, searches, views
from scheduler.ledger.ledger import Control, Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.ledger.views import AccountView, CampaignView
from scheduler.models import CallState, CampaignState, Contact
from scheduler.operations.pool import Pool
from scheduler.operations.waits import NO_WAIT, Wait, why_waits

#: How often it looks at its workers, and at a campaign that is about to end.
LOOK_SECONDS = 0.25

#: A campaign with more calls left is looked at as seldom as its watcher allows: a look costs more
#: than a tick.
MANY_CALLS = 50

#: Between two rounds of starting workers that die at once, while calls are open.
PARDON_SECONDS = 2.0

#: How long webhooks have to hear of the last calls; later they hear of them from another worker.
TELLING_SECONDS = 15.0

#: What is due within this time is waited for in any case: longer than after a 429.
SOON_SECONDS = 35.0


class How(Enum):
    """In which way a run ended."""

    FINISHED = auto()  #: every call has ended
    WAS_FINISHED = auto()  #: it was before; nobody was called
    STOPPED_ITSELF = auto()  #: its canary or its breaker did
    BLOCKED = auto()  #: the account can't dial
    LEFT_FOR_LATER = auto()  #: nobody was to wait for calls that are due later
    INTERRUPTED = auto()


@dataclass(frozen=True, slots=True)
class Rest:
    """What goes on only while a worker runs, once a campaign is finished."""

    unconfirmed: int = 0  #: calls whose end the API never confirmed
    live_elsewhere: int = 0  #: calls of other campaigns on the account
    owed_news: int = 0  #: messages that webhooks have not taken


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended."""

    how: How
    campaign: CampaignView  #: as it stood then
    seconds: float = 0.0  #: of calling, without the wait for what was said
    peak_slots: int = 0
    block: str = ""  #: why the account can't dial
    rest: Rest = Rest()


@dataclass(frozen=True, slots=True)
class Look:
    """How a run stands at one moment."""

    campaign: CampaignView
    account: AccountView
    block: str  #: why the account can't dial; "" when it can
    is_interrupted: bool
    wait: Wait = NO_WAIT  #: of a campaign none of whose calls is open
    sample: Contact | None = None  #: one of those who wait, whose hours stand for those of all


class Watcher(Protocol):
    """Receives reports of how a run goes."""

    @property
    def look_seconds(self) -> float:
        """How often it needs a look while many calls are left."""

    def interruptible(self, run: Interruptible) -> AbstractContextManager[None]:
        """For its length, call `run.interrupt` when somebody wants the run to end."""

    def watching(self) -> AbstractContextManager[None]:
        """Be entered for as long as `looked` is called."""

    def looked(self, look: Look) -> None:
        """Be told now and then how it stands."""

    def interrupted_early(self) -> None:
        """Be told that the run ends before anybody was called."""

    def interrupted(self) -> None:
        """Be told that no call starts any more, and that live ones are stopped."""

    def still_live(self, live: list[str]) -> None:
        """Be told what is live, at every further interruption."""

    def workers_die(self, why: ConfigError, open_calls: int) -> None:
        """Be told that workers die at once, and are started again because calls are open."""

    def redis_restarted(self) -> None:
        """Be told that the private Redis had died, and is there again."""

    def redis_away(self, why: LedgerTrouble) -> None:
        """Be told that Redis is waited for."""

    def redis_stays_away(self, why: SchedulerError) -> None:
        """Be told that the private Redis could not be started again."""


class Interruptible(Protocol):
    """What can be interrupted, also by a signal."""

    def interrupt(self) -> None:
        """Stop every live call, and end; a further time, say what is live."""


class Supervision:
    """Keeps Redis and the workers alive, shows progress, and sees an interruption through."""

    def __init__(
        self,
        ledger: Ledger,
        embedded: EmbeddedRedis | None,
        campaign_id: str,
        watcher: Watcher,
        control: Control,
        *,
        fingerprint: str,
        wait: bool,
    ) -> None:
        """`control` is on record when the run is interrupted; `fingerprint` the credentials'.

        Without `wait` it ends when the calls that are left are due only later.
        """
        self._ledger = ledger
        self._embedded = embedded
        self._starts = embedded.starts if embedded else 0
        self._campaign_id = campaign_id
        self._watcher = watcher
        self._control = control
        self._fingerprint = fingerprint
        self._wait = wait
        self._interrupts = 0
        self._handled = 0
        self._watching = False
        self._hears_callbacks = False
        self._told_by = 0.0
        self._began_at = time.monotonic()
        self._calling_seconds: float | None = None
        self._peak_slots = 0
        self._waited_until: float | None = None
        self._known_wait = NO_WAIT
        self._sample: Contact | None = None
        self._look_at = 0.0  #: when the campaign is looked at next

    def interrupt(self) -> None:
        """Stop every live call, and end; a further time, say what is live.

        A signal may call it. Raises KeyboardInterrupt while nothing is watched yet.
        """
        self._interrupts += 1
        if not self._watching:
            # Nobody has been called by us: that needs the workers.
            self._watcher.interrupted_early()
            raise KeyboardInterrupt

    def watch(self, pool: Pool) -> Ending:
        """Start the workers and watch until the campaign is over, for whatever reason."""
        self._watching, self._hears_callbacks = True, pool.hears_callbacks
        pool.start()
        with self._watcher.watching():
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
            elif time.monotonic() < self._look_at:
                return None
            campaign = views.campaign(self._ledger, self._campaign_id)
            account = views.account(self._ledger, campaign.account)
        except LedgerTrouble as error:
            self._revive(error)
            return None
        self._notice_a_restart()
        if campaign.open + campaign.calls[CallState.PENDING] > MANY_CALLS:
            self._look_at = time.monotonic() + self._watcher.look_seconds
        self._peak_slots = max(self._peak_slots, account.slots)
        block = account.blocks.get(self._fingerprint, "")
        wait, is_interrupted = self._wait_of(campaign), self._interrupts > 0
        self._watcher.looked(Look(campaign, account, block, is_interrupted, wait, self._sample))
        return self._judge(campaign, block)

    def _wait_of(self, campaign: CampaignView) -> Wait:
        """Return what the next call waits for; looked up when another one has become the next."""
        if self._sample is None and (call := views.next_call(self._ledger, self._campaign_id)):
            self._sample = call[0]
        if campaign.open or campaign.next_due_at != self._waited_until:
            self._waited_until = None if campaign.open else campaign.next_due_at
            self._known_wait = NO_WAIT if campaign.open else why_waits(self._ledger, campaign)
        return self._known_wait

    def _tend(self, pool: Pool) -> None:
        """Start dead workers again; while a call is open, whatever comes: who else would end it?"""
        try:
            pool.tend()
        except ConfigError as error:
            campaign = views.campaign(self._ledger, self._campaign_id)
            if not campaign.open:
                raise
            self._watcher.workers_die(error, campaign.open)
            pool.pardon()
            time.sleep(PARDON_SECONDS)

    def _notice_a_restart(self) -> None:
        """Say that the private Redis had died, also when a worker was quicker to mend it."""
        if self._embedded is None or self._embedded.starts == self._starts:
            return
        self._starts = self._embedded.starts
        self._watcher.redis_restarted()

    def _revive(self, error: LedgerTrouble) -> None:
        """Start a dead private Redis again; for any other one there is only waiting."""
        try:
            if self._embedded is None or not self._embedded.ensure():
                self._watcher.redis_away(error)
                time.sleep(1)
        except SchedulerError as trouble:
            self._watcher.redis_stays_away(trouble)

    def _see_through(self) -> None:
        """Act on an interruption: fence new starts, then stop what is live."""
        campaigns.halt(self._ledger, self._campaign_id, abort=True, control=self._control)
        if self._handled == 0:
            self._watcher.interrupted()
        if self._interrupts > 1:
            account = views.campaign(self._ledger, self._campaign_id).account
            live = views.live_calls(self._ledger, account, self._campaign_id)
            self._watcher.still_live([attempt for attempt, _ in live])
        self._handled = self._interrupts

    def _may_be_live(self, campaign: CampaignView) -> bool:
        """Whether a call of it may be live that workers end, or find and end.

        A lost call is looked at first: if it is attached meanwhile, the next look sees it live.
        """
        whose = (self._ledger, campaign.account, self._campaign_id)
        return (
            campaign.open > 0
            or searches.is_findable(*whose, hears_callbacks=self._hears_callbacks)
            or views.unended(*whose) > 0
        )

    def _judge(self, campaign: CampaignView, block: str) -> Ending | None:
        """Say whether it is over, and why."""
        if self._may_be_live(campaign):
            return None
        if self._interrupts:
            return self._ending(How.INTERRUPTED, campaign)
        if campaign.state is CampaignState.FINISHED:
            self._calling_ended()
            if campaign.collecting or self._waits_for_webhooks(campaign):
                return None
            return self._ending(How.FINISHED, campaign, rest=self._rest(campaign))
        if campaign.stopped_itself:
            return self._ending(How.STOPPED_ITSELF, campaign)
        if block:
            return self._ending(How.BLOCKED, campaign, block=block)
        if not self._wait and is_left_for_later(campaign):
            return self._ending(How.LEFT_FOR_LATER, campaign)
        return None

    def _waits_for_webhooks(self, campaign: CampaignView) -> bool:
        """Whether they are being told just now; one that does not answer is not waited for."""
        if not campaign.policy.webhooks:
            return False
        self._told_by = self._told_by or time.monotonic() + TELLING_SECONDS
        return self._owed_news(campaign) > 0 and time.monotonic() < self._told_by

    def _owed_news(self, campaign: CampaignView) -> int:
        return deliveries.owed(self._ledger, campaign.account, self._campaign_id)

    def _rest(self, campaign: CampaignView) -> Rest:
        left = len(views.live_calls(self._ledger, campaign.account, self._campaign_id))
        return Rest(
            unconfirmed=left,
            live_elsewhere=len(views.live_calls(self._ledger, campaign.account)) - left,
            owed_news=self._owed_news(campaign) if campaign.policy.webhooks else 0,
        )

    def _calling_ended(self) -> float:
        """Return how long calling took; it is over when this is first asked."""
        if self._calling_seconds is None:
            self._calling_seconds = time.monotonic() - self._began_at
        return self._calling_seconds

    def _ending(
        self, how: How, campaign: CampaignView, *, block: str = "", rest: Rest | None = None
    ) -> Ending:
        seconds = self._calling_ended()
        return Ending(how, campaign, seconds, self._peak_slots, block, rest or Rest())


def is_left_for_later(campaign: CampaignView) -> bool:
    """Whether somebody keeps a campaign from going on, or its calls are not due soon."""
    if is_held_by_operator(campaign):
        return True
    due_at = campaign.next_due_at
    return due_at is not None and due_at > time.time() + SOON_SECONDS


def is_held_by_operator(campaign: CampaignView) -> bool:
    """Whether an operator keeps a campaign from going on: by a pause, or cancelled with calls."""
    has_pending = bool(campaign.calls[CallState.PENDING])
    return bool(campaign.paused_by or (campaign.cancelled_by and has_pending))
