"""What there is to see, once: as plain text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from scheduler.cli.screen import drawing
from scheduler.cli.screen.picture import Picture, ShownCall, ShownCampaign
from scheduler.fields.visible import visible

NOTHING = "no campaigns yet: callsched run FILE, or callsched submit FILE"

#: So much of what may be long is shown once.
_CAMPAIGNS, CALLS, _HAPPENINGS, _CHART = 20, 20, 8, (60, 3)


def text(picture: Picture) -> Iterator[RenderableType]:
    """Yield what is printed, a part at a time."""
    if picture.account is None:
        yield Text(NOTHING)
        return
    if picture.alarms:
        yield drawing.alarms(picture.alarms, len(picture.alarms))
    shown = picture.campaigns[:_CAMPAIGNS]
    yield drawing.campaigns(shown)
    yield from _more(len(picture.campaigns) + picture.older - len(shown), "campaigns")
    for each in shown[:1]:
        yield drawing.in_detail(each)
    yield Text(f"\naccount {visible(picture.account.account)}: {drawing.slots_title(picture)}")
    yield drawing.slots(picture, *_CHART)
    yield from _calls(picture)
    yield Text("\nlast events")
    yield drawing.happenings(picture.happenings, picture.at, _HAPPENINGS)
    yield Text("\nworkers")
    yield drawing.workers(picture.workers, picture.at)


def _calls(picture: Picture) -> Iterator[RenderableType]:
    yield Text(f"\nlive calls: {len(picture.calls):,}")
    if picture.calls:
        yield drawing.calls(picture.calls[:CALLS], picture.at)
    yield from _more(len(picture.calls) - CALLS, "live calls")


def _more(count: int, what: str) -> Iterator[RenderableType]:
    if count > 0:
        yield Text(f"… and {count:,} more {what}")


def record(picture: Picture) -> dict[str, Any]:
    """Return it as JSON has it; numbers are masked, and only the first live calls are in it."""
    account = picture.account
    return {
        "at": picture.at,
        "campaigns": [_campaign(each) for each in picture.campaigns],
        "account": account and account.as_record() | {"ceiling": picture.ceiling},
        "load": [asdict(load) for load in picture.loads],
        "backlog": picture.backlog and asdict(picture.backlog),
        "live": len(picture.calls),
        "live_calls": [_call(call, picture.at) for call in picture.calls[:CALLS]],
        "events": [asdict(each) for each in picture.happenings[-_HAPPENINGS:]],
        "workers": [asdict(each) | {"is_well": each.is_well} for each in picture.workers],
        "warnings": [each.text for each in picture.alarms],
    }


def _campaign(each: ShownCampaign) -> dict[str, Any]:
    guess = each.expected
    return each.view.as_record() | {
        "overdue": each.overdue,
        "expected": guess.text,
        "expected_seconds": guess.seconds,
    }


def _call(call: ShownCall, now: float) -> dict[str, Any]:
    return {
        "campaign_id": call.attempt.campaign_id,
        "row": call.attempt.row,
        "attempt": call.attempt.number,
        "contact": call.name,
        "number": call.number,
        "state": call.state,
        "deadline": call.deadline,
        "seconds_left": round(call.deadline - now, 3),
    }
