"""Orders on whole campaigns: pause, resume, cancel, abort and prioritise.

Each takes the campaigns as `orders.chosen` returned them, and the operator's order for the record.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scheduler.clock import since_boot
from scheduler.errors import LedgerError
from scheduler.ledger import campaigns, views
from scheduler.ledger.ledger import Control, Ledger
from scheduler.ledger.views import CampaignView
from scheduler.models import Attempt, CallState, CampaignState
from scheduler.operations.endings import Ending, WaitReporter, await_ends, endings
from scheduler.operations.orders import about
from scheduler.operations.progress import Counting, uncounted

_LOOK_SECONDS = 0.02

#: A wait for starts that takes longer is reported.
_SHORT_WAIT_SECONDS = 1.0

#: Called once if a wait is not short: with the number of starts under way, and the most seconds.
OnWait = Callable[[int, float], None]


def live_of(view: CampaignView) -> int:
    """Return how many calls of a campaign are live."""
    return view.calls[CallState.CONNECTED] + view.calls[CallState.STOPPING]


# No more starts -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waited:
    """How the wait for the starts that were under way ended."""

    seconds: float
    unanswered: int  #: starts that had no answer in time, because their worker has died


@dataclass(frozen=True, slots=True)
class Halted:
    """Campaigns that allow no more starts, as they are after the order."""

    campaigns: tuple[CampaignView, ...]
    waited: Waited


def _nobody_waits(_left: int, _most_seconds: float) -> None:
    pass


def pause(
    ledger: Ledger,
    views: Sequence[CampaignView],
    control: Control,
    on_wait: OnWait = _nobody_waits,
    within_seconds: float = math.inf,
) -> Halted:
    """Send no more starts for these campaigns, and wait for those under way; live calls go on."""
    for view in views:
        campaigns.halt(ledger, view.campaign_id, control=control)
    waited = await_starts(ledger, views, on_wait, within_seconds)
    return Halted(_now(ledger, views), waited)


def cancel(
    ledger: Ledger,
    views: Sequence[CampaignView],
    control: Control,
    counting: Counting = uncounted,
    on_wait: OnWait = _nobody_waits,
    within_seconds: float = math.inf,
) -> Halted:
    """Cancel the rest of these campaigns, for good; live calls go on to their ends.

    If this dies in between, the campaigns dial nobody; run it again to go on.
    """
    for view in views:
        campaigns.cancel(ledger, view.campaign_id, control)
    _end_what_waits(ledger, views, counting)
    waited = await_starts(ledger, views, on_wait, within_seconds)
    return Halted(_now(ledger, views), waited)


def await_starts(
    ledger: Ledger,
    views: Sequence[CampaignView],
    on_wait: OnWait = _nobody_waits,
    within_seconds: float = math.inf,
) -> Waited:
    """Wait until no start of these campaigns is under way; they must allow no new ones.

    After the time that a start may take, the wait ends: the worker of any start left has died, and
    the call will end as unknown. It also ends after `within_seconds`.
    """
    most = min(within_seconds, ledger.leases.dial)
    began_at, is_reported = since_boot(), False
    while True:
        left = sum(campaigns.starts_under_way(ledger, view.campaign_id) for view in views)
        passed = since_boot() - began_at
        if left == 0 or passed > most:
            return Waited(passed, left)
        if passed > _SHORT_WAIT_SECONDS and not is_reported:
            is_reported = True
            on_wait(left, ledger.leases.dial)
        time.sleep(_LOOK_SECONDS)


def _end_what_waits(ledger: Ledger, views: Sequence[CampaignView], counting: Counting) -> None:
    """End the calls of cancelled campaigns that wait for their dial, some at a time."""
    for view in views:
        total = view.calls[CallState.PENDING]
        with counting(f"cancelling {view.campaign_id}", "calls") as counted:
            while left := campaigns.end_pending(ledger, view.campaign_id):
                counted(max(0, total - left), total)


def _now(ledger: Ledger, campaigns: Sequence[CampaignView]) -> tuple[CampaignView, ...]:
    return tuple(views.campaign(ledger, view.campaign_id) for view in campaigns)


# Abort --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Aborted:
    """Campaigns that were aborted, and how each live call ended."""

    campaigns: tuple[CampaignView, ...]
    endings: tuple[Ending, ...]
    left: int  #: calls that have not ended yet; their stops are on record


def abort(
    ledger: Ledger,
    views: Sequence[CampaignView],
    control: Control,
    counting: Counting = uncounted,
    reporter: WaitReporter | None = None,
    within_seconds: float = math.inf,
) -> Aborted:
    """Abort these campaigns, and wait until every live call has ended.

    Their stops are on record before the wait, which ends `within_seconds` at the latest.
    """
    live = defaultdict[str, list[Attempt]](list)
    for view in views:
        _, attempts = campaigns.cancel(ledger, view.campaign_id, control, abort=True)
        live[view.account] += attempts
    _end_what_waits(ledger, views, counting)
    left = await_ends(ledger, live, reporter, within_seconds)
    ended = endings(ledger, [each for listed in live.values() for each in listed], left)
    return Aborted(_now(ledger, views), tuple(ended), len(left))


# On they go ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Resumed:
    """A campaign before and after it was resumed."""

    before: CampaignView
    after: CampaignView


def resume(ledger: Ledger, views: Sequence[CampaignView], control: Control) -> list[Resumed]:
    """Resume paused campaigns. Raises LedgerError for one that was cancelled."""
    for view in views:
        campaigns.resume(ledger, view.campaign_id, control)
    return list(map(Resumed, views, _now(ledger, views)))


def prioritise(
    ledger: Ledger, campaign_id: str, priority: int, weight: float | None, control: Control
) -> CampaignView:
    """Change a campaign's priority, and its weight unless that is None. Raises LedgerError."""
    changed = f"{priority}" if weight is None else f"{priority}, weight {weight:g}"
    state = campaigns.prioritise(ledger, campaign_id, priority, weight, about(control, changed))
    if state is CampaignState.FINISHED:
        raise LedgerError(f"campaign {campaign_id} is finished: nothing was changed")
    return views.campaign(ledger, campaign_id)
