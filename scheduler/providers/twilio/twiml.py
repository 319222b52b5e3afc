"""A script in TwiML: what Twilio does once somebody has answered.

See https://www.twilio.com/docs/voice/twiml. callsched sends it with the start, so that Twilio
fetches nothing from us while a call lives; after the last verb the call ends. The document ends at
the first gather: Twilio sends a request with the keys, and the answer has what follows.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from scheduler.errors import ScriptError
from scheduler.heard import CALLEE, OURS
from scheduler.providers.callbacks import CallbackPlace, Topic
from scheduler.script import (
    DoNotCall,
    Gather,
    Hangup,
    Pause,
    Play,
    Record,
    Say,
    Script,
    Step,
    Transfer,
)

#: What a start may carry, in characters: https://www.twilio.com/docs/api/errors/32018.
MOST_CHARACTERS = 4000

#: What the answer to a request may have, in bytes: https://www.twilio.com/docs/api/errors/11750.
MOST_REPLY_BYTES = 64 << 10

#: Has Twilio repeat a request after a failed connection, a 5xx, or no answer in time; see
#: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides. It is not sent to us.
RETRIES = "#rc=5&rp=all"

#: Characters that XML can't contain, escaped or not.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_NEEDS_URL = "needs CALLSCHED_PUBLIC_URL: what is pressed comes to an address of ours"

#: Who speaks on a track: the inbound track has what the callee says.
SPEAKERS: Mapping[str, str] = {"inbound_track": CALLEE, "outbound_track": OURS}

#: The key that ends an answer of any length, unless the step names another one.
_POUND = "#"


@dataclass(slots=True)
class _Call:
    """What the verbs of a document have to know about their call."""

    left: float  #: seconds of it
    caller_id: str
    place: CallbackPlace | None
    is_reply: bool = False  #: its document is the answer to a request


def render(
    script: Script,
    *,
    max_duration_seconds: float,
    caller_id: str = "",
    place: CallbackPlace | None = None,
    transcription_url: str = "",
) -> str:
    """Return the TwiML of a filled script, for a start or a change.

    `max_duration_seconds` is from the answer; a transfer gets what is left of it, and shows
    `caller_id`. Twilio sends keys to `place`, and the words of the call to `transcription_url`; ""
    turns the transcription off. Raises ScriptError for a step that TwiML can't say, and if the
    document is too long.
    """
    response = Element("Response")
    if transcription_url:
        response.append(transcribing(transcription_url, language_of(script)))
    _speak(response, script, _Call(max_duration_seconds, caller_id, place))
    text = written(response)
    expect_short(text)
    return text


def render_reply(
    script: Script, *, max_duration_seconds: float, caller_id: str, place: CallbackPlace
) -> bytes:
    """Return the document that answers a request, as `render` does; () ends the call."""
    response = Element("Response")
    _speak(response, script or (Hangup(),), _Call(max_duration_seconds, caller_id, place, True))
    body = b'<?xml version="1.0" encoding="UTF-8"?>' + written(response).encode()
    if len(body) > MOST_REPLY_BYTES:
        raise ScriptError(
            f"the steps upon a key have {len(body):,} bytes of TwiML, and Twilio takes"
            f" {MOST_REPLY_BYTES:,}: say less, or play a sound file"
        )
    return body


def written(response: Element) -> str:
    """Return a document as text."""
    return tostring(response, encoding="unicode")


def transcribing(url: str, language: str) -> Element:
    """Return the verb that transcribes both sides from here on, only whole sentences.

    Partial sentences would be ten requests to us for each whole one.
    """
    start = Element("Start")
    attributes = {"statusCallbackUrl": url, "track": "both_tracks", "languageCode": language}
    labels = {f"{track.partition('_')[0]}TrackLabel": who for track, who in SPEAKERS.items()}
    given = {name: value for name, value in (attributes | labels).items() if value}
    SubElement(start, "Transcription", given)
    return start


def language_of(script: Script) -> str:
    """Return the first language that a script names for its words; "" if it names none."""
    for step in script:
        said = step.say if isinstance(step, Gather) else (step,)
        for each in said:
            if isinstance(each, Say) and each.language:
                return each.language
    return ""


def _speak(parent: Element, script: Script, call: _Call) -> None:
    for number, step in enumerate(script, 1):
        try:
            _VERBS[type(step)](parent, step, call)
        except ScriptError as error:
            raise ScriptError(f"step {number}: {error}") from None
        if isinstance(step, Gather):
            break
        if isinstance(step, Record) and call.is_reply:
            _expect_last(number, script)
            break
        call.left -= _least_seconds(step)


def _expect_last(number: int, script: Script) -> None:
    """Raise ScriptError if steps follow a recording, because Twilio would not do them.

    See https://www.twilio.com/docs/voice/twiml/record: Twilio does what
    follows a recording only if nobody speaks.
    """
    if any(not isinstance(step, Hangup) for step in script[number:]):
        raise ScriptError(
            f"step {number}: a call ends with what is recorded upon a key: write hangup behind"
            " record"
        )


def expect_short(twiml: str) -> None:
    """Raise ScriptError if a document is longer than a start may have."""
    if len(twiml) > MOST_CHARACTERS:
        raise ScriptError(
            f"the script has {len(twiml):,} characters of TwiML, and Twilio takes"
            f" {MOST_CHARACTERS:,}: say less, or play a sound file"
        )


def _least_seconds(step: Step) -> float:
    """Return the least seconds that a step takes; speech and sounds may have any length."""
    return math.ceil(step.seconds) if isinstance(step, Pause) else 0.0


def _say(response: Element, step: Say, call: _Call) -> None:
    named = {"voice": step.voice, "language": step.language}
    verb = SubElement(response, "Say", {name: value for name, value in named.items() if value})
    verb.text = _NO_XML.sub(" ", step.text)


def _play(response: Element, step: Play, call: _Call) -> None:
    SubElement(response, "Play").text = _NO_XML.sub("", step.url)


def _pause(response: Element, step: Pause, call: _Call) -> None:
    SubElement(response, "Pause", {"length": _whole(step.seconds)})


def _record(response: Element, step: Record, call: _Call) -> None:
    verb = SubElement(response, "Record", {"maxLength": _whole(step.max_seconds)})
    if call.is_reply and call.place is not None:
        # Without a verb Twilio would request the same address again, as if keys had been pressed.
        verb.set("action", call.place.url(Topic.RECORDING) + RETRIES)
        verb.set("method", "POST")


def _transfer(response: Element, step: Transfer, call: _Call) -> None:
    shown = {"callerId": call.caller_id} if call.caller_id else {}
    # Rounded up, because our own stop comes at the deadline; if no time is left, the least there
    # is.
    dial = SubElement(response, "Dial", {"timeLimit": _whole(call.left), **shown})
    is_sip = step.target.lower().startswith(("sip:", "sips:"))
    SubElement(dial, "Sip" if is_sip else "Number").text = _NO_XML.sub("", step.target)


def _hangup(response: Element, step: Hangup, call: _Call) -> None:
    SubElement(response, "Hangup")


def _gather(response: Element, step: Gather, call: _Call) -> None:
    if call.place is None:
        raise ScriptError(f"gather {_NEEDS_URL}")
    # With a fixed number of keys no key ends the answer, so that each of them counts.
    counted = {} if step.digits is None else {"numDigits": str(step.digits)}
    finish = step.finish or ("" if counted else _POUND)
    gather = SubElement(
        response,
        "Gather",
        {
            "input": "dtmf",
            "action": call.place.step_url(step.name, step.asked) + RETRIES,
            "method": "POST",
            "timeout": _whole(step.timeout_seconds),
            **counted,
            "finishOnKey": finish,
            # Otherwise Twilio would send no request if nothing was pressed.
            "actionOnEmptyResult": "true",
        },
    )
    for said in step.say:
        _say(gather, said, call)


def _do_not_call(response: Element, step: DoNotCall, call: _Call) -> None:
    """End the call: the callee is on the list before this is rendered."""
    if call.place is None:
        raise ScriptError(f"do_not_call {_NEEDS_URL}")
    SubElement(response, "Hangup")


_VERBS: Mapping[type, Callable[[Element, Any, _Call], None]] = {
    Say: _say,
    Play: _play,
    Pause: _pause,
    Record: _record,
    Transfer: _transfer,
    Hangup: _hangup,
    Gather: _gather,
    DoNotCall: _do_not_call,
}


def _whole(seconds: float) -> str:
    """Return whole seconds, at least one."""
    return str(max(1, math.ceil(seconds)))
