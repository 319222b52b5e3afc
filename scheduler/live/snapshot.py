"""A picture as one JSON object, for `watch --once --json`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from scheduler.live.picture import Picture, ShownCall, ShownCampaign

#: Live calls in it.
CALLS = 20

_HAPPENINGS = 8


def record(picture: Picture) -> dict[str, Any]:
    """Return it as JSON has it; numbers are masked, and only the first live calls are in it."""
    account = picture.account
    return {
        "at": picture.at,
        "campaigns": [_campaign(each) for each in picture.campaigns],
        "others": picture.others,
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
        "name": call.person.name if call.person else "",
        "number": call.number,
        "state": call.state,
        "standing": call.standing or None,
        "deadline": call.deadline,
        "seconds_left": round(call.deadline - now, 3),
    }
