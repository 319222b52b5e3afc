"""Twilio's sandbox as Twilio's own library for Python finds it: nobody here wrote that."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from twilio.twiml.voice_response import VoiceResponse

from tests.sandbox_process import SandboxProcess, magic
from tests.twilio_caller import ACCOUNT, ANYBODY, CALLER
from tests.waiting import wait_until


@pytest.fixture
def client(twilio: SandboxProcess) -> Iterator[Client]:
    http = TwilioHttpClient(timeout=20)
    http.session.trust_env = False
    client = Client(ACCOUNT, "token", http_client=http)
    client.api.base_url = twilio.url
    with http.session:
        yield client


def _endless() -> VoiceResponse:
    response = VoiceResponse()
    response.say("Your appointment is tomorrow.")
    response.pause(length=3600)
    return response


def test_it_creates_reads_changes_and_ends_a_call(twilio: SandboxProcess, client: Client) -> None:
    twilio.knobs(price_after_seconds=0)
    created = client.calls.create(
        to=ANYBODY,
        from_=CALLER,
        twiml=_endless(),
        time_limit=900,
        timeout=45,
        status_callback="https://calls.example.com/t",
        status_callback_event=["initiated", "ringing", "answered", "completed"],
        machine_detection="Enable",
        async_amd="true",
    )
    now = datetime.now(UTC)
    assert created.status == "queued"
    assert abs(created.date_created - now) < timedelta(seconds=30)
    assert (created.to, created._from, created.direction) == (ANYBODY, CALLER, "outbound-api")
    sid = created.sid

    wait_until(lambda: client.calls(sid).fetch().status == "in-progress")
    twilio.knobs(speed=30)
    client.calls(sid).update(time_limit=1800)
    client.calls(sid).update(twiml="<Response><Pause length='900'/></Response>")
    wait_until(lambda: twilio.call(sid)["time_limit_seconds"] == 1800)
    client.calls(sid).update(status="completed")

    ended = client.calls(sid).fetch()
    assert (ended.status, ended.answered_by) == ("completed", "human")
    assert ended.end_time >= ended.start_time >= created.date_created
    assert (int(ended.duration) > 0, ended.price_unit) == (bool(ended.price), "USD")
    [start] = twilio.events("start")
    assert start["unknown_fields"] == []
    assert start["request"]["StatusCallbackEvent"][1] == "ringing"
    [stop] = twilio.events("stop")
    assert (stop["unknown_fields"], stop["status"]) == ([], 200)
    assert client.calls(sid).delete()
    with pytest.raises(TwilioRestException, match="was not found"):
        client.calls(sid).fetch()


def test_it_lists_calls_over_several_pages(twilio: SandboxProcess, client: Client) -> None:
    made = [client.calls.create(to=ANYBODY, from_=CALLER, twiml=_endless()).sid for _ in range(5)]
    client.calls.create(to="+12025550144", from_=CALLER, twiml=_endless())
    wait_until(lambda: len(client.calls.list(status="in-progress")) == 6)
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)

    assert [call.sid for call in client.calls.list(to=ANYBODY, page_size=2)] == made[::-1]
    assert [call.sid for call in client.calls.list(to=ANYBODY, limit=3)] == made[:1:-1]
    assert len(client.calls.list(from_=CALLER, start_time_after=midnight)) == 6
    assert client.calls.list(end_time_after=midnight) == []
    assert client.calls.list(parent_call_sid=made[0]) == []


def test_it_reads_what_was_noted_about_a_call(client: Client) -> None:
    sid = client.calls.create(to=magic("73"), from_=CALLER, twiml=_endless()).sid
    wait_until(lambda: client.calls(sid).fetch().status == "failed")

    [noted] = client.calls(sid).notifications.list()

    assert (noted.error_code, noted.log, noted.call_sid) == ("32017", "0", sid)
    assert noted.message_date <= datetime.now(UTC) + timedelta(seconds=5)
    assert client.calls(sid).notifications(noted.sid).fetch().message_text == noted.message_text


@pytest.mark.parametrize(
    ("to", "expected"),
    [(f"+1500555000{n}", code) for n, code in ((1, 21217), (2, 21214), (3, 21215), (4, 21216))],
)
def test_it_raises_its_own_exception_for_a_code(client: Client, to: str, expected: int) -> None:
    with pytest.raises(TwilioRestException) as raised:
        client.calls.create(to=to, from_=CALLER, twiml=_endless())

    assert (raised.value.status, raised.value.code) == (400, expected)
    assert raised.value.msg


def test_it_understands_the_newer_shape_of_an_error(twilio: SandboxProcess, client: Client) -> None:
    twilio.knobs(error_body="problem", start_code=21219)

    with pytest.raises(TwilioServiceException) as raised:
        client.calls.create(to=ANYBODY, from_=CALLER, twiml=_endless())

    assert (raised.value.status, raised.value.code) == (400, 21219)


def test_a_wrong_token_and_throttling_are_exceptions_of_its_own(
    twilio: SandboxProcess, client: Client
) -> None:
    twilio.knobs(auth_token="right")
    with pytest.raises(TwilioRestException) as raised:
        client.calls.create(to=ANYBODY, from_=CALLER, twiml=_endless())
    assert (raised.value.status, raised.value.code) == (401, 20003)

    twilio.knobs(auth_token=None, throttle_share=1.0)
    with pytest.raises(TwilioRestException) as raised:
        client.calls.create(to=ANYBODY, from_=CALLER, twiml=_endless())
    assert (raised.value.status, raised.value.code) == (429, 20429)


def test_it_finds_has_and_deletes_recordings(twilio: SandboxProcess, client: Client) -> None:
    twilio.knobs(recording_after_seconds=0.2)
    sid = client.calls.create(
        to=ANYBODY, from_=CALLER, twiml=_endless(), record=True, recording_channels="dual"
    ).sid
    unrecorded = client.calls.create(to=ANYBODY, from_=CALLER, twiml=_endless()).sid
    wait_until(lambda: client.calls(sid).fetch().status == "in-progress")
    [live] = client.calls(sid).recordings.list()
    assert (live.status, live.duration, live.call_sid) == ("in-progress", None, sid)
    with pytest.raises(TwilioRestException) as raised:
        client.recordings(live.sid).delete()
    assert (raised.value.status, raised.value.code) == (409, 20009)

    client.calls(sid).update(status="completed")
    wait_until(lambda: client.recordings(live.sid).fetch().status == "completed")

    recording = client.recordings(live.sid).fetch()
    assert (recording.duration, recording.channels, recording.source) == ("1", 2, "OutboundAPI")
    assert abs(recording.start_time - datetime.now(UTC)) < timedelta(seconds=30)
    assert recording.media_url == f"{twilio.url}{recording.uri.removesuffix('.json')}"
    assert [one.sid for one in client.calls(sid).recordings.list(page_size=1)] == [live.sid]
    assert client.calls(unrecorded).recordings.list() == []
    assert client.recordings(live.sid).delete()
    assert client.calls(sid).recordings.list() == []
    with pytest.raises(TwilioRestException, match="was not found"):
        client.recordings(live.sid).fetch()
    [deleted] = twilio.events("recording_deleted")
    assert (deleted["recording_id"], deleted["connection_id"]) == (live.sid, sid)


def test_a_recording_outlives_the_record_of_its_call(
    twilio: SandboxProcess, client: Client
) -> None:
    twilio.knobs(recording_after_seconds=0)
    sid = client.calls.create(to=ANYBODY, from_=CALLER, twiml=_endless(), record=True).sid
    wait_until(lambda: client.calls(sid).fetch().status == "in-progress")
    [recording] = client.calls(sid).recordings.list()
    client.calls(sid).update(status="completed")

    assert client.calls(sid).delete()

    with pytest.raises(TwilioException, match="was not found"):
        client.calls(sid).recordings.list()
    assert client.recordings(recording.sid).fetch().call_sid == sid
