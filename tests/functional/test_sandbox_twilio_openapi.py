"""What Twilio's own OpenAPI description says of every kind of answer that its sandbox gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests

from tests.sandbox_process import SandboxProcess, magic
from tests.twilio_caller import ACCOUNT, ANYBODY, Caller
from tests.waiting import wait_until
from tests.witnesses.openapi import Exchange, judge_journal, problems


@pytest.fixture
def caller(twilio: SandboxProcess) -> Iterator[Caller]:
    caller = Caller(twilio.url)
    with caller.session:
        yield caller


@pytest.fixture
def exchange(caller: Caller) -> Exchange:
    """A start and its answer, in which nothing is wrong."""
    return Exchange.of_response(caller.start())


def test_every_kind_of_answer_is_as_described(twilio: SandboxProcess, caller: Caller) -> None:
    twilio.knobs(wire=True, price_after_seconds=0, unfinished_end_time=True)
    live, machine = caller.started(), caller.started(magic("41"), MachineDetection="Enable")
    sip, busy = caller.started("sip:room@example.com;transport=tls"), caller.started(magic("70"))
    failed, queued = caller.started(magic("73")), caller.started(magic("80"))
    caller.wait(live, "in-progress")
    caller.post(live, TimeLimit=1)
    caller.wait(live, "completed")
    caller.wait(machine, "in-progress")
    for sid in (machine, queued, sip):
        caller.stop(sid)
    caller.wait(busy, "busy")
    caller.wait(failed, "failed")
    assert caller.codes(failed) == [32017]
    page = caller.page(PageSize=2, To=ANYBODY, StartTime__after="2026-11-27")
    assert page["next_page_uri"] is None
    page = caller.page(PageSize=2, EndTime__after="2020-01-01T00:00:00Z")
    caller.request("GET", page["next_page_uri"])
    noted = caller.request("GET", f"{caller.calls}/{failed}/Notifications.json?Log=0").json()
    caller.request("GET", noted["notifications"][0]["uri"])
    assert caller.request("DELETE", f"{caller.calls}/{live}.json").status_code == 204

    assert judge_journal(twilio.journal()) == []
    assert {read["status"] for read in caller.page()["calls"]} == {
        *("completed", "busy", "failed", "canceled")
    }


def test_answers_about_recordings_are_as_described(twilio: SandboxProcess, caller: Caller) -> None:
    twilio.knobs(wire=True, recording_after_seconds=0)
    sid = caller.started(Record="true", RecordingChannels="dual", RecordingTrack="both")
    caller.wait(sid, "in-progress")
    listed = f"{caller.calls}/{sid}/Recordings.json"
    [live] = caller.request("GET", listed).json()["recordings"]
    one = f"/2010-04-01/Accounts/{ACCOUNT}/Recordings/{live['sid']}.json"
    caller.request("GET", one)
    caller.request("DELETE", one)
    caller.stop(sid)
    wait_until(lambda: caller.request("GET", one).json()["status"] == "completed")
    caller.request("GET", listed + "?PageSize=1")
    assert caller.request("DELETE", one).status_code == 204
    caller.request("GET", one)

    assert judge_journal(twilio.journal()) == []


@pytest.mark.parametrize("code", [10001, 20003, 20404, 20429, 20500, 20503, 21219])
def test_every_error_is_as_described(twilio: SandboxProcess, caller: Caller, code: int) -> None:
    twilio.knobs(wire=True, start_code=code)

    caller.start()

    assert judge_journal(twilio.journal()) == []


def test_other_refusals_are_as_described(twilio: SandboxProcess, caller: Caller) -> None:
    twilio.knobs(wire=True)
    sid = caller.started()

    caller.request("GET", f"{caller.calls}/CA{'0' * 32}.json")
    caller.request("DELETE", f"{caller.calls}/{sid}.json")
    caller.stop(sid)
    caller.stop(sid)
    twilio.knobs(auth_token="right")
    caller.start()

    events = twilio.events("wire")
    assert [event["status"] for event in events] == [201, 404, 409, 200, 400, 401]
    assert judge_journal(events) == []


# The judge itself can object


def _with(name: str, value: Any) -> Callable[[Exchange], Exchange]:
    return lambda exchange: replace(exchange, **{name: value})


def _in_form(old: str, new: str) -> Callable[[Exchange], Exchange]:
    return lambda exchange: replace(exchange, body=exchange.body.replace(old, new))


def _in_answer(old: bytes, new: bytes) -> Callable[[Exchange], Exchange]:
    return lambda exchange: replace(exchange, answer=exchange.answer.replace(old, new))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (_in_form("TimeLimit", "Timelimit"), "no field Timelimit"),
        (_in_form("To=", "Too="), "'To' is a required property"),
        (_in_form("TimeLimit=900", "TimeLimit=soon"), "invalid literal for int"),
        (_with("authorization", ""), "SecurityNotFound"),
        (_with("request_type", "application/json"), "Content for the following mimetype not found"),
        (_with("path", f"/2010-04-01/Accounts/{ACCOUNT}/Cals.json"), "PathNotFound"),
        (_with("path", "/2010-04-01/Accounts/AC1/Calls.json"), "'AC1' is too short"),
        (_with("query", "Starttime=x"), "no filter Starttime"),
        (_with("status", 200), "no status 200"),
        (_in_answer(b'"status":"queued"', b'"status":"parked"'), "'parked' is not one of"),
        (_in_answer(b'"queue_time":"0"', b'"queue_time":0'), "0 is not of type 'string'"),
        (_in_answer(b'"trunk_sid":null,', b""), "'trunk_sid' is a required property"),
        (_in_answer(b'"sid":"CA', b'"sid":"PA'), "does not match"),
        (_in_answer(b" +0000", b""), "is not a 'date-time-rfc-2822'"),
    ],
)
def test_the_judge_objects(
    exchange: Exchange, changed: Callable[[Exchange], Exchange], said: str
) -> None:
    assert problems(exchange) == []
    assert said in " ".join(problems(changed(exchange)))


def test_a_repeated_field_is_a_list(caller: Caller) -> None:
    events = ["initiated", "ringing", "answered", "completed"]
    answer = caller.start(StatusCallbackEvent=events, StatusCallback="https://calls.example.com/x")

    assert problems(Exchange.of_response(answer)) == []
    assert isinstance(answer, requests.Response)
