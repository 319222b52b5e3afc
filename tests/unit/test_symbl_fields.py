"""Each field and message that docs/reference/symbl.md calls supported, as it is on the wire."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scheduler.models import Insight, StartOptions
from scheduler.providers.base import News, StartOrder
from scheduler.providers.symbl.conversations import read_insight
from scheduler.providers.symbl.sockets import read_frame
from scheduler.providers.symbl.start import start_body

NUMBER = "+12025550143"
EVERYTHING: StartOptions = {
    "languages": ["en-US", "es-US"],
    "timezone": "America/Chicago",
    "summary_emails": ["ops@example.com"],
    "summary_on": "start",
    "intents": [{"intent": "interested", "silence_seconds": 30.0}, {"intent": "do_not_call"}],
    "insight_types": ["action_item"],
    "users": [{"user_id": "ana@example.com", "name": "Ana", "role": "host"}, {"user_id": "ben"}],
    "audio": {"encoding": "OPUS", "sample_rate": 48000, "sample_size": 16, "payload_type": 96},
    "idle_timeout_seconds": 600.0,
    "webhook_url": "https://example.com/hook",
    "callback_url": "https://example.com/back",
    "provider_name": "Example",
    "transport": "transport=UDP;audioTransport=RTP",
    "endpoint_language": "en-GB",
    "timezone_offset_minutes": -480,
    "push_speaker_events": False,
}


def test_a_start_without_wishes_says_no_more_than_it_must() -> None:
    assert start_body(StartOrder(NUMBER, "c:1:1"), digits_only=False) == {
        "operation": "start",
        "endpoint": {"type": "pstn", "phoneNumber": NUMBER},
        "data": {"session": {"name": "c:1:1"}},
    }


def test_a_start_says_all_that_is_wished_for() -> None:
    order = StartOrder(NUMBER, "c:1:1", dtmf=",,4711#", options=EVERYTHING)

    assert start_body(order, digits_only=True) == {
        "operation": "start",
        "endpoint": {
            "type": "pstn",
            "phoneNumber": "12025550143",
            "dtmf": ",,4711#",
            "audioConfig": {
                "encoding": "OPUS",
                "sampleRate": 48000,
                "sampleSize": 16,
                "payloadType": 96,
            },
            "providerName": "Example",
            "transportConfig": "transport=UDP;audioTransport=RTP",
            "language": "en-GB",
            "timezoneOffset": -480,
            "idleTimeout": 600,
        },
        "actions": [
            {
                "invokeOn": "start",
                "name": "sendSummaryEmail",
                "parameters": {"emails": ["ops@example.com"]},
            }
        ],
        "data": {
            "session": {
                "name": "c:1:1",
                "users": [
                    {"user": {"userId": "ana@example.com", "name": "Ana", "role": "host"}},
                    {"user": {"userId": "ben"}},
                ],
            }
        },
        "languages": ["en-US", "es-US"],
        "timezone": "America/Chicago",
        "intents": [{"intent": "interested", "silenceTimeout": 30}, {"intent": "do_not_call"}],
        "insightTypes": ["action_item"],
        "pushSpeakerEvents": False,
        "endpointWebhookUrl": "https://example.com/hook",
        "callbackUrl": "https://example.com/back",
    }


def test_a_sip_address_is_dialled_as_it_is() -> None:
    order = StartOrder("", "c:1:1", sip_uri="sip:room7@sip.example.com", options={})

    endpoint = start_body(order, digits_only=True)["endpoint"]

    assert endpoint == {"type": "sip", "uri": "sip:room7@sip.example.com"}


def test_a_mail_is_sent_at_the_stop_and_nobody_leaves_for_silence_if_so_wished() -> None:
    options: StartOptions = {"summary_emails": ["a@example.com"], "idle_timeout_seconds": -1.0}

    body = start_body(StartOrder(NUMBER, "c:1:1", options=options), digits_only=False)

    assert body["actions"][0]["invokeOn"] == "stop"
    assert body["endpoint"]["idleTimeout"] == -1


ANA: dict[str, Any] = {"id": "9a", "name": "Ana", "userId": "ana@example.com"}
NEW, OLD = {"payload": {"content": "Send it."}}, {"text": "Send it."}


@pytest.mark.parametrize(
    ("frame", "news"),
    [
        ({"type": "transcript_response", "isFinal": True, **NEW}, [News("transcript", "Send it.")]),
        ({"type": "transcript_response", "isFinal": False, **NEW}, []),
        (
            {
                "type": "message_response",
                "messages": [
                    {"from": ANA, "duration": {"startTime": "1970-01-01T00:01:00Z"}, **NEW},
                    {"from": {}, **OLD},
                ],
            },
            [News("message", "Send it.", "Ana", 60.0), News("message", "Send it.")],
        ),
        (
            {
                "type": "insight_response",
                "insights": [
                    {"type": "action_item", "from": {"userId": "ana"}, **NEW},
                    {"type": "question", **OLD},
                    {"type": "follow_up", **OLD},
                ],
            },
            [
                News("action_item", "Send it.", "ana"),
                News("question", "Send it."),
                News("follow_up", "Send it."),
            ],
        ),
        ({"type": "topic_response", "topics": [{"phrases": "offer"}]}, [News("topic", "offer")]),
        (
            {
                "type": "intent_response",
                "intent": {"intent": "answering_machine", "subIntent": "answered_by_machine"},
            },
            [
                News(
                    "intent",
                    "answering_machine: answered_by_machine",
                    intent="answering_machine",
                    answered_by="machine",
                )
            ],
        ),
        (
            {"type": "intent_response", "intent": {"intent": "do_not_call"}},
            [News("intent", "do_not_call", intent="do_not_call")],
        ),
        ({"type": "tracker_response", "trackers": [{"name": "price"}]}, [News("tracker", "price")]),
        (
            {"type": "message", "message": {"type": "conversation_completed", "data": {}}},
            [News("completed")],
        ),
        ({"type": "message", "message": {"type": "error", "message": "no"}}, [News("error", "no")]),
        ({"type": "message", "message": {"type": "recognition_started"}}, []),
        ({"type": "error", "details": "no"}, [News("error", "no")]),
        ({"type": "something_new"}, []),
        ({"messages": [NEW]}, []),
        (["message_response"], []),
        (None, []),
    ],
)
def test_each_message_of_a_socket_is_understood_or_left_alone(
    frame: object, news: list[News]
) -> None:
    assert read_frame(json.dumps(frame)) == news


@pytest.mark.parametrize("frame", ["", "{", "__PONG__", b"\xff", "[" * 100_000])
def test_what_is_no_json_is_left_alone(frame: str | bytes) -> None:
    assert read_frame(frame) == []


TASK = {"text": "Send it.", "score": 0.9, "from": ANA, "assignee": {}, "dueBy": "2026-11-23T07:00Z"}
TASK_READ = {"text": "Send it.", "score": 0.9, "speaker": "Ana", "due_by": "2026-11-23T07:00Z"}


@pytest.mark.parametrize(
    ("insight", "answer", "read"),
    [
        (
            Insight.TRANSCRIPT,
            {
                "messages": [
                    {
                        "text": "Good morning.",
                        "from": {"email": "ana@example.com"},
                        "startTime": "1970-01-01T00:01:00.500Z",
                        "endTime": "1970-01-01T00:01:01Z",
                    },
                    {"text": "Hello."},
                ]
            },
            [
                {
                    "speaker": "ana@example.com",
                    "text": "Good morning.",
                    "started_at": 60.5,
                    "ended_at": 61.0,
                },
                {"speaker": "", "text": "Hello.", "started_at": None},
            ],
        ),
        (
            Insight.TOPICS,
            {"topics": [{"text": "offer", "score": 0.9}]},
            [{"text": "offer", "score": 0.9}],
        ),
        (Insight.ACTION_ITEMS, {"actionItems": [TASK]}, [TASK_READ]),
        (Insight.FOLLOW_UPS, {"followUps": [TASK]}, [TASK_READ]),
        (
            Insight.QUESTIONS,
            {"questions": [{"text": "When?", "from": ANA}]},
            [{"text": "When?", "speaker": "Ana"}],
        ),
        (Insight.SUMMARY, {"summary": [{"text": "One."}, {"text": "Two."}]}, "One. Two."),
        (Insight.ANALYTICS, {"metrics": [{"a": 1}], "members": []}, None),
        (
            Insight.MEMBERS,
            {"members": [{"id": "1", "name": "Ana", "email": "a@example.com"}]},
            [{"name": "Ana", "email": "a@example.com"}],
        ),
        (
            Insight.ENTITIES,
            {"entities": [{"type": "date", "text": "today", "value": "2026-11-22"}]},
            [{"type": "date", "text": "today", "value": "2026-11-22"}],
        ),
        (
            Insight.TRACKERS,
            [{"name": "price", "matches": [{"type": "vocabulary", "value": "cheap"}]}],
            [{"name": "price", "matches": [{"type": "vocabulary", "value": "cheap"}]}],
        ),
    ],
)
def test_each_thing_that_a_conversation_has_is_read(
    insight: Insight, answer: object, read: object
) -> None:
    assert read_insight(insight, answer) == (answer if read is None else read)


@pytest.mark.parametrize("insight", [one for one in Insight if one is not Insight.TRACKERS])
def test_what_is_not_the_apis_shape_is_no_answer(insight: Insight) -> None:
    answers: tuple[object, ...] = ({}, [], None, "text")
    for answer in answers:
        with pytest.raises(ValueError, match="an answer without"):
            read_insight(insight, answer)
