"""What the Conversation API has about a call, one request for each insight, in our own words.

See https://github.com/symblai/symbl-docs, docs/conversation-api/api-reference. Fields that an
answer lacks are left out: the API promises little about which fields come.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from scheduler.models import Insight
from scheduler.providers.answers import text_in
from scheduler.providers.base import FoundConversation
from scheduler.providers.symbl.instants import instant, written

#: How many conversations of the list one request asks for.
PAGE = 500

PATHS: Mapping[Insight, str] = {
    Insight.TRANSCRIPT: "messages",
    Insight.TOPICS: "topics",
    Insight.ACTION_ITEMS: "action-items",
    Insight.FOLLOW_UPS: "follow-ups",
    Insight.QUESTIONS: "questions",
    Insight.SUMMARY: "summary",
    Insight.ANALYTICS: "analytics",
    Insight.MEMBERS: "members",
    Insight.ENTITIES: "entities",
    Insight.TRACKERS: "trackers-detected",
}


def conversation_url(base_url: str, conversation_id: str) -> str:
    """Return the address of a conversation."""
    return f"{base_url}/v1/conversations/{quote(conversation_id, safe='')}"


def list_url(base_url: str, since: float, until: float, offset: int) -> str:
    """Return the address of a page of the list: what began in this time, the oldest first."""
    window = {"startTime": written(since), "endTime": written(until)}
    page = {"order": "asc", "limit": PAGE, "offset": offset}
    return f"{base_url}/v1/conversations?{urlencode(window | page)}"


def read_list(body: Any) -> list[FoundConversation]:
    """Return the conversations of a page; raises ValueError if it has not the API's shape."""
    return [
        FoundConversation(
            text_in(each, "id"),
            text_in(each, "name"),
            instant(each.get("startTime")),
            instant(each.get("endTime")),
        )
        for each in _items(body, "conversations")
        if text_in(each, "id")
    ]


def read_insight(insight: Insight, body: Any) -> Any:
    """Return an insight, compactly; raises ValueError if the answer has not the API's shape."""
    return _READERS[insight](body)


def _transcript(body: Any) -> list[dict[str, Any]]:
    return [
        {"speaker": _who(message, "from"), "text": text_in(message, "text")}
        | {"started_at": instant(message.get("startTime"))}
        | _known(ended_at=instant(message.get("endTime")))
        for message in _items(body, "messages")
    ]


def _topics(body: Any) -> list[dict[str, Any]]:
    return [_scored(topic) for topic in _items(body, "topics")]


def _tasks(wrapper: str) -> Callable[[Any], list[dict[str, Any]]]:
    def read(body: Any) -> list[dict[str, Any]]:
        return [
            _scored(item)
            | _known(
                speaker=_who(item, "from"),
                assignee=_who(item, "assignee"),
                due_by=text_in(item, "dueBy"),
            )
            for item in _items(body, wrapper)
        ]

    return read


def _questions(body: Any) -> list[dict[str, Any]]:
    return [
        _scored(item) | _known(speaker=_who(item, "from")) for item in _items(body, "questions")
    ]


def _summary(body: Any) -> str:
    return " ".join(filter(None, (text_in(part, "text") for part in _items(body, "summary"))))


def _analytics(body: Any) -> dict[str, Any]:
    return {"metrics": _items(body, "metrics"), "members": _items(body, "members")}


def _members(body: Any) -> list[dict[str, Any]]:
    return [
        _known(name=text_in(member, "name"), email=text_in(member, "email"))
        for member in _items(body, "members")
    ]


def _entities(body: Any) -> list[dict[str, Any]]:
    return [
        _known(type=text_in(item, "type"), text=text_in(item, "text"), value=item.get("value"))
        for item in _items(body, "entities")
    ]


def _trackers(body: Any) -> list[dict[str, Any]]:
    # Only this answer is a bare array; an array in an object is accepted as well.
    found = body if isinstance(body, list) else _items(body, "trackers")
    return [
        {
            "name": text_in(tracker, "name"),
            "matches": [
                _known(type=text_in(match, "type"), value=text_in(match, "value"))
                for match in _items(tracker, "matches", optional=True)
            ],
        }
        for tracker in found
        if isinstance(tracker, dict)
    ]


_READERS: Mapping[Insight, Callable[[Any], Any]] = {
    Insight.TRANSCRIPT: _transcript,
    Insight.TOPICS: _topics,
    Insight.ACTION_ITEMS: _tasks("actionItems"),
    Insight.FOLLOW_UPS: _tasks("followUps"),
    Insight.QUESTIONS: _questions,
    Insight.SUMMARY: _summary,
    Insight.ANALYTICS: _analytics,
    Insight.MEMBERS: _members,
    Insight.ENTITIES: _entities,
    Insight.TRACKERS: _trackers,
}


def _items(body: Any, name: str, *, optional: bool = False) -> list[dict[str, Any]]:
    found = body.get(name) if isinstance(body, dict) else None
    if not isinstance(found, list):
        if optional:
            return []
        raise ValueError(f"an answer without {name}")
    return [item for item in found if isinstance(item, dict)]


def _scored(item: dict[str, Any]) -> dict[str, Any]:
    return {"text": text_in(item, "text")} | _known(score=item.get("score"))


def _who(body: dict[str, Any], name: str) -> str:
    who = body.get(name)
    if not isinstance(who, dict):
        return text_in(body, name)
    return next(filter(None, (text_in(who, key) for key in ("name", "userId", "email"))), "")


def _known(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, "")}
