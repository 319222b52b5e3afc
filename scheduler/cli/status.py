"""`callsched status`: how the campaigns and their accounts stand."""

from __future__ import annotations

import time
from typing import Any

from scheduler.cli import console, options, orders
from scheduler.cli.access import opened_ledger
from scheduler.ledger.controls import Controlled, controls_of
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.reading import (
    AccountView,
    CampaignView,
    account_view,
    campaign_ids,
    campaign_view,
)
from scheduler.ledger.scheduling import schedule_views
from scheduler.ledger.workers import workers
from scheduler.models import OPEN_STATES, CallState
from scheduler.operations import schedules

#: What operators did last, as far as it is shown.
_SHOWN_CONTROLS = 3


def status(
    id_: options.SomeId = None,
    json: options.Json = False,
) -> None:
    """Show every campaign, or one of them, and the accounts that they dial from.

    Example: `callsched status nightly-2026-11-22 --json`
    """
    with opened_ledger() as ledger:
        ids = [id_] if id_ else campaign_ids(ledger)
        views = [campaign_view(ledger, campaign_id) for campaign_id in ids]
        accounts = _accounts(ledger, views)
        done = controls_of(ledger, views[0].campaign_id) if len(views) == 1 else []
        failed = [] if id_ else schedules.failures(schedule_views(ledger))
        held = [line for account in accounts for line in _stopping_only(ledger, account)]
    if json:
        console.emit(_record(id_, views, accounts, done, failed))
    else:
        _show(views, accounts, done)
        for line in (*failed, *held):
            console.warn(line)


def _accounts(ledger: Ledger, views: list[CampaignView]) -> list[AccountView]:
    names = sorted({view.account for view in views})
    return [account_view(ledger, name) for name in names]


def _stopping_only(ledger: Ledger, account: AccountView) -> list[str]:
    """Say which workers of an account dial nobody, and why."""
    return [
        f"worker {each.name} only sends stops: {each.stops_only}"
        for each in workers(ledger, account.account)
        if each.is_well and each.stops_only
    ]


def _record(
    id_: str | None,
    views: list[CampaignView],
    accounts: list[AccountView],
    done: list[Controlled],
    failed: list[str],
) -> dict[str, Any]:
    """Return one campaign with its account when it was asked for, else lists of both."""
    if id_:
        controls = [each.as_record() for each in done]
        account = accounts[0].as_record()
        return {**views[0].as_record(), "account_view": account, "controls": controls}
    return {
        "campaigns": [view.as_record() for view in views],
        "accounts": [account.as_record() for account in accounts],
        "failed_schedules": failed,
    }


def _show(views: list[CampaignView], accounts: list[AccountView], done: list[Controlled]) -> None:
    if not views:
        console.out.print("no campaigns yet: callsched run FILE, or callsched submit FILE")
        return
    columns = ("campaign", "state", "total", "pending", "open", "ended")
    rows = [
        (
            view.campaign_id,
            view.state,
            f"{view.total:,}",
            f"{view.calls[CallState.PENDING]:,}",
            f"{view.open:,}",
            f"{view.calls[CallState.ENDED]:,}",
        )
        for view in views
    ]
    console.out.print(console.table("", columns, rows))
    if len(views) == 1:
        _show_one(views[0])
        for each in done[:_SHOWN_CONTROLS]:
            console.out.print(f"  {orders.recorded(each)}", markup=False)
    for account in accounts:
        console.out.print("")
        console.out.print(account_line(account), markup=False)


def _show_one(view: CampaignView) -> None:
    states = (f"{view.calls[state]:,} {state}" for state in OPEN_STATES)
    console.out.print("")
    console.out.print(f"{', '.join(states)}; {view.dials:,} dials, {view.stops:,} stops")
    for label, count in view.dispositions.items():
        console.out.print(f"  {count:>7,} {label.replace(':', ': ')}", markup=False)
    if view.next_due_at is not None and view.next_due_at > time.time():
        when = orders.instant(view.next_due_at)
        console.out.print(f"  the next call is due at {when}")
    if view.collecting:
        console.out.print(f"  {view.collecting:,} conversations are still being read")
    if view.retired_at is not None:
        console.out.print(
            f"  its results are kept no longer, since {orders.instant(view.retired_at)}"
        )
    _show_who_holds(view)


def _show_who_holds(view: CampaignView) -> None:
    """Show why it makes no new calls, and what mends it."""
    if view.stopped_itself:
        again = f"callsched resume {view.campaign_id} has it go on"
        console.out.print(f"  it stopped itself: {view.stopped_itself}; {again}", markup=False)
    if view.paused_by:
        again = f"callsched resume {view.campaign_id} has it go on"
        console.out.print(f"  it is paused by {view.paused_by}; {again}", markup=False)
    if view.cancelled_by:
        console.out.print(f"  the rest was cancelled by {view.cancelled_by}", markup=False)
        if view.calls[CallState.PENDING]:
            again = f"callsched cancel {view.campaign_id} ends what is left to end"
            console.out.print(f"  it was interrupted: {again}", markup=False)


def account_line(account: AccountView) -> str:
    """Return an account in a sentence or two, what is wrong last."""
    parts = [
        f"account {account.account}: {account.slots} slots in use of a limit of"
        f" {account.learned} as learned, {account.live} live"
    ]
    if account.overdue:
        age = account.oldest_overdue_seconds
        parts.append(f"{account.overdue} past their deadline, the oldest by {age:.0f} s")
    if account.outage:
        parts.append("the provider does not answer: one probe goes out at a time")
    parts += [f"BLOCKED: {why}" for why in account.blocks.values()]
    return "; ".join(parts)
