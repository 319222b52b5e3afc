"""The form of a start, field by field.

See https://www.twilio.com/docs/voice/api/call-resource#create-a-call-resource. Twilio ignores a
field that it does not know (https://www.twilio.com/docs/api/errors/20001): with a misspelt
TimeLimit a call could last four hours. So the tests compare each form with Twilio's own description
of the API.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias, cast
from xml.etree import ElementTree

from scheduler.errors import AccountFault, Refused, ScriptError
from scheduler.fields.script_steps import until_asked
from scheduler.models import Attempt, OnMachine
from scheduler.providers.base import StartOrder
from scheduler.providers.callbacks import CallbackPlace, Topic
from scheduler.providers.twilio.options import Options
from scheduler.providers.twilio.twiml import (
    RETRIES,
    expect_short,
    render,
    render_reply,
    transcribing,
    written,
)
from scheduler.script import Gather, Script

Form: TypeAlias = list[tuple[str, str]]

#: By how much Twilio's TimeLimit is later than the deadline: callsched's own stop ends a call at
#: its deadline, and TimeLimit is the safety net.
_NET_SECONDS = 15
#: The documented minimum.
_LEAST_LIMIT_SECONDS = 60
#: The longest call of an account; a call without `max_duration` gets this.
#: See
#: https://www.twilio.com/en-us/blog/introducing-configurable-call-limits-for-programmable-voice.
_LONGEST_SECONDS = 14_400

#: For how long a call rings unless the order says otherwise, and the most that Twilio accepts.
_RING_SECONDS = 30
_MOST_RING_SECONDS = 600

#: Stands for a caller id that is not known yet; as long as the longest one.
_NOBODY = "+" + "0" * 15

#: The events for StatusCallback; each is sent as a field of its own.
_EVENTS = ("initiated", "ringing", "answered", "completed")

#: Stands for an attempt whose campaign has no id yet; as long as the longest one.
_LONGEST_ATTEMPT = Attempt("x" * 100, 10**7, 10**4)

#: Keys that are pressed after the answer.
_MOST_DIGITS = 32


def start_form(order: StartOrder) -> Form:
    """Return the form of a start. Raises Refused, or AccountFault, if it can't be sent."""
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
        *_reports(order),
        *_digits_or_detection(order, options),
        *_recording(order),
        *_sip_login(order, options),
    ]


def check_order(order: StartOrder) -> str:
    """Return why callsched would not send a start; "" if it would send it.

    Answers to any keys are checked as well. A missing caller id is the account's fault, and is not
    reported here.
    """
    place = order.callbacks and replace(order.callbacks, attempt=_LONGEST_ATTEMPT)
    whole = replace(order, caller_id=order.caller_id or _NOBODY, callbacks=place)
    try:
        start_form(whole)
        if place is not None:
            _expect_replies(whole, order.script, place)
        if order.machine_script:
            what_a_machine_hears(whole, order.machine_script)
    except (Refused, ScriptError) as error:
        return str(error)
    return ""


def _expect_replies(
    order: StartOrder, script: Script, place: CallbackPlace, after: Script = ()
) -> None:
    """Raise ScriptError if the steps after some key can't be expressed; `after` follows them."""
    for at, step in enumerate(script):
        if not isinstance(step, Gather):
            continue
        behind = script[at + 1 :] + after
        for branch in (*step.branches.values(), step.otherwise):
            render_reply(
                until_asked(branch + behind),
                max_duration_seconds=longest_of(order),
                caller_id=order.caller_id,
                place=place,
            )
            _expect_replies(order, branch, place, behind)


def what_a_machine_hears(order: StartOrder, script: Script) -> str:
    """Return the TwiML that replaces what a call does. Raises ScriptError."""
    return render(
        script,
        max_duration_seconds=longest_of(order),
        caller_id=order.caller_id,
        place=order.callbacks,
    )


def longest_of(order: StartOrder) -> float:
    """Return how long a call may last, in seconds."""
    return order.max_duration_seconds or float(_LONGEST_SECONDS)


def expect_within_limit(max_duration_seconds: float | None) -> None:
    """Raise Refused for a call that would last longer than Twilio's TimeLimit allows."""
    if max_duration_seconds is not None and time_limit(max_duration_seconds) > _LONGEST_SECONDS:
        raise Refused(
            f"max_duration: expected at most {_LONGEST_SECONDS - _NET_SECONDS} s, got"
            f" {max_duration_seconds:.0f} s: Twilio ends a call after {_LONGEST_SECONDS} s, unless"
            " the longest call duration of the account is raised in its console, of which callsched"
            " makes no use"
        )


def time_limit(max_duration_seconds: float | None) -> int:
    """Return the TimeLimit: seconds from the answer after which Twilio ends a call by itself."""
    if max_duration_seconds is None:
        return _LONGEST_SECONDS
    return max(_LEAST_LIMIT_SECONDS, math.ceil(max_duration_seconds) + _NET_SECONDS)


def _ring_seconds(wanted: float | None) -> int:
    if wanted is None:
        return _RING_SECONDS
    return min(max(1, math.ceil(wanted)), _MOST_RING_SECONDS)


def _what_to_do(order: StartOrder, options: Options) -> tuple[str, str]:
    """Return the one field that says what the call does; of several, Twilio would use `Url`."""
    words_url = _words_url(order)
    try:
        if order.script:
            return "Twiml", render(
                order.script,
                max_duration_seconds=longest_of(order),
                caller_id=order.caller_id,
                place=order.callbacks,
                transcription_url=words_url,
            )
        if twiml := options.get("twiml", ""):
            own = _transcribed(twiml, words_url) if words_url else twiml
            expect_short(own)
            return "Twiml", own
    except ScriptError as error:
        raise Refused(str(error)) from error
    if url := options.get("url", ""):
        if words_url:
            raise Refused("transcribe: what call.url serves has to ask for it itself: leave it out")
        return "Url", url
    raise Refused("nothing says what the call is to do: give call.script, call.twiml or call.url")


def _words_url(order: StartOrder) -> str:
    """Return the URL for the words of the transcription; "": no transcription."""
    if not order.transcribe:
        return ""
    if order.callbacks is None:
        raise Refused(
            "transcribe needs CALLSCHED_PUBLIC_URL: what is said comes to an address of ours"
        )
    return order.callbacks.url(Topic.WORDS) + RETRIES


def _transcribed(twiml: str, url: str) -> str:
    """Return the campaign's own TwiML with a transcription from its start."""
    try:
        response = ElementTree.fromstring(twiml)
    except ElementTree.ParseError as error:
        raise ScriptError("call.twiml can't be read") from error
    response.insert(0, transcribing(url, ""))
    return written(response)


def _reports(order: StartOrder) -> Iterator[tuple[str, str]]:
    if order.callbacks is not None:
        yield "StatusCallback", order.callbacks.url(Topic.STATUS) + RETRIES
        yield "StatusCallbackMethod", "POST"
        for event in _EVENTS:
            yield "StatusCallbackEvent", event


def _digits_or_detection(order: StartOrder, options: Options) -> Iterator[tuple[str, str]]:
    """Yield SendDigits, else MachineDetection: Twilio ignores the second if it has the first."""
    if order.machine_script and order.callbacks is None:
        raise Refused("on_machine: steps need CALLSCHED_PUBLIC_URL: a verdict comes there alone")
    if order.dtmf:
        digits = order.dtmf.replace(",", "w")  # half a second each
        if len(digits) > _MOST_DIGITS:
            raise Refused(
                f"{len(digits)} key presses, and Twilio sends {_MOST_DIGITS}: leave some out"
            )
        yield "SendDigits", digits
    elif detection := _detection(order, options):
        yield "MachineDetection", detection
        # Without AsyncAmd the callee would hear nothing until Twilio has decided.
        yield "AsyncAmd", "true"
        if order.callbacks is not None:
            yield "AsyncAmdStatusCallback", order.callbacks.url(Topic.MACHINE) + RETRIES
            yield "AsyncAmdStatusCallbackMethod", "POST"


def _detection(order: StartOrder, options: Options) -> str:
    """Return the value of MachineDetection; "": none.

    If the call says something to machines, Twilio waits for the end of the greeting.
    """
    if order.machine_script:
        return "DetectMessageEnd"
    is_used = order.callbacks is not None and order.on_machine is not OnMachine.GO_ON
    return options.get("machine_detection", "") or ("Enable" if is_used else "")


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
