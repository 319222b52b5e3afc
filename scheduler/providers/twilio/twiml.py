"""A script in TwiML, what Twilio does once a call is answered.

See https://www.twilio.com/docs/voice/twiml. It goes out with the start, so that nothing has to be
fetched from us while a call lives; when its last verb is done, the call ends.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from scheduler.errors import ScriptError
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

#: What no XML can carry, escaped or not.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_NEEDS_URL = "needs CALLSCHED_PUBLIC_URL: what is pressed comes to an address of ours"


def render(script: Script, *, max_duration_seconds: float, caller_id: str = "") -> str:
    """Return the TwiML of a script that is filled in; `caller_id` is what a transfer shows.

    `max_duration_seconds` is from the answer; a transfer gets what is left of it. Raises
    ScriptError for a step that can't be said so, and where it all is too long.
    """
    response = Element("Response")
    left = max_duration_seconds
    for number, step in enumerate(script, 1):
        try:
            _VERBS[type(step)](response, step, left, caller_id)
        except ScriptError as error:
            raise ScriptError(f"step {number}: {error}") from None
        left -= _least_seconds(step)
    text = tostring(response, encoding="unicode")
    expect_short(text)
    return text


def expect_short(twiml: str) -> None:
    """Raise ScriptError when this is more than a start may carry."""
    if len(twiml) > MOST_CHARACTERS:
        raise ScriptError(
            f"the script has {len(twiml):,} characters of TwiML, and Twilio takes"
            f" {MOST_CHARACTERS:,}: say less, or play a sound file"
        )


def _least_seconds(step: Step) -> float:
    """Return for how long a step takes at least; speech and sounds may be of any length."""
    return math.ceil(step.seconds) if isinstance(step, Pause) else 0.0


def _say(response: Element, step: Say, left: float, caller_id: str) -> None:
    named = {"voice": step.voice, "language": step.language}
    verb = SubElement(response, "Say", {name: value for name, value in named.items() if value})
    verb.text = _NO_XML.sub(" ", step.text)


def _play(response: Element, step: Play, left: float, caller_id: str) -> None:
    SubElement(response, "Play").text = _NO_XML.sub("", step.url)


def _pause(response: Element, step: Pause, left: float, caller_id: str) -> None:
    SubElement(response, "Pause", {"length": _whole(step.seconds)})


def _record(response: Element, step: Record, left: float, caller_id: str) -> None:
    SubElement(response, "Record", {"maxLength": _whole(step.max_seconds)})


def _transfer(response: Element, step: Transfer, left: float, caller_id: str) -> None:
    shown = {"callerId": caller_id} if caller_id else {}
    # Rounded up, for our own stop comes at the deadline; what is over gets the least there is.
    dial = SubElement(response, "Dial", {"timeLimit": _whole(left), **shown})
    is_sip = step.target.lower().startswith(("sip:", "sips:"))
    SubElement(dial, "Sip" if is_sip else "Number").text = _NO_XML.sub("", step.target)


def _hangup(response: Element, step: Hangup, left: float, caller_id: str) -> None:
    SubElement(response, "Hangup")


def _needs_url(response: Element, step: Step, left: float, caller_id: str) -> None:
    raise ScriptError(f"{_NAMES[type(step)]} {_NEEDS_URL}")


_NAMES: Mapping[type, str] = {Gather: "gather", DoNotCall: "do_not_call"}
_VERBS: Mapping[type, Callable[[Element, Any, float, str], None]] = {
    Say: _say,
    Play: _play,
    Pause: _pause,
    Record: _record,
    Transfer: _transfer,
    Hangup: _hangup,
    Gather: _needs_url,
    DoNotCall: _needs_url,
}


def _whole(seconds: float) -> str:
    """Return whole seconds, at least one."""
    return str(max(1, math.ceil(seconds)))
