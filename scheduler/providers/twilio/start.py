"""What a start says: the form, field by field.

See https://www.twilio.com/docs/voice/api/call-resource#create-a-call-resource. A field that they do
not know is ignored (https://www.twilio.com/docs/api/errors/20001): a misspelt TimeLimit would be
four hours, so the tests judge each form by their own description of the API.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias, cast

from scheduler.errors import AccountFault, Refused, ScriptError
from scheduler.providers.base import StartOrder
from scheduler.providers.twilio.options import Options
from scheduler.providers.twilio.twiml import expect_short, render

Form: TypeAlias = list[tuple[str, str]]

#: Our own stop at the deadline is the usual end; theirs is the net, and comes this much later.
_NET_SECONDS = 15
#: The least that is documented.
_LEAST_LIMIT_SECONDS = 60
#: How long a call of an account lasts at most, which is what one without a longest duration gets.
#: See https://www.twilio.com/en-us/blog/introducing-configurable-call-limits-for-programmable-voice.
_LONGEST_SECONDS = 14_400

#: For how long it rings unless the order says otherwise, and the most that they take.
_RING_SECONDS = 30
_MOST_RING_SECONDS = 600

#: Stands for a caller id where there is none yet; as long as one can be.
_NOBODY = "+" + "0" * 15

#: Keys that are pressed after the answer.
_MOST_DIGITS = 32


def start_form(order: StartOrder) -> Form:
    """Return the form of a start. Raises Refused, or AccountFault, for what can't be one."""
    if not order.caller_id:
        raise AccountFault("there is no number to call from: set CALLSCHED_CALLER_ID")
    expect_within_limit(order.max_duration_seconds)
    options = cast("Options", order.options)
    return [
        ("To", order.sip_uri or order.phone_number),
        ("From", order.caller_id),
        _what_to_do(order, options),
        ("TimeLimit", str(time_limit(order.max_duration_seconds))),
        ("Timeout", str(_ring_seconds(order.ring_seconds))),
        *_digits_or_detection(order, options),
        *_recording(order),
        *_sip_login(order, options),
    ]


def check_order(order: StartOrder) -> str:
    """Return what would be refused of a start before it is sent; "" for nothing.

    That there is no number to call from is the account's fault, and not said here.
    """
    try:
        start_form(replace(order, caller_id=order.caller_id or _NOBODY))
    except Refused as error:
        return str(error)
    return ""


def expect_within_limit(max_duration_seconds: float | None) -> None:
    """Raise Refused for a call that would last longer than there is a net for."""
    if max_duration_seconds is not None and time_limit(max_duration_seconds) > _LONGEST_SECONDS:
        raise Refused(
            f"max_duration: expected at most {_LONGEST_SECONDS - _NET_SECONDS} s, got"
            f" {max_duration_seconds:.0f} s: Twilio ends a call after {_LONGEST_SECONDS} s, unless"
            " the longest call duration of the account is raised in its console, of which callsched"
            " makes no use"
        )


def time_limit(max_duration_seconds: float | None) -> int:
    """Return after how many seconds from the answer they are to end a call by themselves."""
    if max_duration_seconds is None:
        return _LONGEST_SECONDS
    return max(_LEAST_LIMIT_SECONDS, math.ceil(max_duration_seconds) + _NET_SECONDS)


def _ring_seconds(wanted: float | None) -> int:
    if wanted is None:
        return _RING_SECONDS
    return min(max(1, math.ceil(wanted)), _MOST_RING_SECONDS)


def _what_to_do(order: StartOrder, options: Options) -> tuple[str, str]:
    """Return the one field that says what the call does; of several `Url` would win unasked."""
    try:
        if order.script:
            longest = order.max_duration_seconds or float(_LONGEST_SECONDS)
            twiml = render(order.script, max_duration_seconds=longest, caller_id=order.caller_id)
            return "Twiml", twiml
        if twiml := options.get("twiml", ""):
            expect_short(twiml)
            return "Twiml", twiml
    except ScriptError as error:
        raise Refused(str(error)) from error
    if url := options.get("url", ""):
        return "Url", url
    raise Refused("nothing says what the call is to do: give call.script, call.twiml or call.url")


def _digits_or_detection(order: StartOrder, options: Options) -> Iterator[tuple[str, str]]:
    """Yield key presses, else who answers is to be told: with the first they ignore the second."""
    if order.dtmf:
        digits = order.dtmf.replace(",", "w")  # half a second each
        if len(digits) > _MOST_DIGITS:
            raise Refused(
                f"{len(digits)} key presses, and Twilio sends {_MOST_DIGITS}: leave some out"
            )
        yield "SendDigits", digits
    elif detection := options.get("machine_detection", ""):
        yield "MachineDetection", detection
        # Else the callee would hear nothing until they have made up their mind.
        yield "AsyncAmd", "true"


def _recording(order: StartOrder) -> Iterator[tuple[str, str]]:
    if order.record:
        yield "Record", "true"
        yield "RecordingChannels", "dual"


def _sip_login(order: StartOrder, options: Options) -> Iterator[tuple[str, str]]:
    name, password = options.get("sip_username", ""), options.get("sip_password", "")
    if order.sip_uri and name:
        yield "SipAuthUsername", name
        if password:
            yield "SipAuthPassword", password
