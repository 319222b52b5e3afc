"""The WebSocket of a live connection: its address, and what its frames say.

Two addresses are known: `/session/subscribe/{connectionId}`, which every SDK uses, and the one in
the answer to the start. The control messages are documented only for the Streaming API; callsched
reads them on telephony too, if they come.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from scheduler.models import Connection
from scheduler.providers.answers import read_json, text_in
from scheduler.providers.base import News, Subscription
from scheduler.providers.places import is_ours
from scheduler.providers.symbl.answers import DOMAINS
from scheduler.providers.symbl.connection import Details
from scheduler.providers.symbl.instants import instant

_ANSWERED_BY = {"answered_by_human": "human", "answered_by_machine": "machine"}


def subscriptions(base_url: str, connection: Connection, token: str) -> list[Subscription]:
    """Return where to listen, the best place first; only the API's own addresses get the token."""
    base = "ws" + base_url.removeprefix("http")
    headers = {"x-api-key": token, "Authorization": f"Bearer {token}"}
    own = f"{base}/session/subscribe/{quote(connection.connection_id, safe='')}"
    places = [Subscription(own, headers)]
    given = Details.of(connection).result_websocket_url
    if given != own and is_ours(given, base_url, DOMAINS) and given.lower().startswith("ws"):
        places.append(Subscription(given, headers))
    return places


def knows_no_such(status: int, body: bytes) -> bool:
    """Whether the API itself refuses a subscription because it knows no such connection.

    As with a stop, only the API's own JSON counts: a proxy's page or an empty body says nothing
    about the call. A 401, 403 or 429 is about our access, not about the call.
    """
    return status in (400, 404, 410) and isinstance(read_json(body), dict)


def read_frame(frame: str | bytes) -> list[News]:
    """Return the news in a frame; none if the frame is not understood."""
    body = read_json(frame)
    if not isinstance(body, dict):
        return []
    reader = _READERS.get(text_in(body, "type"))
    return (
        [news for news in reader(body) if news.text or news.kind == "completed"] if reader else []
    )


def _transcript(body: dict[str, Any]) -> list[News]:
    if body.get("isFinal") is not True:
        return []
    return [News("transcript", _content(body), _speaker(body))]


def _messages(body: dict[str, Any]) -> list[News]:
    return [
        News("message", _content(message), _speaker(message), _said_at(message))
        for message in _objects(body, "messages")
    ]


def _insights(body: dict[str, Any]) -> list[News]:
    return [
        News(text_in(insight, "type") or "insight", _content(insight), _speaker(insight))
        for insight in _objects(body, "insights")
    ]


def _topics(body: dict[str, Any]) -> list[News]:
    return [
        News("topic", text_in(topic, "phrases") or text_in(topic, "text"))
        for topic in _objects(body, "topics")
    ]


def _intent(body: dict[str, Any]) -> list[News]:
    found = body.get("intent")
    if not isinstance(found, dict):
        return []
    name, sub_intent = text_in(found, "intent"), text_in(found, "subIntent")
    words = f"{name}: {sub_intent}" if sub_intent else name
    who = _ANSWERED_BY.get(sub_intent, "") if name == "answering_machine" else ""
    return [News("intent", words, intent=name, answered_by=who)]


def _tracker(body: dict[str, Any]) -> list[News]:
    return [News("tracker", text_in(tracker, "name")) for tracker in _objects(body, "trackers")]


def _control(body: dict[str, Any]) -> list[News]:
    inner = body.get("message")
    if not isinstance(inner, dict):
        return []
    kind = text_in(inner, "type")
    if kind == "conversation_completed":
        return [News("completed")]
    return _error(inner) if kind == "error" else []


def _error(body: dict[str, Any]) -> list[News]:
    return [News("error", text_in(body, "message") or text_in(body, "details"))]


_READERS: dict[str, Callable[[dict[str, Any]], list[News]]] = {
    "transcript_response": _transcript,
    "message_response": _messages,
    "insight_response": _insights,
    "topic_response": _topics,
    "intent_response": _intent,
    "tracker_response": _tracker,
    "message": _control,
    "error": _error,
}


def _objects(body: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = body.get(name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _content(body: dict[str, Any]) -> str:
    """Return the words: newer messages have `payload.content`, older ones `text`."""
    payload = body.get("payload")
    content = text_in(payload, "content") if isinstance(payload, dict) else ""
    return content or text_in(body, "text")


def _speaker(body: dict[str, Any]) -> str:
    who = body.get("from")
    if not isinstance(who, dict):
        return text_in(body, "from")
    return text_in(who, "name") or text_in(who, "userId")


def _said_at(body: dict[str, Any]) -> float | None:
    duration = body.get("duration")
    return instant(duration.get("startTime")) if isinstance(duration, dict) else None
