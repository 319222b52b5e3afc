"""How `callsched status` shows campaigns and their accounts."""

from __future__ import annotations

import time
from typing import Any

from scheduler.cli import console, late_view, orders
from scheduler.cli.access import nothing_yet
from scheduler.cli.suggested import suggested
from scheduler.fields.counts import counted
from scheduler.hours import reader
from scheduler.ledger.views import AccountView, CampaignView
from scheduler.live.standing import Standing
from scheduler.masking import mask
from scheduler.models import OPEN_STATES, CallState, CampaignState
from scheduler.operations import firings
from scheduler.operations.waits import NO_WAIT, Wait

#: The most campaigns that are listed; nobody reads more.
MOST_LISTED = 200

#: The most that are laid out as a table, which for 200 would take a quarter of the command's time.
MOST_IN_A_TABLE = 50

#: How many of the operators' last orders are shown.
_SHOWN_CONTROLS = 3


def record(known: Standing, id_: str | None) -> dict[str, Any]:
    """Return one campaign with its account if it was asked for, otherwise lists of both."""
    if id_:
        controls = [each.as_record() for each in known.controls]
        account = known.accounts[0].as_record()
        about = {"account_view": account, "controls": controls, "clock_jump": known.clock_jump}
        return {**known.campaigns[0].as_record(), **about}
    return {
        "campaigns": [view.as_record() for view in known.campaigns],
        "others": known.others,
        "accounts": [account.as_record() for account in known.accounts],
        "failed_schedules": firings.failures(known.schedules),
        "clock_jump": known.clock_jump,
    }


def show(known: Standing, wait: Wait = NO_WAIT) -> None:
    """Show campaigns and accounts, and then what is wrong with schedules and workers.

    `wait` is what the next call of the only campaign waits for.
    """
    _show_standing(known, wait)
    for line in (*firings.failures(known.schedules), *known.restricted, known.clock_jump):
        if line:
            console.warn(line)


#: Columns that a narrow screen leaves out, in this order.
_SHEDS = ("total", "account", "open", "pending", "late", "ended")


def _show_standing(known: Standing, wait: Wait) -> None:
    views = known.campaigns
    if not views:
        console.out.print(nothing_yet())
        return
    # An empty column would take room from the ids.
    has_late = any(view.late.calls for view in views)
    columns = ["campaign", "account", "state", "total", "pending", "open", "ended"]
    columns += ["late"] if has_late else []
    rows = [
        (
            view.campaign_id,
            view.account,
            _state(view),
            f"{view.total:,}",
            f"{view.calls[CallState.PENDING]:,}",
            f"{view.open:,}",
            f"{view.calls[CallState.ENDED]:,}",
            *([f"{view.late.calls:,}"] if has_late else []),
        )
        for view in views
    ]
    if len(views) > MOST_IN_A_TABLE:
        console.long_list(columns, rows)
    else:
        console.out.print(console.table("", columns, rows, sheds=_SHEDS))
    if known.others:
        more = f"… and {known.others:,} others: {suggested('status', '--all')}"
        console.out.print(more, markup=False)
    if len(views) == 1:
        _show_one(views[0], wait)
        for each in known.controls[:_SHOWN_CONTROLS]:
            console.out.print(f"  {orders.recorded(each)}", markup=False)
    for account in known.accounts:
        console.out.print("")
        console.out.print(_account_line(account), markup=False)


def _state(view: CampaignView) -> str:
    """Return a state for people: a campaign that is being cancelled is not active."""
    is_over = view.state is CampaignState.FINISHED
    return "cancelling" if view.cancelled_by and not is_over else view.state


def _show_one(view: CampaignView, wait: Wait) -> None:
    states = [f"{count:,} {state}" for state in OPEN_STATES if (count := view.calls[state])]
    made = counted(view.dials, "dial")
    console.out.print("")
    console.out.print(f"{', '.join(states) or 'no open call'}; {made}")
    for label, count in view.dispositions.items():
        console.out.print(f"  {count:>7,} {label.replace(':', ': ')}", markup=False)
    if view.next_due_at is not None and view.next_due_at > time.time():
        due_at, why = view.next_due_at, f": {wait.why}" if wait.why else ""
        when = f"{orders.instant(due_at)}{reader.elsewhere(due_at, wait.zones)}"
        console.out.print(f"  the next call is due at {when}{why}", markup=False)
    for line in late_view.lines(view.late):
        console.out.print(f"  {line}")
    if view.collecting:
        console.out.print(
            f"  {counted(view.collecting, 'conversation is', 'conversations are')} still being read"
        )
    if view.retired_at is not None:
        console.out.print(
            f"  its results are kept no longer, since {orders.instant(view.retired_at)}"
        )
    _show_who_holds(view)


def _show_who_holds(view: CampaignView) -> None:
    """Show why a campaign makes no new calls, and what to do."""
    if view.stopped_itself:
        again = f"`{suggested('resume', view.campaign_id)}` resumes it"
        console.out.print(f"  it stopped itself: {view.stopped_itself}; {again}", markup=False)
    if view.paused_by:
        again = f"`{suggested('resume', view.campaign_id)}` resumes it"
        console.out.print(f"  it is paused by {view.paused_by}; {again}", markup=False)
    if view.cancelled_by:
        console.out.print(f"  the rest was cancelled by {view.cancelled_by}", markup=False)
        if view.calls[CallState.PENDING]:
            again = f"`{suggested('cancel', view.campaign_id)}` ends what is left to end"
            console.out.print(f"  it was interrupted: {again}", markup=False)


def _account_line(account: AccountView) -> str:
    parts = [
        f"account {account.account}: {counted(account.slots, 'slot')} in use of a limit of"
        f" {account.learned} as learned, {account.live} live"
    ]
    if account.is_late:
        age = account.oldest_overdue_seconds
        parts.append(f"{account.overdue} past their deadline, the oldest by {age:.0f} s")
    if account.orphans:
        parts.append(f"{counted(account.orphans, 'live call')} at the provider that no attempt has")
    if account.outage:
        parts.append("the provider does not answer: one probe goes out at a time")
    parts += [f"BLOCKED: {why}" for why in account.blocks.values()]
    callers = account.caller_blocks.items()
    parts += [f"nobody is called from {mask(number)}: {why}" for number, why in callers]
    return "; ".join(parts)
