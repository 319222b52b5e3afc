"""A call, and what was noted about it, as the API shows them.

https://www.twilio.com/docs/voice/api/call-resource
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from scheduler.sandbox.twilio.calls import FINAL, Call, Look, Notification
from scheduler.sandbox.twilio.clock import rfc2822
from scheduler.sandbox.twilio.knobs import Knobs
from scheduler.sandbox.twilio.parties import formatted

_VERSION = "2010-04-01"
_PRICE_PER_MINUTE = 0.014
_SUBRESOURCES = (
    *("notifications", "recordings", "payments", "events", "siprec", "streams"),
    *("transcriptions", "user_defined_message_subscriptions", "user_defined_messages"),
)
_VERDICTS = {
    "Enable": {"human": "human", "machine": "machine_start", "fax": "fax"},
    "DetectMessageEnd": {"human": "human", "machine": "machine_end_beep", "fax": "fax"},
}


def path_of(account_sid: str, rest: str = "") -> str:
    """The path of what an account has."""
    return f"/{_VERSION}/Accounts/{account_sid}{rest}"


def call(call: Call, look: Look, knobs: Knobs, now: float) -> dict[str, object]:
    """A call as it looked at one time, to a reader of now."""
    path = path_of(call.account_sid, f"/Calls/{call.sid}")
    return {
        "sid": call.sid,
        "date_created": rfc2822(call.created_at),
        "date_updated": rfc2822(look.at),
        "parent_call_sid": call.parent.sid if call.parent else None,
        "account_sid": call.account_sid,
        "to": call.to,
        "to_formatted": formatted(call.to),
        "from": call.caller,
        "from_formatted": formatted(call.caller),
        "phone_number_sid": None,
        "status": _status(call, look),
        "start_time": _time(look.started_at),
        "end_time": _time(look.end_time(knobs)),
        "duration": None if look.duration_seconds is None else str(look.duration_seconds),
        "price": _price(look, knobs, now),
        "price_unit": "USD",
        "direction": call.direction,
        "answered_by": _verdict(call, look, knobs),
        "api_version": _VERSION,
        "forwarded_from": None,
        "group_sid": None,
        "caller_name": None,
        "queue_time": str(call.queue_milliseconds),
        "trunk_sid": None,
        "uri": path + ".json",
        "subresource_uris": {name: f"{path}/{_camel(name)}.json" for name in _SUBRESOURCES},
    }


def notification(call: Call, noted: Notification) -> dict[str, object]:
    """A notification of a call."""
    path = path_of(call.account_sid, f"/Calls/{call.sid}/Notifications/{noted.sid}.json")
    at = rfc2822(noted.at)
    return {
        "sid": noted.sid,
        "account_sid": call.account_sid,
        "call_sid": call.sid,
        "api_version": _VERSION,
        "date_created": at,
        "date_updated": at,
        "message_date": at,
        "error_code": str(noted.code),
        "log": "1" if noted.is_warning else "0",
        "message_text": noted.text,
        "more_info": f"https://www.twilio.com/docs/errors/{noted.code}",
        "request_method": None,
        "request_url": "",
        "uri": path,
    }


def details(noted: Mapping[str, object]) -> dict[str, object]:
    """A notification that is read alone: it has what was asked and answered besides."""
    return {**noted, "request_variables": "", "response_headers": "", "response_body": ""}


def _status(call: Call, look: Look) -> str:
    return "parked" if call.outcome.is_odd and look.status not in FINAL else look.status


def _price(look: Look, knobs: Knobs, now: float) -> str | None:
    if not look.duration_seconds or look.ended_at is None:
        return None
    if now < look.ended_at + knobs.price_after_seconds:
        return None
    return f"-{math.ceil(look.duration_seconds / 60) * _PRICE_PER_MINUTE:.5f}"


def _verdict(call: Call, look: Look, knobs: Knobs) -> str | None:
    is_told = knobs.verdict_while_live or look.status in FINAL
    if call.answered_by is None or not is_told:
        return None
    words = _VERDICTS.get(call.machine_detection)
    return words.get(call.answered_by, "unknown") if words else None


def _time(at: float | None) -> str | None:
    return None if at is None else rfc2822(at)


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
