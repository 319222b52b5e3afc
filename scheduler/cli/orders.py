"""What the commands share by which an operator controls campaigns: which, who, and the starts."""

from __future__ import annotations

import getpass
import os
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import typer

from scheduler.cli import console
from scheduler.clock import since_boot
from scheduler.ledger.controls import Controlled, end_pending, starts_under_way
from scheduler.ledger.ledger import Control, Ledger
from scheduler.ledger.reading import CampaignView, campaign_ids, campaign_view
from scheduler.models import CallState, CampaignState
from scheduler.report.transcripts import one_line

_LONGEST_NOTE = 200
_LOOK_SECONDS = 0.02


def given(note: str = "", about: str = "") -> Control:
    """Return an order of whoever runs this command: what it is about, and the note on it."""
    said = ": ".join(filter(None, (about, one_line(note))))
    return Control(who(), said[:_LONGEST_NOTE])


def who() -> str:
    """Return user@host; a user without a name, as in some containers, by number."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return one_line(f"{user}@{socket.gethostname()}")


def expect_chosen(ids: Sequence[str] | None, *, every: bool) -> None:
    """Refuse, as bad usage, an order that is for no campaign, or for some and for all."""
    if bool(ids) == every:
        raise typer.BadParameter("say which campaigns, or --all", param_hint="ID")


def chosen(ledger: Ledger, ids: Sequence[str] | None) -> list[CampaignView]:
    """Return the campaigns that are named, else all that are not finished. Raises LedgerError."""
    if ids:
        return [campaign_view(ledger, campaign_id) for campaign_id in dict.fromkeys(ids)]
    views = [campaign_view(ledger, campaign_id) for campaign_id in campaign_ids(ledger)]
    return [view for view in views if view.state is not CampaignState.FINISHED]


@dataclass(frozen=True, slots=True)
class Waited:
    """How the wait for the starts that were under way ended."""

    seconds: float
    unanswered: int  #: starts whose time was over: whoever sent them is gone


def await_starts(ledger: Ledger, views: Sequence[CampaignView]) -> Waited:
    """Wait until no start of these campaigns is under way; they let no more out.

    A start whose time is over is none: its worker has died, and it will end as unknown.
    """
    began_at, said = since_boot(), False
    while True:
        left = sum(starts_under_way(ledger, view.campaign_id) for view in views)
        passed = since_boot() - began_at
        if left == 0 or passed > ledger.leases.dial:
            return Waited(passed, left)
        if passed > 1 and not said:
            said = True
            console.say(
                f"no new starts; {left} are under way, {ledger.leases.dial:.0f} s at most …"
            )
        time.sleep(_LOOK_SECONDS)


def end_what_waits(ledger: Ledger, views: Sequence[CampaignView]) -> None:
    """End the calls of cancelled campaigns that wait for their dial, some at a time."""
    for view in views:
        total = view.calls[CallState.PENDING]
        with console.counting(f"cancelling {view.campaign_id}", "calls") as counted:
            while left := end_pending(ledger, view.campaign_id):
                counted(max(0, total - left), total)


def live_of(view: CampaignView) -> int:
    """Return how many calls of a campaign are live."""
    return view.calls[CallState.CONNECTED] + view.calls[CallState.STOPPING]


def record_of(
    views: Sequence[CampaignView], ids: Sequence[str] | None, **more: Any
) -> dict[str, Any]:
    """Return one campaign as JSON has it when one was named, else a list; and `more`."""
    records = [view.as_record() | {"live": live_of(view)} for view in views]
    if ids and len(records) == 1:
        return records[0] | more
    return {"campaigns": records, **more}


def report(
    views: Sequence[CampaignView],
    ids: Sequence[str] | None,
    waited: Waited,
    told: Callable[[CampaignView], str],
    *,
    json: bool,
) -> None:
    """Say how campaigns stand that were told to let no more out, and how long that took."""
    if json:
        waits = {
            "waited_seconds": round(waited.seconds, 3),
            "unanswered_starts": waited.unanswered,
        }
        console.emit(record_of(views, ids, **waits))
        return
    for view in views:
        console.out.print(told(view), markup=False)
    if views:
        _say_waited(waited)
    else:
        say_none()


def _say_waited(waited: Waited) -> None:
    console.out.print(f"no start is under way, after {waited.seconds:.1f} s", markup=False)
    if waited.unanswered:
        console.warn(
            f"{waited.unanswered} starts were never answered, their workers are gone: they end as"
            " unknown once a worker runs (callsched worker)"
        )


def recorded(each: Controlled) -> str:
    """Return what an operator did, in a line."""
    note = f": {each.note}" if each.note else ""
    return f"{instant(each.at)}  {each.what} by {each.who}{note}"


def instant(at: float) -> str:
    """Return an instant as a clock here shows it."""
    return time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(at))


def say_none() -> None:
    """Say that --all found nothing."""
    console.out.print("every campaign is finished: nothing was changed")
