from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.models import Connection
from scheduler.providers import News
from scheduler.providers.symbl.connection import Details
from scheduler.providers.symbl.sockets import knows_no_such, read_frame, subscriptions

ANA = {"id": "9a", "name": "Ana", "userId": "ana@example.com"}


def payload(words: str) -> dict[str, str]:
    return {"content": words, "contentType": "text/plain"}


def control(**inner: Any) -> dict[str, Any]:
    return {"type": "message", "message": inner}


#: Every kind of message that a telephony subscription is known to send, and what it tells.
FRAMES: list[tuple[dict[str, Any], list[News]]] = [
    ({"type": "transcript_response", "isFinal": False, "payload": payload("good")}, []),
    (
        {"type": "transcript_response", "isFinal": True, "payload": payload("good morning")},
        [News("transcript", "good morning")],
    ),
    (
        {
            "type": "message_response",
            "messages": [
                {
                    "id": "3c",
                    "from": ANA,
                    "payload": payload("Good morning."),
                    "duration": {"startTime": "2026-11-22T14:00:05.100Z", "endTime": "x"},
                    "dismissed": False,
                },
                {"from": {}, "payload": payload("Hello?")},
                {"from": {"userId": 7}, "text": 42, "duration": {"startTime": 1795356005100}},
                {"from": "Ana", "text": "By name."},
            ],
            "sequenceNumber": 3,
        },
        [
            News("message", "Good morning.", "Ana", 1795356005.1),
            News("message", "Hello?"),
            News("message", "42", "7", 1795356005.1),
            News("message", "By name.", "Ana"),
        ],
    ),
    (
        {
            "type": "insight_response",
            "insights": [
                {"type": "action_item", "text": "Send it.", "payload": payload("Send it today.")},
                {"type": "question", "text": "Who is it?", "from": {"userId": "bob"}},
                {"type": "follow_up", "text": "Meet again."},
                {"text": "no type"},
            ],
        },
        [
            News("action_item", "Send it today."),
            News("question", "Who is it?", "bob"),
            News("follow_up", "Meet again."),
            News("insight", "no type"),
        ],
    ),
    (
        {
            "type": "topic_response",
            "topics": [{"phrases": "insurance plan", "score": 0.9}, {"text": "offer"}],
        },
        [News("topic", "insurance plan"), News("topic", "offer")],
    ),
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
        {
            "type": "intent_response",
            "intent": {"intent": "answering_machine", "subIntent": "answered_by_human"},
        },
        [
            News(
                "intent",
                "answering_machine: answered_by_human",
                intent="answering_machine",
                answered_by="human",
            )
        ],
    ),
    (
        {"type": "intent_response", "intent": {"intent": "do_not_call", "score": 0.9}},
        [News("intent", "do_not_call", intent="do_not_call")],
    ),
    (
        {"type": "tracker_response", "trackers": [{"name": "prices", "matches": []}]},
        [News("tracker", "prices")],
    ),
    (control(type="conversation_created", data={"conversationId": "51"}), []),
    (control(type="conversation_completed", conversationId="51"), [News("completed")]),
    (
        control(type="conversation_completed", data={"conversationId": "51"}),
        [News("completed")],
    ),
    (control(type="started_listening"), []),
    (control(type="recognition_started"), []),
    (control(type="recognition_stopped"), []),
    (control(type="session_modified"), []),
    (control(type="error", message="it broke"), [News("error", "it broke")]),
    ({"type": "error", "message": "text", "details": "more"}, [News("error", "text")]),
    ({"type": "error", "details": "more"}, [News("error", "more")]),
    ({"type": "subscription_started"}, []),
    ({"type": "something new", "message": {"type": "conversation_completed"}}, []),
]


@pytest.mark.parametrize(("frame", "news"), FRAMES, ids=lambda each: str(each)[:60])
def test_each_message_is_understood(frame: dict[str, Any], news: list[News]) -> None:
    assert read_frame(json.dumps(frame)) == news
    assert read_frame(json.dumps(frame).encode()) == news


@pytest.mark.parametrize(
    "frame",
    [
        *("", "__PONG__", "{'type': 'stop_request'}", "null", "5", "[]", '"text"', "{", "NaN"),
        *(b"", b"\xff\xfe", b"\x00" * 9, "[" * 100_000, '{"a":' * 100_000),
        *('{"type": 5}', '{"type": null}', '{"type": ["message"]}', '{"type": "message"}'),
        *('{"type": "message_response"}', '{"type": "message_response", "messages": 5}'),
        *('{"type": "intent_response", "intent": []}', '{"type": "topic_response", "topics": {}}'),
        '{"type": "message_response", "messages": [null, 5, [], {"payload": 5, "from": 5}]}',
    ],
    ids=lambda frame: repr(frame[:40]),
)
def test_what_is_not_understood_tells_nothing(frame: str | bytes) -> None:
    assert read_frame(frame) == []


NONSENSE = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("type", "message", "messages", "insights", "topics", "intent", "trackers"),
                    *("payload", "content", "from", "duration", "startTime", "name", "isFinal"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(kind=st.sampled_from(sorted({str(frame["type"]) for frame, _ in FRAMES})), rest=NONSENSE)
def test_no_nonsense_under_a_known_type_does_any_harm(kind: str, rest: Any) -> None:
    said = {**rest, "type": kind} if isinstance(rest, dict) else {"type": kind, "message": rest}

    for news in read_frame(json.dumps(said)):
        assert news.text or news.kind == "completed"


@given(frame=st.binary(max_size=60) | st.text(max_size=60) | NONSENSE.map(json.dumps))
def test_no_frame_does_any_harm(frame: str | bytes) -> None:
    assert isinstance(read_frame(frame), list)


# Where to listen

TOKEN = "secret"


def urls(base_url: str, given: str = "") -> list[str]:
    connection = Connection("c-1", details=Details(result_websocket_url=given).written())
    return [place.url for place in subscriptions(base_url, connection, TOKEN)]


def test_the_place_that_every_sdk_uses_comes_first_and_the_answers_own_next() -> None:
    assert urls("https://api.example.com", "wss://api.example.com/events/c-1") == [
        "wss://api.example.com/session/subscribe/c-1",
        "wss://api.example.com/events/c-1",
    ]


def test_a_place_is_named_once() -> None:
    own = "wss://api.example.com/session/subscribe/c-1"

    assert urls("https://api.example.com", own) == [own]


@pytest.mark.parametrize("given", ["", "ws://api.example.com/e", "https://e/1", "nonsense"])
def test_a_token_leaves_no_less_encrypted_than_elsewhere(given: str) -> None:
    assert urls("https://api.example.com", given) == ["wss://api.example.com/session/subscribe/c-1"]


def test_an_odd_connection_id_leads_nowhere_else() -> None:
    (place,) = subscriptions("http://h", Connection("../a?b#c"), TOKEN)

    assert place.url == "ws://h/session/subscribe/..%2Fa%3Fb%23c"


def test_the_token_is_sent_in_headers_and_shown_to_nobody() -> None:
    (place,) = subscriptions("http://h", Connection("c"), TOKEN)

    assert place.headers == {"x-api-key": TOKEN, "Authorization": f"Bearer {TOKEN}"}
    assert TOKEN not in repr(place)


def test_a_mark_before_a_frame_does_no_harm() -> None:
    frame = "\ufeff" + json.dumps(control(type="conversation_completed"))

    assert read_frame(frame) == read_frame(frame.encode()) == [News("completed")]


@pytest.mark.parametrize("status", [400, 404, 410])
@pytest.mark.parametrize(
    ("body", "is_its_own"),
    [
        (b'{"message": "No such connection."}', True),
        (b'\xef\xbb\xbf{"statusCode": 404}', True),
        (b"{}", True),
        (b"", False),
        (b"Not Found", False),
        (b"<!doctype html><title>404</title>", False),
        (b'"no"', False),
        (b"[]", False),
        (b'{"message": "cut', False),
        (b"\xff\xfe", False),
    ],
)
def test_only_the_api_s_own_json_says_that_a_connection_is_over(
    status: int, body: bytes, is_its_own: bool
) -> None:
    assert knows_no_such(status, body) is is_its_own


@pytest.mark.parametrize("status", [200, 302, 401, 402, 403, 405, 407, 408, 425, 429, 500, 503])
def test_other_statuses_tell_nothing_of_a_connection(status: int) -> None:
    assert not knows_no_such(status, b'{"message": "no"}')
