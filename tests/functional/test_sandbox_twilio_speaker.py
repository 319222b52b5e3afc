"""What Twilio's sandbox speaks: the verbs of a TwiML document, one after the other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox_process import SandboxProcess, magic
from tests.twilio_caller import ANYBODY, ENDLESS, Caller, code
from tests.waiting import wait_until

OTHER = "+12025550144"


@pytest.fixture
def caller(twilio: SandboxProcess) -> Iterator[Caller]:
    caller = Caller(twilio.url)
    with caller.session:
        yield caller


def _spoken(twilio: SandboxProcess) -> list[str]:
    return [event["verb"] for event in twilio.events("verb")]


def _child(caller: Caller, parent: str) -> str:
    """The one call that a call has dialled, once it is there."""
    wait_until(lambda: len(caller.sids(ParentCallSid=parent)) == 1)
    return caller.sids(ParentCallSid=parent)[0]


def _dial(target: str, **attributes: object) -> str:
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<Response><Dial{written}>{target}</Dial><Say>and so on</Say></Response>"


def test_a_call_ends_after_its_last_verb(twilio: SandboxProcess, caller: Caller) -> None:
    twilio.knobs(speed=50, say_letters_per_second=1, play_seconds=7, record_seconds=5)
    says = "<Say loop='2'>ten letters</Say>"  # 22 s
    verbs = f'{says}<Play>https://files.example.com/a.mp3</Play><Pause length="4"/><Record/>'

    sid = caller.started(Twiml=f"<Response>{verbs}</Response>")

    assert int(caller.wait(sid, "completed")["duration"]) >= 22 + 7 + 4 + 5
    assert _spoken(twilio) == ["Say", "Play", "Pause", "Record"]
    assert twilio.events("verb")[0]["text"] == "ten letters"
    assert twilio.call(sid)["ended_by"] == "twiml"


@pytest.mark.parametrize(
    ("verbs", "seconds"),
    [
        ("<Pause/>", 1),
        ('<Record maxLength="3"/>', 3),
        ('<Play digits="1w23"/>', 2),
        ('<Gather timeout="4"><Pause length="3"/></Gather>', 7),
        ("<Redirect>https://calls.example.com/x</Redirect>", 6),
    ],
)
def test_every_verb_takes_its_time(
    twilio: SandboxProcess, caller: Caller, verbs: str, seconds: int
) -> None:
    url_twiml = '<Response><Pause length="6"/></Response>'
    twilio.knobs(speed=50, record_seconds=60, url_twiml=url_twiml, keys="")

    sid = caller.started(Twiml=f"<Response>{verbs}</Response>")

    assert int(caller.wait(sid, "completed")["duration"]) >= seconds


def test_hangup_ends_the_call_at_once(twilio: SandboxProcess, caller: Caller) -> None:
    sid = caller.started(Twiml="<Response><Hangup/><Pause length='3600'/></Response>")

    caller.wait(sid, "completed")

    assert _spoken(twilio) == ["Hangup"]


def test_what_is_no_twiml_ends_the_call_with_a_code(caller: Caller) -> None:
    wrong = [caller.started(Twiml=text) for text in ("<Response>", "<Reply/>", "Hello")]

    for sid in wrong:
        caller.wait(sid, "completed")
        assert caller.codes(sid) == [12100]


def test_an_unknown_verb_is_passed_over_with_a_warning(
    twilio: SandboxProcess, caller: Caller
) -> None:
    sid = caller.started(Twiml="<Response><Shout>x</Shout><Pause length='3600'/></Response>")

    wait_until(lambda: _spoken(twilio) == ["Shout", "Pause"])

    noted = caller.request("GET", f"{caller.calls}/{sid}/Notifications.json?Log=1").json()
    assert [each["error_code"] for each in noted["notifications"]] == ["12200"]
    assert caller.status(sid) == "in-progress"


def test_a_url_is_not_asked_and_has_the_twiml_of_the_knob(
    twilio: SandboxProcess, caller: Caller
) -> None:
    twilio.knobs(url_twiml="<Response><Say>from afar</Say></Response>")

    caller.wait(caller.started(Twiml=None, Url="https://calls.example.com/x"), "completed")

    assert twilio.events("verb")[0]["text"] == "from afar"


def test_a_live_call_can_be_given_another_document(twilio: SandboxProcess, caller: Caller) -> None:
    sid = caller.started(Twiml=_dial(OTHER), Timeout=30)
    child = _child(caller, sid)

    answer = caller.post(sid, Twiml="<Response><Say>goodbye</Say></Response>")

    assert answer.status_code == 200
    caller.wait(sid, "completed")
    assert caller.status(child) in ("completed", "canceled")
    assert [event["text"] for event in twilio.events("verb")] == [OTHER, "goodbye"]


def test_a_call_that_is_not_answered_takes_no_other_document(
    twilio: SandboxProcess, caller: Caller
) -> None:
    sid = caller.started(magic("80"))

    assert code(caller.post(sid, Twiml=ENDLESS)) == (400, 21220)
    assert code(caller.post(sid, Twiml="x" * 4001)) == (400, 32018)
    assert code(caller.post(sid, Url="nowhere")) == (400, 21205)


# Dial


def test_dial_makes_a_call_of_its_own(twilio: SandboxProcess, caller: Caller) -> None:
    sid = caller.started(Twiml=_dial(OTHER, callerId="+12025550199"))

    child = caller.read(_child(caller, sid))

    assert (child["direction"], child["to"]) == ("outbound-dial", OTHER)
    assert (child["from"], child["parent_call_sid"]) == ("+12025550199", sid)
    assert [event["phone_number"] for event in twilio.events("dialed")] == [ANYBODY, OTHER]
    assert len(twilio.events("accepted")) == 1


def test_a_child_ends_with_its_parent(twilio: SandboxProcess, caller: Caller) -> None:
    sid = caller.started(Twiml=_dial(OTHER))
    child = _child(caller, sid)
    caller.wait(child, "in-progress")

    caller.stop(sid)

    assert caller.status(child) == "completed"
    assert {e["connection_id"]: e["by"] for e in twilio.events("ended")} == {
        sid: "stop",
        child: "parent",
    }


def test_a_child_may_outlive_its_parent(twilio: SandboxProcess, caller: Caller) -> None:
    twilio.knobs(children_outlive_parents=True)
    sid = caller.started(Twiml=_dial(OTHER))
    child = _child(caller, sid)
    caller.wait(child, "in-progress")

    caller.stop(sid)

    assert caller.status(child) == "in-progress"
    assert caller.stop(child).status_code == 200
    assert caller.status(child) == "completed"


def test_the_time_limit_of_dial_ends_the_child_and_the_next_verb_follows(
    twilio: SandboxProcess, caller: Caller
) -> None:
    sid = caller.started(Twiml=_dial(OTHER, timeLimit=1))
    child = _child(caller, sid)

    caller.wait(child, "completed")
    caller.wait(sid, "completed")

    assert twilio.call(child)["ended_by"] == "time_limit"
    assert _spoken(twilio) == ["Dial", "Say"]


@pytest.mark.parametrize("target", [magic("70"), "nobody"])
def test_the_next_verb_follows_where_nobody_is_reached(
    twilio: SandboxProcess, caller: Caller, target: str
) -> None:
    sid = caller.started(Twiml=_dial(target))

    caller.wait(sid, "completed")

    assert _spoken(twilio) == ["Dial", "Say"]


def test_of_several_nouns_the_first_who_answers_has_the_call(
    twilio: SandboxProcess, caller: Caller
) -> None:
    nouns = f"<Number>{magic('71')}</Number><Sip>sip:room@example.com</Sip>"
    sid = caller.started(Twiml=_dial(nouns))

    wait_until(lambda: len(caller.sids(ParentCallSid=sid, Status="in-progress")) == 1)

    [talking] = caller.page(ParentCallSid=sid, Status="in-progress")["calls"]
    [left] = caller.page(ParentCallSid=sid, Status="canceled")["calls"]
    assert (talking["to"], left["to"]) == ("room@example.com", magic("71"))
