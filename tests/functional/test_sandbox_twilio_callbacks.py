"""What Twilio's sandbox tells by itself and asks for, as Twilio's own library checks it."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import wave
from collections.abc import Iterator, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from scheduler.sandbox.twilio.sender import signature, with_other_port
from tests.functional.callback_receiver import Callback, Receiver
from tests.sandbox_process import SandboxProcess, magic
from tests.twilio_caller import ACCOUNT, ANYBODY, CALLER, Caller, code
from tests.waiting import wait_until

EVERY = ("initiated", "ringing", "answered", "completed")
BRIEF = '<Response><Pause length="0"/></Response>'
SAID = "<Response><Say>Thank you.</Say></Response>"


@pytest.fixture
def caller(twilio: SandboxProcess) -> Iterator[Caller]:
    twilio.knobs(ring_seconds=[0, 0], say_letters_per_second=1000, key_seconds=0.01)
    caller = Caller(twilio.url)
    with caller.session:
        yield caller


@pytest.fixture
def receiver(twilio: SandboxProcess) -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver
        twilio.reset()  # nothing more is sent to whoever has left


def _told(receiver: Receiver, caller: Caller, to: str = ANYBODY, **fields: Any) -> str:
    """Start a call that ends by itself, each of whose states is told to /status."""
    told = {"StatusCallback": receiver.url + "/status", "StatusCallbackEvent": EVERY}
    return caller.started(to, **{"Twiml": BRIEF, **told, **fields})


def _statuses(callbacks: Sequence[Callback]) -> list[str]:
    return [callback.fields["CallStatus"] for callback in callbacks]


def _outcomes(twilio: SandboxProcess, topic: str = "status") -> list[str]:
    return [e["outcome"] for e in twilio.events("callback") if e["topic"] == topic]


# How far a call has come


def test_each_state_is_told_in_order_and_signed(receiver: Receiver, caller: Caller) -> None:
    url = receiver.url + "/status?a=b#rc=5&rp=all"
    sid = _told(receiver, caller, StatusCallback=url)

    callbacks = receiver.wait("/status", 4)

    assert _statuses(callbacks) == ["initiated", "ringing", "in-progress", "completed"]
    assert [each.fields["SequenceNumber"] for each in callbacks] == ["0", "1", "2", "3"]
    assert [each.is_signed() for each in callbacks] == [True] * 4
    assert not callbacks[0].is_signed("another token")
    assert {each.url for each in callbacks} == {receiver.url + "/status?a=b"}
    assert len({each.token for each in callbacks}) == 4
    last = callbacks[-1].fields
    about = {"CallSid": sid, "AccountSid": ACCOUNT, "To": ANYBODY, "From": CALLER}
    about |= {"Called": ANYBODY, "Caller": CALLER, "Direction": "outbound-api"}
    about |= {"ApiVersion": "2010-04-01", "CallbackSource": "call-progress-events"}
    assert all(about.items() <= each.fields.items() for each in callbacks)
    assert (last["CallDuration"], last["Duration"], last["SipResponseCode"]) == ("0", "0", "200")
    assert parsedate_to_datetime(last["Timestamp"]).tzinfo is not None
    assert "CallDuration" not in callbacks[2].fields


def test_only_the_end_is_told_unless_more_is_wished(receiver: Receiver, caller: Caller) -> None:
    _told(receiver, caller, StatusCallbackEvent=None)
    receiver.wait("/status", 1)
    _told(receiver, caller, StatusCallbackEvent=["ringing", "completed"])

    told = [
        (e.fields["SequenceNumber"], e.fields["CallStatus"]) for e in receiver.wait("/status", 3)
    ]

    assert told == [("0", "completed"), ("0", "ringing"), ("1", "completed")]


@pytest.mark.parametrize(
    ("ending", "status", "code"),
    [("70", "busy", "486"), ("78", "no-answer", "487"), ("73", "failed", "404")],
)
def test_an_end_without_an_answer_has_its_code(
    receiver: Receiver, caller: Caller, ending: str, status: str, code: str
) -> None:
    _told(receiver, caller, magic(ending), StatusCallbackEvent="completed")

    [callback] = receiver.wait("/status", 1)

    fields = callback.fields
    assert (fields["CallStatus"], fields["SipResponseCode"]) == (status, code)
    assert fields["CallDuration"] == "0"


def test_nobody_is_told_of_a_call_that_is_cancelled_in_the_queue(
    receiver: Receiver, caller: Caller
) -> None:
    queued = _told(receiver, caller, magic("80"))
    caller.stop(queued)
    failed = _told(receiver, caller, magic("27"))  # in the queue as well

    [callback] = receiver.wait("/status", 1)

    assert caller.status(queued) == "canceled"
    assert (callback.fields["CallSid"], callback.fields["CallStatus"]) == (failed, "failed")


def test_callbacks_may_be_asked_for_as_gets(receiver: Receiver, caller: Caller) -> None:
    url = receiver.url + "/status?a=b#rc=0"
    _told(receiver, caller, StatusCallback=url, StatusCallbackMethod="GET")

    callbacks = receiver.wait("/status", 4)

    assert {(each.method, each.body) for each in callbacks} == {("GET", "")}
    assert callbacks[-1].fields["CallStatus"] == "completed"
    assert callbacks[-1].fields["a"] == "b"
    assert [each.is_signed() for each in callbacks] == [True] * 4


# Signatures


def test_a_forged_callback_is_known_by_its_signature(
    twilio: SandboxProcess, receiver: Receiver, caller: Caller
) -> None:
    twilio.knobs(callbacks_forged=True)
    _told(receiver, caller)

    assert [each.is_signed() for each in receiver.wait("/status", 4)] == [False] * 4


def test_the_knob_has_the_token_where_requests_have_a_key(
    twilio: SandboxProcess, receiver: Receiver
) -> None:
    twilio.knobs(auth_token="another", api_key="SK" + "0" * 32, api_secret="secret")
    caller = Caller(twilio.url)
    caller.session.auth = ("SK" + "0" * 32, "secret")
    with caller.session:
        _told(receiver, caller)

    assert all(each.is_signed("another") for each in receiver.wait("/status", 4))


@pytest.mark.parametrize(
    ("url", "signed"),
    [
        ("http://127.0.0.1/x?a=b", "http://127.0.0.1:80/x?a=b"),
        ("https://localhost/x", "https://localhost:443/x"),
        ("http://127.0.0.1:8080/x", "http://127.0.0.1/x"),
        ("http://LOCALHOST/x", "http://LOCALHOST:80/x"),
        ("http://user:word@127.0.0.1/x", "http://user:word@127.0.0.1:80/x"),
        ("http://[::1]/x", "http://[::1]:80/x"),
    ],
)
def test_a_signature_with_the_other_port_is_right(url: str, signed: str) -> None:
    fields = [("CallSid", "CA1"), ("AnsweredBy", "é & ü")]
    made = signature("token", with_other_port(url), fields)
    asked = "".join(f"{name}={value}&" for name, value in fields)

    assert with_other_port(url) == signed
    headers = {"x-twilio-signature": made}
    assert Callback("POST", url, headers, asked.replace(" & ", " %26 ")).is_signed()


def test_another_port_is_signed_where_the_knob_says_so(
    twilio: SandboxProcess, receiver: Receiver, caller: Caller
) -> None:
    twilio.knobs(callbacks_signed_port=True)
    _told(receiver, caller)

    for each in receiver.wait("/status", 4):
        as_asked = signature("token", each.url, list(each.fields.items()))
        assert each.headers["x-twilio-signature"] != as_asked
        assert each.is_signed()


# Sent again, and not


def test_what_fails_is_sent_again_as_the_address_says(
    twilio: SandboxProcess, receiver: Receiver, caller: Caller
) -> None:
    url = receiver.answer("/status", 500, 503, 404, 204)
    _told(receiver, caller, StatusCallback=url + "#rc=5&rp=all", StatusCallbackEvent="completed")

    callbacks = receiver.wait("/status", 4)

    assert len({each.token for each in callbacks}) == 1
    assert len({each.body for each in callbacks}) == 1
    wait_until(lambda: len(_outcomes(twilio)) == 4)
    told = [(event["outcome"], event["times"]) for event in twilio.events("callback")]
    assert told == [("500", 1), ("503", 2), ("404", 3), ("204", 4)]


@pytest.mark.parametrize(
    ("fragment", "times"),
    [
        ("", 1),
        ("#rc=3", 1),
        ("#rp=all", 2),
        ("#rc=2&rp=5xx", 3),
        ("#rc=2&rp=4xx,ct", 1),
        ("#rc=0&rp=all", 1),
        ("#rc=9&rp=all", 6),
        ("#rc=many&rp=all", 2),
    ],
)
def test_an_error_is_sent_again_only_where_the_address_wants_it(
    twilio: SandboxProcess, receiver: Receiver, caller: Caller, fragment: str, times: int
) -> None:
    url = receiver.answer("/status", 500)
    both = ["answered", "completed"]
    _told(receiver, caller, StatusCallback=url + fragment, StatusCallbackEvent=both)

    # Each waits for the one before: once the second has come, the first is done with.
    wait_until(lambda: len(_outcomes(twilio)) == 2 * times)

    assert _statuses(receiver.of("/status")) == ["in-progress"] * times + ["completed"] * times


def test_a_connection_that_is_refused_is_tried_once_more(
    twilio: SandboxProcess, caller: Caller
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/status"
        caller.started(Twiml=BRIEF, StatusCallback=url)
        wait_until(lambda: len(_outcomes(twilio)) == 2)

    assert _outcomes(twilio) == ["ct", "ct"]


@pytest.mark.parametrize(
    "address",
    [
        "http://example.invalid/x",
        "https://192.0.2.1/x#rc=5&rp=all",
        "http://127.0.0.1@example.invalid/x",
        "http://example.invalid\\@127.0.0.1/x",
        "http://localhost.example.invalid/x",
        "http://[::ffff:192.0.2.1]/x",
    ],
)
def test_nobody_but_this_machine_is_asked(
    twilio: SandboxProcess, caller: Caller, address: str
) -> None:
    twiml = f'<Response><Gather action="{address.replace("&", "&amp;")}" numDigits="1"/></Response>'
    sid = caller.started(Twiml=twiml, StatusCallback=address)

    caller.wait(sid, "completed")
    wait_until(lambda: len(twilio.events("callback")) == 2)

    assert {(event["outcome"], event["times"]) for event in twilio.events("callback")} == {
        ("refused: only this machine is asked", 0)
    }
    assert caller.codes(sid) == [11200]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.2", "[::1]"])
def test_this_machine_has_other_names(twilio: SandboxProcess, caller: Caller, host: str) -> None:
    caller.started(Twiml=BRIEF, StatusCallback=f"http://{host}:1/x#rc=0")

    wait_until(lambda: _outcomes(twilio) == ["ct"])


# Lost, doubled, late


def test_callbacks_may_be_lost(twilio: SandboxProcess, receiver: Receiver, caller: Caller) -> None:
    twilio.knobs(callbacks_lost=1)
    caller.wait(_told(receiver, caller), "completed")
    twilio.knobs(callbacks_lost=0)
    sid = _told(receiver, caller)

    callbacks = receiver.wait("/status", 4)

    assert {each.fields["CallSid"] for each in callbacks} == {sid}
    assert _outcomes(twilio)[:4] == ["lost"] * 4


def test_callbacks_may_come_twice(
    twilio: SandboxProcess, receiver: Receiver, caller: Caller
) -> None:
    twilio.knobs(callbacks_doubled=1)
    _told(receiver, caller)

    callbacks = receiver.wait("/status", 8)

    numbers = [each.fields["SequenceNumber"] for each in callbacks]
    assert numbers == ["0", "0", "1", "1", "2", "2", "3", "3"]
    assert callbacks[0].token == callbacks[1].token != callbacks[2].token


def test_others_may_overtake_callbacks(
    twilio: SandboxProcess, receiver: Receiver, caller: Caller
) -> None:
    twilio.knobs(callbacks_shuffled=1)
    for _ in range(4):
        _told(receiver, caller)

    callbacks = receiver.wait("/status", 16)

    by_call: dict[str, list[str]] = {}
    for each in callbacks:
        by_call.setdefault(each.fields["CallSid"], []).append(each.fields["SequenceNumber"])
    assert all(sorted(numbers) == ["0", "1", "2", "3"] for numbers in by_call.values())
    assert any(numbers != sorted(numbers) for numbers in by_call.values())


def test_callbacks_may_be_late_and_keep_their_order(
    twilio: SandboxProcess, receiver: Receiver, caller: Caller
) -> None:
    twilio.knobs(callbacks_delay_seconds=0.4)
    _told(receiver, caller)

    numbers = [each.fields["SequenceNumber"] for each in receiver.wait("/status", 4)]
    wait_until(lambda: len(_outcomes(twilio)) == 4)

    assert numbers == ["0", "1", "2", "3"]
    ended, told = twilio.events("ended")[0]["at"], twilio.events("callback")[-1]["at"]
    assert told - ended > 0.1


# Keys


def _gather(receiver: Receiver, after: str = "<Say>Nothing.</Say>", **attributes: object) -> str:
    all_of_it: dict[str, object] = {"action": receiver.url + "/keys", "timeout": 1, **attributes}
    written = "".join(f' {name}="{value}"' for name, value in all_of_it.items())
    return f"<Response><Gather{written}><Say>Press.</Say></Gather>{after}</Response>"


def _spoken(twilio: SandboxProcess) -> list[str]:
    return [event["text"] for event in twilio.events("verb") if event["verb"] == "Say"]


def test_what_is_pressed_is_told_and_the_answer_is_spoken(
    twilio: SandboxProcess, receiver: Receiver, caller: Caller
) -> None:
    receiver.answer("/keys", SAID)
    sid = caller.started(magic("31"), Twiml=_gather(receiver, numDigits=1))

    caller.wait(sid, "completed")

    [callback] = receiver.of("/keys")
    fields = callback.fields
    assert callback.is_signed()
    assert (fields["Digits"], fields["CallStatus"], fields["CallSid"]) == ("2", "in-progress", sid)
    assert (fields["msg"], fields["FinishedOnKey"]) == ("Gather End", "")
    assert _spoken(twilio) == ["Thank you."]
    assert [event["keys"] for event in twilio.events("pressed")] == ["2"]
    assert twilio.call(sid)["ended_by"] == "twiml"
    assert caller.codes(sid) == []


@pytest.mark.parametrize(
    ("pressed", "attributes", "keys", "finished"),
    [
        ("12345", {"numDigits": 2}, "12", ""),
        ("12#34", {}, "12", "#"),
        ("1#2*3", {"finishOnKey": "*"}, "1#2", "*"),
        ("1#2", {"finishOnKey": ""}, "1#2", ""),
        ("12#", {"numDigits": 2}, "12", ""),
    ],
)
def test_keys_end_as_the_document_says(
    twilio: SandboxProcess,
    receiver: Receiver,
    caller: Caller,
    pressed: str,
    attributes: dict[str, Any],
    keys: str,
    finished: str,
) -> None:
    twilio.knobs(keys=pressed)
    receiver.answer("/keys", SAID)
    caller.started(Twiml=_gather(receiver, **attributes))

    [callback] = receiver.wait("/keys", 1)

    assert (callback.fields["Digits"], callback.fields["FinishedOnKey"]) == (keys, finished)


@pytest.mark.parametrize("to", [magic("33"), magic("40"), magic("42")])
def test_who_presses_nothing_is_told_of_only_where_that_is_asked_for(
    twilio: SandboxProcess, receiver: Receiver, caller: Caller, to: str
) -> None:
    twilio.knobs(speed=20)
    receiver.answer("/keys", SAID)
    caller.wait(caller.started(to, Twiml=_gather(receiver)), "completed")
    assert receiver.asked == []
    assert _spoken(twilio) == ["Nothing."]

    caller.wait(
        caller.started(to, Twiml=_gather(receiver, actionOnEmptyResult="true")), "completed"
    )

    assert [each.fields["Digits"] for each in receiver.of("/keys")] == [""]
    assert _spoken(twilio) == ["Nothing.", "Thank you."]


def test_a_callee_may_press_something_else_when_asked_again(
    receiver: Receiver, caller: Caller
) -> None:
    again = _gather(receiver, action=receiver.url + "/again")
    receiver.answer("/keys", again)
    receiver.answer("/again", SAID)
    caller.wait(caller.started(magic("34"), Twiml=_gather(receiver)), "completed")

    assert [each.fields["Digits"] for each in receiver.asked] == ["7", "1"]


@pytest.mark.parametrize("answer", [500, 404, 403, 204])
def test_an_answer_that_is_no_document_ends_the_call(
    twilio: SandboxProcess, receiver: Receiver, caller: Caller, answer: int
) -> None:
    receiver.answer("/keys", answer)
    sid = caller.started(Twiml=_gather(receiver))

    caller.wait(sid, "completed")

    assert caller.codes(sid) == [11200]
    assert _spoken(twilio) == []
    assert twilio.call(sid)["ended_by"] == "twiml"


def test_keys_may_be_told_with_a_get(receiver: Receiver, caller: Caller) -> None:
    receiver.answer("/keys", SAID)
    caller.started(Twiml=_gather(receiver, method="GET"))

    [callback] = receiver.wait("/keys", 1)

    assert (callback.method, callback.fields["Digits"], callback.is_signed()) == ("GET", "1", True)


def test_an_answer_that_comes_late_does_not_replace_a_newer_document(
    twilio: SandboxProcess, receiver: Receiver, caller: Caller
) -> None:
    receiver.answer("/keys", SAID)
    receiver.hold()
    sid = caller.started(Twiml=_gather(receiver))
    receiver.wait("/keys", 1)
    endless = "<Response><Say>Newer.</Say><Pause length='3600'/></Response>"
    assert caller.post(sid, Twiml=endless).status_code == 200
    receiver.release()
    wait_until(lambda: _outcomes(twilio, "steps") == ["200"])
    wait_until(lambda: twilio.events("verb")[-1]["verb"] == "Pause")

    assert caller.status(sid) == "in-progress"
    assert _spoken(twilio) == ["Newer."]


# Who has answered


def _detected(receiver: Receiver, caller: Caller, ending: str, **fields: object) -> str:
    amd = {"MachineDetection": "Enable", "AsyncAmd": "true"}
    amd["AsyncAmdStatusCallback"] = receiver.url + "/machine"
    return caller.started(magic(ending), **{**amd, **fields})


@pytest.mark.parametrize(
    ("ending", "waits_for", "who"),
    [
        ("40", "Enable", "machine_start"),
        ("40", "DetectMessageEnd", "machine_end_beep"),
        ("41", "Enable", "human"),
        ("41", "DetectMessageEnd", "human"),
        ("42", "Enable", "fax"),
        ("43", "Enable", "unknown"),
    ],
)
def test_it_is_told_who_has_answered(
    twilio: SandboxProcess,
    receiver: Receiver,
    caller: Caller,
    ending: str,
    waits_for: str,
    who: str,
) -> None:
    twilio.knobs(verdict_after_seconds=0.1, greeting_seconds=0.3)
    sid = _detected(receiver, caller, ending, MachineDetection=waits_for)

    [callback] = receiver.wait("/machine", 1)

    fields = callback.fields
    assert (fields["AnsweredBy"], fields["CallSid"], fields["AccountSid"]) == (who, sid, ACCOUNT)
    assert int(fields["MachineDetectionDuration"]) >= (400 if who == "machine_end_beep" else 100)
    assert callback.is_signed()
    assert caller.read(sid)["answered_by"] is None
    caller.stop(sid)
    assert caller.read(sid)["answered_by"] == who


def test_nobody_is_told_who_answered_where_keys_are_sent_or_the_call_is_over(
    twilio: SandboxProcess, receiver: Receiver, caller: Caller
) -> None:
    twilio.knobs(verdict_after_seconds=0.1)
    quiet = [
        _detected(receiver, caller, "40", SendDigits="1"),
        _detected(receiver, caller, "40", AsyncAmd="false"),
        _detected(receiver, caller, "40", Twiml=BRIEF),
    ]
    for sid in quiet:
        caller.wait(sid, "in-progress", "completed")
    sid = _detected(receiver, caller, "40")

    assert [each.fields["CallSid"] for each in receiver.wait("/machine", 1)] == [sid]


def test_a_verdict_may_be_told_with_a_get(receiver: Receiver, caller: Caller) -> None:
    _detected(receiver, caller, "41", AsyncAmdStatusCallbackMethod="GET")

    [callback] = receiver.wait("/machine", 1)

    assert (callback.method, callback.fields["AnsweredBy"]) == ("GET", "human")


# Words


def _transcribed(receiver: Receiver, **attributes: object) -> str:
    all_of_it: dict[str, object] = {"statusCallbackUrl": receiver.url + "/words", **attributes}
    written = "".join(f' {name}="{value}"' for name, value in all_of_it.items())
    return (
        f"<Response><Start><Transcription{written}/></Start>"
        "<Say>Good morning.</Say><Pause length='0'/></Response>"
    )


def _heard(callbacks: Sequence[Callback]) -> list[tuple[str, str, str]]:
    """Who said what, and whether it is final."""
    content = [each.fields for each in callbacks if "TranscriptionData" in each.fields]
    return [
        (f["Track"], json.loads(f["TranscriptionData"])["transcript"], f["Final"]) for f in content
    ]


def test_words_are_told_as_they_are_said(
    twilio: SandboxProcess, receiver: Receiver, caller: Caller
) -> None:
    twilio.knobs(callee_says="Hello?|Who is it?")
    document = _transcribed(receiver, name="n:1:1", track="both_tracks", languageCode="de-DE")
    sid = caller.started(Twiml=document)

    callbacks = receiver.wait("/words", 5)

    events = [each.fields["TranscriptionEvent"].partition("-")[2] for each in callbacks]
    assert events == ["started", "content", "content", "content", "stopped"]
    assert [each.fields["SequenceId"] for each in callbacks] == ["1", "2", "3", "4", "5"]
    assert _heard(callbacks) == [
        ("inbound_track", "Hello?", "true"),
        ("inbound_track", "Who is it?", "true"),
        ("outbound_track", "Good morning.", "true"),
    ]
    first, second = callbacks[0].fields, callbacks[1].fields
    assert (first["Name"], first["Track"], first["PartialResults"]) == (
        "n:1:1",
        "both_tracks",
        "false",
    )
    assert (second["LanguageCode"], second["CallSid"]) == ("de-DE", sid)
    assert 0 < json.loads(second["TranscriptionData"])["confidence"] <= 1
    assert len({each.fields["TranscriptionSid"] for each in callbacks}) == 1
    assert all(each.is_signed() for each in callbacks)
    assert first["Timestamp"].endswith("Z")


@pytest.mark.parametrize(
    ("track", "said"),
    [("inbound_track", "Hello?"), ("outbound_track", "Good morning.")],
)
def test_only_the_words_of_one_track_may_be_told(
    twilio: SandboxProcess, receiver: Receiver, caller: Caller, track: str, said: str
) -> None:
    twilio.knobs(callee_says="Hello?")
    caller.started(Twiml=_transcribed(receiver, track=track))

    assert _heard(receiver.wait("/words", 3)) == [(track, said, "true")]


def test_words_may_be_told_before_they_are_final_and_with_gets(
    twilio: SandboxProcess, receiver: Receiver, caller: Caller
) -> None:
    document = _transcribed(receiver, partialResults="true", statusCallbackMethod="GET")
    caller.started(Twiml=document)

    callbacks = receiver.wait("/words", 4)

    assert _heard(callbacks) == [
        ("outbound_track", "Good", "false"),
        ("outbound_track", "Good morning.", "true"),
    ]
    assert callbacks[1].fields["Stability"]
    assert "Stability" not in callbacks[2].fields
    assert {each.method for each in callbacks} == {"GET"}


# Recordings


def test_a_recording_is_told_of(twilio: SandboxProcess, receiver: Receiver, caller: Caller) -> None:
    fields = {
        "Record": "true",
        "RecordingChannels": "dual",
        "RecordingStatusCallback": receiver.url + "/recording#rc=0",
        "RecordingStatusCallbackEvent": "in-progress completed",
    }
    sid = _told(receiver, caller, **fields)

    began, done = (each.fields for each in receiver.wait("/recording", 2))

    assert (began["RecordingStatus"], done["RecordingStatus"]) == ("in-progress", "completed")
    assert began["RecordingSid"] == done["RecordingSid"]
    about = {"CallSid": sid, "AccountSid": ACCOUNT, "RecordingSource": "OutboundAPI"}
    about |= {"RecordingChannels": "2", "RecordingTrack": "both", "RecordingDuration": "1"}
    assert about.items() <= done.items()
    place = f"{twilio.url}/2010-04-01/Accounts/{ACCOUNT}/Recordings/{done['RecordingSid']}"
    assert done["RecordingUrl"] == place
    assert caller.session.get(done["RecordingUrl"], timeout=20).content[:4] == b"RIFF"
    last = receiver.wait("/status", 4)[-1].fields
    assert (last["RecordingSid"], last["RecordingUrl"]) == (done["RecordingSid"], place)


def test_only_the_end_of_a_recording_is_told_unless_more_is_wished(
    receiver: Receiver, caller: Caller
) -> None:
    url, method = receiver.url + "/recording", "GET"
    for more in ({}, {"Record": "true", "RecordingStatusCallbackMethod": method}):
        sid = caller.started(Twiml=BRIEF, RecordingStatusCallback=url, **more)
        caller.wait(sid, "completed")

    [callback] = receiver.wait("/recording", 1)

    assert callback.method == "GET"
    assert callback.fields["RecordingStatus"] == "completed"
    assert callback.is_signed()


def _recorded(twilio: SandboxProcess, caller: Caller) -> str:
    """The path of a recording that is complete, without its suffix."""
    sid = caller.started(Twiml=BRIEF, Record="true")
    caller.wait(sid, "completed")
    listed = f"{caller.calls}/{sid}/Recordings.json"
    wait_until(lambda: _only(caller, listed)["status"] == "completed")
    return f"/2010-04-01/Accounts/{ACCOUNT}/Recordings/{_only(caller, listed)['sid']}"


def _only(caller: Caller, path: str) -> dict[str, Any]:
    [one] = caller.request("GET", path).json()["recordings"]
    return dict(one)


def test_the_sound_of_a_recording_can_be_had_from_any_byte_on(
    twilio: SandboxProcess, caller: Caller
) -> None:
    twilio.knobs(recording_after_seconds=0, wire=True)
    path = _recorded(twilio, caller)

    whole = caller.request("GET", path + ".wav")
    rest = caller.request("GET", path, headers={"Range": "bytes=1000-"})
    beyond = caller.request("GET", path, headers={"Range": f"bytes={len(whole.content)}-"})
    far = caller.request("GET", path, headers={"Range": "bytes=99999999-"})
    part = caller.request("GET", path, headers={"Range": "bytes=40-99"})
    last = caller.request("GET", path, headers={"Range": "bytes=1000-999999"})
    odd = caller.request("GET", path, headers={"Range": "bytes=9-3"})

    with wave.open(io.BytesIO(whole.content)) as sound:
        assert (sound.getnchannels(), sound.getnframes() / sound.getframerate()) == (1, 1)
    size = len(whole.content)
    assert (whole.status_code, whole.headers["Content-Type"]) == (200, "audio/x-wav")
    assert (rest.status_code, rest.content) == (206, whole.content[1000:])
    assert rest.headers["Content-Range"] == f"bytes 1000-{size - 1}/{size}"
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{size}")
    assert (far.status_code, far.headers["Content-Range"]) == (416, f"bytes */{size}")
    assert (part.status_code, part.content) == (206, whole.content[40:100])
    assert part.headers["Content-Range"] == f"bytes 40-99/{size}"
    assert (last.status_code, last.content) == (206, rest.content)
    assert (odd.status_code, odd.content) == (200, whole.content)


def test_a_recording_has_no_sound_before_it_is_complete(
    twilio: SandboxProcess, caller: Caller
) -> None:
    twilio.knobs(recording_after_seconds=600)
    sid = caller.started(Twiml=BRIEF, Record="true")
    caller.wait(sid, "completed")

    one = _only(caller, f"{caller.calls}/{sid}/Recordings.json")

    assert (one["status"], one["duration"]) == ("processing", None)
    sound = f"/2010-04-01/Accounts/{ACCOUNT}/Recordings/{one['sid']}.wav"
    assert code(caller.request("GET", sound)) == (404, 20404)


def test_recordings_of_others_and_unanswered_calls_are_not_there(
    twilio: SandboxProcess, caller: Caller
) -> None:
    twilio.knobs(recording_after_seconds=0)
    path = _recorded(twilio, caller)
    busy = caller.started(magic("70"), Record="true")
    caller.wait(busy, "busy")
    other = Caller(twilio.url, "AC" + "f" * 32)
    with other.session:
        theirs = path.replace(ACCOUNT, other.account)
        answers = [
            other.request(method, theirs + suffix)
            for method, suffix in (("GET", ".json"), ("GET", ".wav"), ("DELETE", ".json"))
        ]

    assert [code(answer) for answer in answers] == [(404, 20404)] * 3
    assert caller.request("GET", path + ".json").status_code == 200
    assert (
        caller.request("GET", f"{caller.calls}/{busy}/Recordings.json").json()["recordings"] == []
    )
    wrong = caller.request("GET", f"{caller.calls}/{busy}/Recordings.json?PageSize=0")
    assert code(wrong) == (400, 20001)


# The process


def test_a_receiver_that_does_not_answer_keeps_no_sandbox_from_ending(
    receiver: Receiver,
) -> None:
    receiver.hold()
    with SandboxProcess(provider="twilio", calls_per_second=0, ring=[0, 0]) as sandbox:
        caller = Caller(sandbox.url)
        with caller.session:
            _told(receiver, caller)
            receiver.wait("/status", 1)
        os.kill(sandbox.pid, signal.SIGINT)
        # Within the ten seconds that this waits for, which is less than a callback may take.
        assert sandbox.wait() == 130


def test_a_reset_has_nothing_more_sent(
    twilio: SandboxProcess, receiver: Receiver, caller: Caller
) -> None:
    twilio.knobs(callbacks_delay_seconds=0.3)
    receiver.hold()
    before = caller.started(StatusCallback=receiver.url + "/status", StatusCallbackEvent=EVERY)
    receiver.wait("/status", 1)
    twilio.reset()
    receiver.release()
    twilio.knobs(callbacks_delay_seconds=0.3)
    after = _told(receiver, caller)

    callbacks = receiver.wait("/status", 5)

    assert [each.fields["CallSid"] for each in callbacks] == [before] + [after] * 4
    assert {event["connection_id"] for event in twilio.events("callback")} == {after}
