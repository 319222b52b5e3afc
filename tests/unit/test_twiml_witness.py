"""The witness for TwiML objects to what Twilio's library could not have built."""

from __future__ import annotations

import pytest
from twilio.twiml.voice_response import Gather, VoiceResponse

from tests.witnesses.twiml import judge_journal, problems


def test_nothing_is_wrong_with_what_the_library_builds() -> None:
    response = VoiceResponse()
    response.say("Hello & goodbye", voice="Polly.Joanna", language="en-US", loop=2)
    response.play("https://files.example.com/a.mp3", loop=1)
    response.pause(length=3)
    response.record(max_length=30, play_beep=True, finish_on_key="#", transcribe=False)
    gather = Gather(num_digits=1, timeout=30, action_on_empty_result=True)
    gather.say("Press one")
    response.append(gather)
    response.dial("+12025550143", time_limit=60, timeout=20, caller_id="+15005550006")
    response.dial(time_limit=60).sip("sip:room@example.com")
    response.start().transcription(name="row-1", language_code="en-US")
    response.say().prosody("slowly", rate="slow")
    response.say().lang("bonjour", xml_lang="fr-FR")
    response.hangup()

    assert problems(response.to_xml()) == []


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        ("<say>x</say>", "Response: no say is nested in it"),
        ("<Transfer/>", "Response: no Transfer is nested in it"),
        ("<Number>+12025550143</Number>", "Response: no Number is nested in it"),
        ("<Dial><Say>x</Say></Dial>", "Dial: no Say is nested in it"),
        ('<Dial timelimit="5">x</Dial>', "Dial: no attribute timelimit"),
        ('<Pause seconds="5"/>', "Pause: no attribute seconds"),
        ('<Say number="5">x</Say>', "Say: no attribute number"),
        ('<Say message="x"/>', "Say: no attribute message"),
        ("<Hangup>x</Hangup>", "Hangup: no text stands in it"),
        ("<Say>a & b</Say>", "no XML"),
    ],
)
def test_it_objects(inside: str, said: str) -> None:
    [problem] = problems(f"<Response>{inside}</Response>")

    assert problem.startswith(said)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("<response/>", "the root is response"),
        ('<Response version="1"/>', "Response: no attribute version"),
        (f"<Response><Say>{'x' * 4000}</Say></Response>", "4032 letters are more than 4000"),
    ],
)
def test_it_objects_to_a_whole_document(document: str, said: str) -> None:
    assert problems(document) == [said]


def test_it_judges_the_documents_of_a_journal() -> None:
    wrong, right = "<Response><Shout/></Response>", "<Response><Say>x</Say></Response>"
    events = [
        {"event": "start", "request": {"To": "+12025550143", "Twiml": right}},
        {"event": "start", "request": {"To": "+12025550143", "Url": "https://calls.example.com"}},
        {"event": "accepted", "request": {"Twiml": wrong}},
        {"event": "change", "request": {"Twiml": wrong}},
    ]

    assert judge_journal(events) == ["Response: no Shout is nested in it"]
