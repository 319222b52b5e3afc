"""What a start at Twilio says, field by field, and the TwiML of a script."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

from scheduler.errors import AccountFault, Refused, ScriptError
from scheduler.models import Attempt, OnMachine
from scheduler.providers import CallbackPlace, StartOrder
from scheduler.providers.twilio.start import check_order, start_form, time_limit
from scheduler.providers.twilio.twiml import MOST_REPLY_BYTES, render, render_reply
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


# With an address of ours

PLACE = CallbackPlace("https://calls.example.com", "main", Attempt("c", 1, 1))
HERE = "https://calls.example.com/callbacks/main/c:1:1"
AGAIN = "#rc=5&rp=all"
CONFIRM = Gather(
    "confirm", say=(Say("Press one.", language="fr-CA"),), digits=1, timeout_seconds=4.5
)


@pytest.mark.parametrize("kind", [Gather("confirm", digits=1), DoNotCall()])
def test_what_is_pressed_needs_an_address_of_ours(kind: Step) -> None:
    name = "gather" if isinstance(kind, Gather) else "do_not_call"
    with pytest.raises(ScriptError, match=f"^step 2: {name} needs CALLSCHED_PUBLIC_URL"):
        twiml(Say("a"), kind)


def test_a_start_says_where_each_piece_of_news_goes() -> None:
    assert start_form(order(callbacks=PLACE))[5:] == [
        ("StatusCallback", f"{HERE}/status{AGAIN}"),
        ("StatusCallbackMethod", "POST"),
        ("StatusCallbackEvent", "initiated"),
        ("StatusCallbackEvent", "ringing"),
        ("StatusCallbackEvent", "answered"),
        ("StatusCallbackEvent", "completed"),
    ]


LEAVE_WORD: Script = (Say("Call us back."),)


@pytest.mark.parametrize(
    ("given", "detection"),
    [
        ({"on_machine": OnMachine.STOP}, "Enable"),
        ({"on_machine": OnMachine.NOT_REACHED}, "Enable"),
        ({"machine_script": LEAVE_WORD}, "DetectMessageEnd"),
        ({"options": {"machine_detection": "Enable"}}, "Enable"),
        ({"on_machine": OnMachine.GO_ON}, None),
        ({"machine_script": LEAVE_WORD, "dtmf": "1"}, None),
        ({"on_machine": OnMachine.STOP, "dtmf": "1"}, None),
    ],
)
def test_a_verdict_comes_while_the_call_lives(given: dict[str, Any], detection: str | None) -> None:
    said = dict(start_form(order(callbacks=PLACE, **given)))

    assert said.get("MachineDetection") == detection
    assert said.get("AsyncAmd") == (detection and "true")
    assert said.get("AsyncAmdStatusCallback") == (detection and f"{HERE}/machine{AGAIN}")
    assert said.get("AsyncAmdStatusCallbackMethod") == (detection and "POST")


def test_without_an_address_the_verdict_is_read_after_the_end() -> None:
    said = form(options={"machine_detection": "Enable"}, on_machine=OnMachine.STOP)

    assert (said["MachineDetection"], said["AsyncAmd"]) == ("Enable", "true")
    assert not [name for name in said if "Callback" in name]


def test_what_is_said_is_written_down_from_the_start() -> None:
    said = dict(start_form(order(callbacks=PLACE, transcribe=True, script=(CONFIRM,))))
    start, gather = fromstring(said["Twiml"])

    assert (start.tag, gather.tag) == ("Start", "Gather")
    assert start[0].tag == "Transcription"
    assert start[0].attrib == {
        "statusCallbackUrl": f"{HERE}/words{AGAIN}",
        "track": "both_tracks",
        "languageCode": "fr-CA",
        "inboundTrackLabel": "callee",
        "outboundTrackLabel": "caller",
    }
    assert problems(said["Twiml"]) == []


def test_a_document_of_one_s_own_is_written_down_as_well() -> None:
    own = {"twiml": "<Response><Say>Hi &amp; bye</Say></Response>"}
    said = dict(start_form(order(callbacks=PLACE, transcribe=True, script=(), options=own)))

    assert [each.tag for each in fromstring(said["Twiml"])] == ["Start", "Say"]
    assert "languageCode" not in said["Twiml"]
    assert problems(said["Twiml"]) == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"transcribe": True}, "transcribe needs CALLSCHED_PUBLIC_URL"),
        ({"machine_script": LEAVE_WORD}, "on_machine: steps need CALLSCHED_PUBLIC_URL"),
        (
            {
                "transcribe": True,
                "callbacks": PLACE,
                "script": (),
                "options": {"url": "https://e.example/1"},
            },
            "what call.url serves has to ask for it itself",
        ),
    ],
)
def test_what_can_t_be_told_is_refused(given: dict[str, Any], told: str) -> None:
    with pytest.raises(Refused, match=told):
        start_form(order(**given))
    assert told in check_order(order(**given))


def asked(*steps: Step) -> str:
    return render(steps, max_duration_seconds=900, place=PLACE)


@pytest.mark.parametrize(
    ("step", "attributes"),
    [
        (Gather("a", digits=1), 'timeout="5" numDigits="1" finishOnKey=""'),
        (Gather("a", digits=4, timeout_seconds=0.2), 'timeout="1" numDigits="4" finishOnKey=""'),
        (Gather("a", finish="*"), 'timeout="5" finishOnKey="*"'),
        (Gather("a"), 'timeout="5" finishOnKey="#"'),
    ],
)
def test_keys_are_asked_for_until_they_are_told(step: Gather, attributes: str) -> None:
    action = f"{HERE}/steps/a/1{AGAIN}".replace("&", "&amp;")

    assert asked(step) == (
        f'<Response><Gather input="dtmf" action="{action}" method="POST" {attributes}'
        ' actionOnEmptyResult="true" /></Response>'
    )


def test_what_is_asked_again_says_so() -> None:
    assert f"{HERE}/steps/confirm/3#" in asked(replace(CONFIRM, asked=3))


def test_nothing_stands_behind_a_question_for_it_comes_with_the_answer() -> None:
    said = fromstring(asked(Say("Hello."), CONFIRM, Say("Bye."), Hangup()))

    assert [verb.tag for verb in said] == ["Say", "Gather"]
    assert [(each.tag, each.text) for each in said[1]] == [("Say", "Press one.")]


def test_a_reply_goes_on_or_ends_the_call() -> None:
    def reply(*steps: Step, left: float = 100) -> str:
        body = render_reply(steps, max_duration_seconds=left, caller_id=FROM, place=PLACE).decode()
        assert problems(body, MOST_REPLY_BYTES) == []
        return body.removeprefix('<?xml version="1.0" encoding="UTF-8"?>')

    assert reply() == "<Response><Hangup /></Response>"
    assert reply(DoNotCall()) == "<Response><Hangup /></Response>"
    assert f'timeLimit="70" callerId="{FROM}"' in reply(Pause(30), Transfer(TO))
    assert "\u00e9" * 5000 in reply(Say("\u00e9" * 5000))


def test_a_recording_upon_a_key_ends_the_call_and_asks_for_nothing_again() -> None:
    def reply(*steps: Step) -> str:
        return render_reply(steps, max_duration_seconds=9, caller_id="", place=PLACE).decode()

    ends = reply(Say("Speak."), Record(30))
    action = f"{HERE}/recording{AGAIN}".replace("&", "&amp;")
    assert f'<Record maxLength="30" action="{action}" method="POST" />' in ends
    assert problems(ends) == []
    assert reply(Say("Speak."), Record(30), Hangup()) == ends
    with pytest.raises(ScriptError, match="step 2: a call ends with what is recorded"):
        reply(Say("Speak."), Record(30), Say("Bye."))


def test_a_reply_has_an_end() -> None:
    with pytest.raises(ScriptError, match="bytes of TwiML, and Twilio takes 65,536"):
        render_reply((Say("\u00e9" * 33_000),), max_duration_seconds=9, caller_id="", place=PLACE)


def test_a_file_is_told_of_what_only_an_answer_would_say() -> None:
    long: Script = (Say("x" * 70_000),)
    deep = Gather("b", digits=1, branches={"2": long})

    def told(*script: Step, **given: Any) -> str:
        return check_order(order(callbacks=PLACE, script=script, **given))

    assert told(CONFIRM, Say("Bye."), Transfer(TO)) == ""
    for script in (
        (CONFIRM, *long),
        (replace(CONFIRM, branches={"1": long}),),
        (replace(CONFIRM, otherwise=long),),
        (replace(CONFIRM, branches={"1": (deep,)}),),
    ):
        assert "bytes of TwiML" in told(*script)
    recorded = replace(CONFIRM, branches={"1": (Record(30),)})
    assert told(recorded) == ""
    assert "write hangup behind record" in told(recorded, Say("Bye."))
    nested = replace(CONFIRM, name="b", branches={"1": (recorded,)})
    assert "write hangup behind record" in told(nested, Say("Bye."))
    assert told(replace(recorded, branches={"1": (Record(30), Hangup())}), Say("Bye.")) == ""
    assert "characters of TwiML" in told(*HELLO, machine_script=(Say("x" * 4000),))


def test_room_is_left_for_the_longest_name_of_a_campaign() -> None:
    def wrong(text: str, attempt: Attempt) -> str:
        script = (replace(CONFIRM, say=(Say(text),)),)
        given = order(callbacks=replace(PLACE, attempt=attempt), script=script, transcribe=True)
        return check_order(given) or start_form(given)[2][1]

    longest = Attempt("x" * 100, 10**7, 10**4)
    room = 4000 - len(wrong("", longest)) - len("<Say></Say>") + len("<Say />")
    text = "x" * room

    assert len(wrong(text, longest)) == 4000
    assert len(wrong(text, PLACE.attempt)) < 4000
    for attempt in (longest, PLACE.attempt):
        assert "4,001 characters" in wrong(text + "x", attempt)


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
    assert problems(asked(Say("Hello."), CONFIRM)) == []
