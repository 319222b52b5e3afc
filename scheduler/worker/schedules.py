"""What a worker does with schedules that are due: decide about their firings, and launch them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from scheduler.campaign.reading import Reading
from scheduler.errors import (
    CampaignError,
    ConfigError,
    LedgerError,
    LedgerTrouble,
    SchedulerError,
)
from scheduler.fields.counts import counted
from scheduler.hours.firings import DueFiring, Pause, due_firings, said_of
from scheduler.ledger import campaigns, schedules, views
from scheduler.ledger.ledger import Control, Ledger
from scheduler.ledger.schedules import Firing, Launch, ScheduleView, TakenSchedule
from scheduler.models import CampaignState, FiringState, Overlap
from scheduler.providers import accounts_of
from scheduler.settings import Settings

logger = logging.getLogger(__name__)

#: How long nobody looks at a firing that waits for the one before it.
BUFFERED_SECONDS = 2.0

#: Firings of one schedule that may wait at a time.
MOST_WAITING = 100


def load_file(
    ledger: Ledger,
    settings: Settings,
    launch: Launch,
    campaign_id: str,
    account: str,
    go_on: Callable[[], None],
) -> str:
    """Read the file of a schedule as it is now, and load it; returns a note for the record.

    `go_on` is called after each chunk, and raises to break off. Raises CampaignError, ConfigError
    or LedgerError if the firing has failed.
    """
    # Imported here: a worker has another process do this, and does not need these modules.
    from scheduler.operations import launch as launching

    # With one process, because workers on this machine have to keep deadlines.
    with launching.read(
        Path(launch.path),
        settings,
        Reading(launch.encoding, region=launch.region or None, processes=1),
        on_progress=lambda _: go_on(),
        # A file that names no account is dialled on the one for which the schedule was added.
        accounts=replace(accounts_of(settings), default=account),
    ) as checked:
        if checked.account.name != account:
            raise ConfigError(
                f"the file dials from account {checked.account.name}, the schedule from {account}:"
                " remove the schedule, and add it again"
            )
        launching.submit(ledger, checked, campaign_id, checked.policy, account, lambda _: go_on())
        refused = checked.refused_count
    return counted(refused, "row is not called", "rows are not called") if refused else ""


#: How a file gets into the ledger: `load_file`, or its run in another process.
Load = Callable[[Ledger, Settings, Launch, str, str, Callable[[], None]], str]


def launch_due(
    ledger: Ledger,
    settings: Settings,
    account: str,
    is_closing: Callable[[], bool] = lambda: False,
    load: Load = load_file,
) -> None:
    """Deal with every schedule of an account that has a firing due.

    Once `is_closing`, it leaves the rest to another worker, which completes it.
    """
    while not is_closing():
        taken = schedules.take(ledger, account, uuid4().hex)
        if taken is None:
            return
        try:
            _Launching(ledger, settings, taken, is_closing, load).deal()
        except _LostLease:
            logger.warning("schedule %s: another worker has taken it", taken.view.name)


class _LostLease(Exception):
    """Another worker has taken the schedule, and deals with it."""


class _Leaving(Exception):
    """This worker leaves."""


class _Launching:
    """One schedule, for as long as this execution holds its lease."""

    def __init__(
        self,
        ledger: Ledger,
        settings: Settings,
        taken: TakenSchedule,
        is_closing: Callable[[], bool],
        load: Load,
    ) -> None:
        self._ledger = ledger
        self._load_file = load
        self._settings = settings
        self._taken = taken
        self._view = taken.view
        self._next_at = taken.view.next_at
        self._is_closing = is_closing

    def deal(self) -> None:
        """Decide about firings that are due, launch those that wait, and release the schedule."""
        try:
            again = self._deal()
        except _Leaving:
            again = 0.0
        schedules.release(self._ledger, self._taken, next_at=self._next_at, again_seconds=again)

    def _deal(self) -> float | None:
        """Return in how many seconds to look at firings that wait; None if none waits."""
        waiting = sorted([*self._taken.waiting, *self._judge()], key=lambda one: one[1])
        last, buffered = self._view.last, False
        for place, (one, at) in enumerate(waiting):
            state, why = self._turn(one, last, later=len(waiting) - place - 1)
            if state is FiringState.WAITING:
                buffered = True
                continue
            if state is FiringState.FIRED:
                last = one
            self._tell([Firing(one, at, state, why)])
            logger.info("schedule %s: firing %s: %s", self._view.name, one, why or state)
        return BUFFERED_SECONDS if buffered else None

    def _judge(self) -> list[tuple[str, float]]:
        """Record the firings that have fallen due; return those to launch."""
        if self._next_at is None:
            return []
        schedule = self._view.launch.schedule
        due, self._next_at = due_firings(
            schedule, self._next_at, self._taken.now, _pause_of(self._view)
        )
        firings = [self._firing(one) for one in due]
        self._tell(firings)
        return [(one.firing_id, one.at) for one in firings if one.state is FiringState.WAITING]

    def _firing(self, due: DueFiring) -> Firing:
        return Firing(schedules.firing_id(self._view.name, due.at), due.at, due.state, due.why)

    def _tell(self, firings: list[Firing]) -> None:
        if not schedules.record(self._ledger, self._taken, firings, next_at=self._next_at):
            raise _LostLease

    def _turn(self, one: str, last: str, later: int) -> tuple[FiringState, str]:
        """Launch a firing, unless the overlap policy forbids it."""
        if self._state(one) not in (None, CampaignState.LOADING):
            return FiringState.FIRED, ""  # the worker that launched it died after it was sealed
        against = self._against(one, last, later)
        return against if against is not None else self._launched(one)

    def _against(self, one: str, last: str, later: int) -> tuple[FiringState, str] | None:
        overlap = self._view.launch.schedule.overlap
        if overlap is Overlap.ALLOW_ALL or last in ("", one) or self._is_finished(last):
            return None
        why = f"the campaign before it, {last}, is not finished"
        if overlap is Overlap.SKIP:
            return FiringState.SKIPPED, why
        if overlap in (Overlap.CANCEL_OTHER, Overlap.ABORT_OTHER):
            self._end_other(last)
            return None
        if self._view.state == "paused":
            return FiringState.SKIPPED, said_of(self._view.note)
        if later >= (1 if overlap is Overlap.BUFFER_ONE else MOST_WAITING):
            return FiringState.SKIPPED, "later ones wait"
        return FiringState.WAITING, why

    def _is_finished(self, campaign_id: str) -> bool:
        return self._state(campaign_id) in (None, CampaignState.FINISHED)

    def _state(self, campaign_id: str) -> CampaignState | None:
        try:
            return views.campaign(self._ledger, campaign_id).state
        except LedgerError:
            return None

    def _end_other(self, campaign_id: str) -> None:
        """Cancel what waits in the campaign before; its live calls go on, or are stopped."""
        abort = self._view.launch.schedule.overlap is Overlap.ABORT_OTHER
        name = self._view.name
        control = Control(f"schedule {name}", "the next firing is due", self._taken.token)
        campaigns.cancel(self._ledger, campaign_id, control, abort=abort)
        while campaigns.end_pending(self._ledger, campaign_id):
            self._go_on()

    def _launched(self, one: str) -> tuple[FiringState, str]:
        """Load the file as it is now; if anything is wrong with it, this firing has failed."""
        try:
            return self._load(one)
        except (LedgerTrouble, _LostLease, _Leaving):
            raise  # nothing is wrong with the file: the lease runs out, and a worker does it again
        except CampaignError as error:
            why = str(error.problems[0]) if error.problems else str(error)
        except SchedulerError as error:
            why = str(error)
        except Exception as error:
            logger.exception("schedule %s: firing %s", self._view.name, one)
            why = f"{type(error).__name__}: {error}"
        logger.error("schedule %s: firing %s failed: %s", self._view.name, one, why)
        return FiringState.FAILED, why

    def _load(self, one: str) -> tuple[FiringState, str]:
        view = self._view
        answer = self._load_file(
            self._ledger, self._settings, view.launch, one, view.account, self._go_on
        )
        return FiringState.FIRED, answer

    def _go_on(self) -> None:
        """Renew the lease, so that one worker loads a large file."""
        if self._is_closing():
            raise _Leaving
        if not schedules.keep(self._ledger, self._taken):
            raise _LostLease


def _pause_of(view: ScheduleView) -> Pause | None:
    if view.paused_at is None:
        return None
    return Pause(view.paused_at, view.resumed_at, view.note)
