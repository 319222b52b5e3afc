"""The messages that a WebSocket hears."""

from __future__ import annotations

from collections.abc import Iterator

from scheduler.sandbox.symbl.conversations import Conversation, Detected, Said
from scheduler.sandbox.symbl.insights import insights_of, speaker, topic_id
from scheduler.sandbox.symbl.times import iso

Frame = dict[str, object]


def spoken(conversation: Conversation, utterance: Said) -> Iterator[Frame]:
    """All that there is to say about a line that was just spoken."""
    text, sequence_number = utterance.line.text, len(conversation.said) - 1
    yield _transcript(text[: len(text) // 2].rstrip(), is_final=False)
    yield _transcript(text, is_final=True)
    yield {
        "type": "message_response",
        "messages": [_message(utterance)],
        "sequenceNumber": sequence_number,
    }
    insights = [_insight(utterance, item) for item in insights_of(utterance)]
    if insights:
        yield {
            "type": "insight_response",
            "insights": insights,
            "sequenceNumber": sequence_number,
        }
    if utterance.line.topics:
        yield {
            "type": "topic_response",
            "topics": [_topic(utterance, t) for t in utterance.line.topics],
        }


def detected(found: Detected) -> Frame:
    """An intent that was found."""
    sub_intent = {"subIntent": found.sub_intent} if found.sub_intent else {}
    intent = {"intent": found.intent, **sub_intent, "score": 0.93, "text": found.text}
    return {"type": "intent_response", "intent": {**intent, "alternatives": []}}


def completed(conversation_id: str) -> Frame:
    """The call is over."""
    inner = {"type": "conversation_completed", "conversationId": conversation_id}
    return {"type": "message", "message": inner}


def _transcript(text: str, *, is_final: bool) -> Frame:
    return {"type": "transcript_response", "isFinal": is_final, "payload": _payload(text)}


def _message(utterance: Said) -> dict[str, object]:
    ended_at = utterance.at + utterance.lasts_seconds
    return {
        "id": utterance.id,
        "from": speaker(utterance),
        "payload": _payload(utterance.line.text),
        "duration": {"startTime": iso(utterance.at), "endTime": iso(ended_at)},
        "dismissed": False,
    }


def _insight(utterance: Said, item: dict[str, object]) -> dict[str, object]:
    return {
        "id": item["id"],
        "type": item["type"],
        "confidence": item["score"],
        "text": item["text"],
        "payload": _payload(str(item["text"])),
        "from": speaker(utterance),
        "assignee": item.get("assignee", {}),
        "hints": [],
        "tags": [],
        "messageReference": {"id": utterance.id},
        "dismissed": False,
    }


def _topic(utterance: Said, text: str) -> dict[str, object]:
    return {
        "id": topic_id(utterance, text),
        "phrases": text,
        "rootWords": [{"text": text.split()[0]}],
        "score": 0.9,
        "type": "topic",
        "messageReferences": [{"id": utterance.id, "relation": "text instance"}],
    }


def _payload(text: str) -> dict[str, object]:
    return {"content": text, "contentType": "text/plain"}
