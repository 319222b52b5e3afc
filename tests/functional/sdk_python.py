"""Drives a sandbox with Symbl's own SDK for Python; prints what came of it as JSON.

The SDK builds its clients when it is imported and keeps one token for each process, so it is
pointed at the sandbox before the import, in a process of its own.
"""

from __future__ import annotations

import json
import sys
import threading
from importlib import import_module
from typing import Any

URL = sys.argv[1]

symbl_rest: Any = import_module("symbl_rest")
configuration = symbl_rest.Configuration()
configuration.host = URL
symbl_rest.Configuration.set_default(configuration)
symbl: Any = import_module("symbl")  # only now
sockets: Any = sys.modules["symbl.Connection"]
sockets.SYMBL_WEBSOCKET_BASE_PATH = f"ws{URL.removeprefix('http')}/session/subscribe/"

CREDENTIALS = {"app_id": "app", "app_secret": "secret"}
KINDS = (
    "message",
    "message_response",
    "insight_response",
    "topic_response",
    "transcript_response",
    "intent_response",
)


def main() -> None:
    action = {
        "invokeOn": "stop",
        "name": "sendSummaryEmail",
        "parameters": {"emails": ["ana@example.com"]},
    }
    session = {"session": {"name": "sdk", "users": [{"user": {"userId": "ana", "name": "Ana"}}]}}
    minimal = symbl.Telephony.start_pstn(phone_number="12025550143", credentials=CREDENTIALS)
    sip = symbl.Telephony.start_sip(uri="sip:room7@sip.example.com", credentials=CREDENTIALS)
    call = symbl.Telephony.start_pstn(
        phone_number="+18675550111",  # hangs up by itself
        dtmf=",,12#",
        credentials=CREDENTIALS,
        actions=[action],
        data=session,
        languages=["en-US"],
        timezone="America/Chicago",
    )
    said = {
        "minimal": described(minimal),
        "sip": described(sip),
        "call": described(call),
        "heard": heard(call),
        "stops": [plain(symbl.Telephony.stop(each.connectionId)) for each in (minimal, sip, call)],
        "got": everything_about(call.conversation),
    }
    print(json.dumps(said, default=str))


def described(connection: Any) -> dict[str, Any]:
    return {
        "connectionId": connection.connectionId,
        "conversationId": connection.conversation.get_conversation_id(),
        "eventUrl": connection.eventUrl,
        "resultWebSocketUrl": connection.resultWebSocketUrl,
    }


def heard(connection: Any) -> list[str]:
    messages: list[str] = []
    listening = threading.Thread(
        target=connection.subscribe, args=(dict.fromkeys(KINDS, messages.append),), daemon=True
    )
    listening.start()
    listening.join(30)  # subscribe returns once the socket is closed
    assert not listening.is_alive(), "the socket was not closed at the end of the call"
    return messages


def everything_about(conversation: Any) -> dict[str, Any]:
    wishes = {"verbose": True, "sentiment": True}
    events = [
        {"type": kind, "user": {"id": "ben", "name": "Ben"}, "offset": {"seconds": at, "nanos": 0}}
        for kind, at in (("started_speaking", 0), ("stopped_speaking", 60))
    ]
    got = {
        "conversation": conversation.get_conversation(),
        "messages": conversation.get_messages(parameters=wishes),
        "topics": conversation.get_topics(parameters={"parentRefs": True}),
        "action_items": conversation.get_action_items(),
        "follow_ups": conversation.get_follow_ups(),
        "questions": conversation.get_questions(),
        "members": conversation.get_members(),
        "entities": conversation.get_entities(),
        "trackers": conversation.get_trackers(),
        "analytics": conversation.get_analytics(),
        "call_score": conversation.get_call_score(),
        "call_score_status": conversation.get_call_score_status(),
    }
    (ana,) = got["members"].members
    member = {"id": ana.id, "name": "Ana Maria", "email": "ana@example.com"}
    # The SDK gives its own client these arguments in the wrong order, so no request leaves it.
    api, its_id = symbl_rest.ConversationsApi(), conversation.get_conversation_id()
    got["put_member"] = api.put_members_information_by_members_id(member, its_id, ana.id)
    got["put_speakers"] = api.put_speakers_event_by_conversation_id(
        {"speakerEvents": events}, its_id
    )
    got["members_after"] = conversation.get_members()
    got["messages_after"] = conversation.get_messages()
    return {name: plain(value) for name, value in got.items()}


def plain(model: Any) -> Any:
    return symbl_rest.ApiClient().sanitize_for_serialization(model)


if __name__ == "__main__":
    main()
