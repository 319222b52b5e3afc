"""What a start at Twilio says, field by field, and the TwiML of a script."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

from scheduler.errors import AccountFault, Refused, ScriptError
from scheduler.providers import StartOrder
from scheduler.providers.twilio.start import check_order, start_form, time_limit
from scheduler.providers.twilio.twiml import render
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
from tests.witnesses.twiml import problems

TO, FROM = "+12025550143", "+15005550006"
HELLO: Script = (Say("Hello."),)


def order(**given: Any) -> StartOrder:
    known: dict[str, Any] = {
        "phone_number": TO,
        "session_name": "c:1:1",
        "caller_id": FROM,
        "script": HELLO,
        "max_duration_seconds": 900.0,
    }
    return StartOrder(**known | given)


def form(**given: Any) -> dict[str, str]:
    fields = start_form(order(**given))
    assert len(dict(fields)) == len(fields)
    return dict(fields)


def test_a_start_says_whom_to_call_for_how_long_and_what_to_do() -> None:
    assert start_form(order()) == [
        ("To", TO),
        ("From", FROM),
        ("Twiml", "<Response><Say>Hello.</Say></Response>"),
        ("TimeLimit", "915"),
        ("Timeout", "30"),
    ]


@pytest.mark.parametrize(
    ("max_duration", "limit"),
    [(None, 14_400), (0.5, 60), (30, 60), (45, 60), (45.1, 61), (46, 61), (14_385, 14_400)],
)
def test_they_end_the_call_a_little_after_our_own_deadline(
    max_duration: float | None, limit: int
) -> None:
    assert time_limit(max_duration) == limit
    assert form(max_duration_seconds=max_duration)["TimeLimit"] == str(limit)


@pytest.mark.parametrize(
    ("wanted", "sent"), [(None, "30"), (45.0, "45"), (0.2, "1"), (12.1, "13"), (900, "600")]
)
def test_it_rings_for_as_long_as_the_order_says(wanted: float | None, sent: str) -> None:
    assert form(ring_seconds=wanted)["Timeout"] == sent


def test_a_sip_address_is_called_and_its_side_is_answered() -> None:
    options = {"sip_username": "me", "sip_password": "word"}
    said = form(phone_number="", sip_uri="sip:room7@sip.example.com", options=options)

    assert said["To"] == "sip:room7@sip.example.com"
    assert (said["SipAuthUsername"], said["SipAuthPassword"]) == ("me", "word")
    assert "SipAuthUsername" not in form(options=options)
    alone = form(phone_number="", sip_uri="sip:a@b.example", options={"sip_password": "word"})
    assert "SipAuthPassword" not in alone


def test_keys_are_pressed_with_their_pauses_and_nobody_listens_for_machines() -> None:
    detecting = {"machine_detection": "Enable"}
    said = form(dtmf="12,,34#", options=detecting)

    assert said["SendDigits"] == "12ww34#"
    assert "MachineDetection" not in said
    assert "AsyncAmd" not in said


def test_who_answers_is_told_without_keeping_the_callee_in_silence() -> None:
    said = form(options={"machine_detection": "Enable"})

    assert (said["MachineDetection"], said["AsyncAmd"]) == ("Enable", "true")


def test_more_keys_than_they_press_are_refused() -> None:
    assert form(dtmf="1" * 32)["SendDigits"] == "1" * 32
    with pytest.raises(Refused, match="33 key presses, and Twilio sends 32"):
        start_form(order(dtmf="1" * 33))


@pytest.mark.parametrize(("record", "sent"), [(True, True), (False, False)])
def test_a_call_is_recorded_where_that_is_asked_for(record: bool, sent: bool) -> None:
    said = form(record=record)

    assert (said.get("Record"), said.get("RecordingChannels")) == (
        ("true", "dual") if sent else (None, None)
    )


def test_twiml_of_one_s_own_or_where_it_is_fetched_does_as_well() -> None:
    own = "<Response><Say>Hi</Say></Response>"

    assert form(script=(), options={"twiml": own, "url": "https://e/1"})["Twiml"] == own
    fetched = form(script=(), options={"url": "https://e.example/1"})
    assert fetched["Url"] == "https://e.example/1"
    assert "Twiml" not in fetched
    scripted = form(options={"twiml": own, "url": "https://e/1"})
    assert "Hello." in scripted["Twiml"]
    assert "Url" not in scripted


@pytest.mark.parametrize(
    ("given", "kind", "told"),
    [
        ({"script": ()}, Refused, "nothing says what the call is to do"),
        ({"script": (), "options": {"twiml": "x" * 4001}}, Refused, "4,001 characters"),
        ({"script": (Say("x" * 4000),)}, Refused, "characters of TwiML"),
        ({"script": (DoNotCall(),)}, Refused, "step 1: do_not_call needs CALLSCHED_PUBLIC_URL"),
        ({"max_duration_seconds": 14_385.5}, Refused, "expected at most 14385 s"),
        ({"caller_id": ""}, AccountFault, "set CALLSCHED_CALLER_ID"),
    ],
)
def test_what_can_t_be_a_start_is_refused_before_it_is_sent(
    given: dict[str, Any], kind: type[Exception], told: str
) -> None:
    with pytest.raises(kind, match=told):
        start_form(order(**given))


@pytest.mark.parametrize("caller_id", [FROM, ""])
def test_a_file_is_told_of_each_contact_what_would_be_refused(caller_id: str) -> None:
    assert check_order(order(caller_id=caller_id)) == ""
    told = check_order(order(caller_id=caller_id, script=(Say("x" * 4000),)))
    assert "characters of TwiML" in told
    assert "key presses" in check_order(order(caller_id=caller_id, dtmf="1" * 33))
    assert "max_duration" in check_order(order(caller_id=caller_id, max_duration_seconds=20_000))


# TwiML


def twiml(*steps: Step, longest: float = 900.0, caller_id: str = "") -> str:
    return render(steps, max_duration_seconds=longest, caller_id=caller_id)


@pytest.mark.parametrize(
    ("step", "verb"),
    [
        (Say("Hi."), "<Say>Hi.</Say>"),
        (
            Say("Salut.", voice="Polly.Chantal", language="fr-CA"),
            '<Say voice="Polly.Chantal" language="fr-CA">Salut.</Say>',
        ),
        (
            Play("https://e.example/a.mp3?a=1&b=2"),
            "<Play>https://e.example/a.mp3?a=1&amp;b=2</Play>",
        ),
        (Pause(2), '<Pause length="2" />'),
        (Pause(0.4), '<Pause length="1" />'),
        (Pause(2.5), '<Pause length="3" />'),
        (Record(30), '<Record maxLength="30" />'),
        (Transfer(TO), f'<Dial timeLimit="900"><Number>{TO}</Number></Dial>'),
        (
            Transfer("sip:desk@example.com"),
            '<Dial timeLimit="900"><Sip>sip:desk@example.com</Sip></Dial>',
        ),
        (Hangup(), "<Hangup />"),
    ],
    ids=repr,
)
def test_each_step_is_a_verb(step: Step, verb: str) -> None:
    assert twiml(step) == f"<Response>{verb}</Response>"


def test_the_steps_keep_their_order() -> None:
    said = fromstring(twiml(Say("a"), Pause(1), Say("b"), Hangup()))

    assert [verb.tag for verb in said] == ["Say", "Pause", "Say", "Hangup"]


@pytest.mark.parametrize(
    ("steps", "left"),
    [
        ((Transfer(TO),), "900"),
        ((Pause(60), Transfer(TO)), "840"),
        ((Pause(0.2), Say("a"), Pause(1.5), Transfer(TO)), "897"),
        ((Pause(2000), Transfer(TO)), "1"),
    ],
)
def test_a_transfer_has_what_is_left_of_the_call(steps: Script, left: str) -> None:
    dial = fromstring(twiml(*steps)).find("Dial")

    assert dial is not None
    assert dial.get("timeLimit") == left


def test_a_transfer_shows_the_number_of_the_call() -> None:
    assert f'callerId="{FROM}"' in twiml(Transfer(TO), caller_id=FROM)


def test_what_is_said_stays_text_whatever_it_is() -> None:
    text = '</Say><Dial>+19005550143</Dial> & "Co" \x00\x0b\ud800\uffff \u00e9\U0001f600'

    said = fromstring(twiml(Say(text), Play("https://e/\x01a")))

    assert [verb.tag for verb in said] == ["Say", "Play"]
    assert said[0].text == '</Say><Dial>+19005550143</Dial> & "Co"      \u00e9\U0001f600'
    assert said[1].text == "https://e/a"


def test_too_much_is_refused_with_how_much_it_is() -> None:
    around = len(twiml(Say("")).replace("<Say />", "<Say></Say>"))

    assert len(twiml(Say("\u00e9" * (4000 - around)))) == 4000
    with pytest.raises(ScriptError, match="4,001 characters of TwiML, and Twilio takes 4,000"):
        twiml(Say("x" * (4001 - around)))


@pytest.mark.parametrize(
    ("step", "name"), [(Gather("confirm", digits=1), "gather"), (DoNotCall(), "do_not_call")]
)
def test_what_is_pressed_needs_an_address_of_ours(step: Step, name: str) -> None:
    with pytest.raises(ScriptError, match=f"^step 2: {name} needs CALLSCHED_PUBLIC_URL"):
        twiml(Say("a"), step)


def test_twilio_s_own_library_knows_all_that_we_send() -> None:
    sent = twiml(
        Say("Hello.", voice="Polly.Joanna", language="en-US"),
        Play("https://e.example/a.mp3"),
        Pause(2),
        Record(30),
        Transfer("+12025550144"),
        Transfer("sip:desk@example.com"),
        Hangup(),
        caller_id=FROM,
    )

    assert problems(sent) == []
