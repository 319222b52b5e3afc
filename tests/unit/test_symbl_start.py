from __future__ import annotations

from typing import Any

import pytest

from scheduler.models import StartOptions
from scheduler.providers import StartOrder
from scheduler.providers.symbl.options import Options
from scheduler.providers.symbl.start import start_body

NUMBER = "+12025550143"


def body(options: StartOptions | None = None, **order: Any) -> dict[str, Any]:
    whom = {} if "sip_uri" in order else {"phone_number": NUMBER}
    known: dict[str, Any] = {"phone_number": "", "session_name": "autumn c:7:1"} | whom | order
    return start_body(StartOrder(**known, options=options or {}), digits_only=False)


def test_a_phone_call_says_no_more_than_it_must() -> None:
    assert body() == {
        "operation": "start",
        "endpoint": {"type": "pstn", "phoneNumber": NUMBER},
        "data": {"session": {"name": "autumn c:7:1"}},
    }


def test_a_sip_call_says_no_more_than_it_must() -> None:
    assert body(sip_uri="sip:room7@sip.example.com") == {
        "operation": "start",
        "endpoint": {"type": "sip", "uri": "sip:room7@sip.example.com"},
        "data": {"session": {"name": "autumn c:7:1"}},
    }


@pytest.mark.parametrize(("digits_only", "sent"), [(False, NUMBER), (True, NUMBER[1:])])
def test_a_number_has_its_plus_sign_unless_only_digits_are_wanted(
    digits_only: bool, sent: str
) -> None:
    said = start_body(StartOrder(NUMBER, "s"), digits_only=digits_only)

    assert said["endpoint"]["phoneNumber"] == sent


def test_a_sip_address_stays_as_it_is_when_only_digits_are_wanted() -> None:
    uri = "sip:+12025550143@sip.example.com;transport=tls"

    said = start_body(StartOrder("", "s", sip_uri=uri), digits_only=True)

    assert said["endpoint"] == {"type": "sip", "uri": uri}


EVERY_OPTION = StartOptions(
    session_name="ours alone, the dialer has put it into the name",
    languages=["de-DE", "en-US"],
    timezone="America/Chicago",
    summary_emails=["ops@example.com", "ana@example.com"],
    summary_on="start",
    intents=[{"intent": "answering_machine", "silence_seconds": 30.0}, {"intent": "interested"}],
    insight_types=["action_item", "question"],
    users=[
        {"user_id": "ana@example.com", "name": "Ana", "role": "organizer"},
        {"user_id": "bob"},
    ],
    audio={"encoding": "PCMU", "sample_rate": 16000, "sample_size": 16, "payload_type": 0},
    idle_timeout_seconds=-1,
    webhook_url="https://hooks.example.com/e",
    callback_url="https://hooks.example.com/c",
    provider_name="Symbl",
    transport="transport=UDP;audioTransport=RTP",
    endpoint_language="de-DE",
    timezone_offset_minutes=-480,
    push_speaker_events=False,
)


def test_every_option_is_sent_as_documented() -> None:
    assert body(EVERY_OPTION, dtmf=",,9876543210#,,4455#") == {
        "operation": "start",
        "endpoint": {
            "type": "pstn",
            "phoneNumber": NUMBER,
            "dtmf": ",,9876543210#,,4455#",
            "audioConfig": {
                "encoding": "PCMU",
                "sampleRate": 16000,
                "sampleSize": 16,
                "payloadType": 0,
            },
            "providerName": "Symbl",
            "transportConfig": "transport=UDP;audioTransport=RTP",
            "language": "de-DE",
            "timezoneOffset": -480,
            "idleTimeout": -1,
        },
        "actions": [
            {
                "invokeOn": "start",
                "name": "sendSummaryEmail",
                "parameters": {"emails": ["ops@example.com", "ana@example.com"]},
            }
        ],
        "data": {
            "session": {
                "name": "autumn c:7:1",
                "users": [
                    {"user": {"userId": "ana@example.com", "name": "Ana", "role": "organizer"}},
                    {"user": {"userId": "bob"}},
                ],
            }
        },
        "languages": ["de-DE", "en-US"],
        "timezone": "America/Chicago",
        "intents": [
            {"intent": "answering_machine", "silenceTimeout": 30},
            {"intent": "interested"},
        ],
        "insightTypes": ["action_item", "question"],
        "pushSpeakerEvents": False,
        "endpointWebhookUrl": "https://hooks.example.com/e",
        "callbackUrl": "https://hooks.example.com/c",
    }


def test_every_option_is_sent_to_a_sip_address_too() -> None:
    by_phone, by_sip = body(EVERY_OPTION), body(EVERY_OPTION, sip_uri="sip:a@b.example")

    assert by_sip["endpoint"].pop("uri") == "sip:a@b.example"
    assert by_phone["endpoint"].pop("phoneNumber") == NUMBER
    assert (by_phone["endpoint"].pop("type"), by_sip["endpoint"].pop("type")) == ("pstn", "sip")
    assert by_phone == by_sip


def test_this_knows_every_option_there_is() -> None:
    assert set(EVERY_OPTION) == set(Options.__annotations__)


def test_a_summary_is_mailed_after_the_call_unless_it_is_said_otherwise() -> None:
    (action,) = body(StartOptions(summary_emails=["ops@example.com"]))["actions"]

    assert action["invokeOn"] == "stop"


@pytest.mark.parametrize(("given", "sent"), [(90.0, 90), (1.5, 1.5), (0, 0), (-1, -1)])
def test_whole_seconds_are_sent_as_whole_numbers(given: float, sent: float) -> None:
    said = body(StartOptions(idle_timeout_seconds=given, intents=[{"silence_seconds": given}]))

    for value in (said["endpoint"]["idleTimeout"], said["intents"][0]["silenceTimeout"]):
        assert value == sent
        assert type(value) is type(sent)


def test_what_says_nothing_is_not_sent() -> None:
    nothing = StartOptions(
        languages=[],
        timezone="",
        summary_emails=[],
        intents=[],
        insight_types=[],
        users=[],
        audio={},
        webhook_url="",
        transport="",
    )

    assert body(nothing) == body()
