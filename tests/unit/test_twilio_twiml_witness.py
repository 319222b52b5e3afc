"""Twilio's own library knows every verb and attribute of the TwiML that we send."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest

from scheduler.providers.twilio.twiml import render
from scheduler.script import Hangup, Pause, Play, Record, Say, Script, Transfer

voice_response = pytest.importorskip("twilio.twiml.voice_response")

EVERYTHING: Script = (
    Say("Hello.", voice="Polly.Joanna", language="en-US"),
    Play("https://e.example/a.mp3"),
    Pause(2),
    Record(30),
    Transfer("+12025550144"),
    Transfer("sip:desk@example.com"),
    Hangup(),
)


def problems(twiml: str) -> list[str]:
    """What the library could not write itself."""
    root = fromstring(twiml)
    found = [] if root.tag == "Response" else [f"{root.tag} is no Response"]
    return [*found, *_unknown(root, voice_response.VoiceResponse)]


def _unknown(parent: Element, known: Any) -> Iterator[str]:
    for element in parent:
        write = getattr(known, _snake(element.tag), None)
        verb = getattr(voice_response, element.tag, None)
        if write is None or verb is None:
            yield f"no <{element.tag}> in <{parent.tag}>"
            continue
        names = set(inspect.signature(write).parameters)
        yield from (
            f"no {name} of <{element.tag}>" for name in element.attrib if _snake(name) not in names
        )
        yield from _unknown(element, verb)


def _snake(name: str) -> str:
    return re.sub("([A-Z])", r"_\1", name).lower().removeprefix("_")


def test_it_knows_all_that_we_send() -> None:
    sent = render(EVERYTHING, max_duration_seconds=900, caller_id="+15005550006")

    assert problems(sent) == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("<Answer/>", ["Answer is no Response"]),
        ("<Response><Speak>Hi</Speak></Response>", ["no <Speak> in <Response>"]),
        ("<Response><Number>+1</Number></Response>", ["no <Number> in <Response>"]),
        ('<Response><Dial timelimit="3"/></Response>', ["no timelimit of <Dial>"]),
        ("<Response><Dial><Say>Hi</Say></Dial></Response>", ["no <Say> in <Dial>"]),
    ],
)
def test_it_objects_to_what_it_does_not_know(wrong: str, told: list[str]) -> None:
    assert problems(wrong) == told
