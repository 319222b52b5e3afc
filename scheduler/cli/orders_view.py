"""Shows campaigns that an operator gave an order for, and the wait for their starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from scheduler.cli import console
from scheduler.cli.suggested import suggested
from scheduler.fields.counts import counted
from scheduler.ledger.views import CampaignView
from scheduler.operations.controls import Halted, Waited, live_of


def say_under_way(left: int, most_seconds: float) -> None:
    """Say that the command waits for starts."""
    console.say(f"no new calls; {left} are being placed, {most_seconds:.0f} s at most …")


def record_of(
    views: Sequence[CampaignView], ids: Sequence[str] | None, **more: Any
) -> dict[str, Any]:
    """Return one campaign for JSON if one was named, otherwise a list; with `more`."""
    records = [view.as_record() | {"live": live_of(view)} for view in views]
    if ids and len(records) == 1:
        return records[0] | more
    return {"campaigns": records, **more}


def show_halted(
    halted: Halted,
    ids: Sequence[str] | None,
    sentence: Callable[[CampaignView], str],
    *,
    json: bool,
) -> None:
    """Say how campaigns stand that place no more calls, and how long that took."""
    if json:
        waits = {
            "waited_seconds": round(halted.waited.seconds, 3),
            "unanswered_starts": halted.waited.unanswered,
        }
        console.emit(record_of(halted.campaigns, ids, **waits))
        return
    for view in halted.campaigns:
        console.out.print(sentence(view), markup=False)
    if halted.campaigns:
        _say_waited(halted.waited)
    else:
        say_none()


def _say_waited(waited: Waited) -> None:
    console.out.print(
        f"no call is being placed any more, after {waited.seconds:.1f} s", markup=False
    )
    if waited.unanswered:
        console.warn(
            f"{counted(waited.unanswered, 'start was', 'starts were')} never answered, because the"
            f" worker is gone; such a call ends as unknown once a worker runs:"
            f" `{suggested('worker')}`"
        )


def cancelled(view: CampaignView) -> str:
    """Return how many calls of a campaign orders have cancelled, in words."""
    calls = view.dispositions.get("skipped:cancelled", 0)
    return f"{counted(calls, 'call was', 'calls were')} cancelled"


def say_none() -> None:
    """Say that --all found nothing."""
    console.out.print("every campaign is finished: nothing was changed")
