"""What can be read about a conversation, by the last part of the path."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from scheduler.sandbox.symbl import insights, transcripts
from scheduler.sandbox.symbl.analytics import analytics
from scheduler.sandbox.symbl.conversations import Conversation, Said
from scheduler.sandbox.symbl.times import iso

#: What is wished for besides, as a query has it.
Wishes = Mapping[str, str]
#: None stands for what is not there yet.
View = Callable[[Conversation, Sequence[Said], Wishes], object | None]


def details(conversation: Conversation) -> dict[str, object]:
    """What a conversation is: who, and from when to when."""
    ended_at = {"endTime": iso(conversation.ended_at)} if conversation.is_over else {}
    return {
        "id": conversation.id,
        "type": "meeting",
        "name": conversation.name,
        "startTime": iso(conversation.connection.accepted_at),
        **ended_at,
        "members": _members(conversation),
        "metadata": conversation.metadata,
    }


def everything(conversation: Conversation) -> dict[str, object]:
    """All that will ever be read about a conversation, once it is known."""
    lines, wishes = conversation.said, {"sentiment": "true"}
    read = {name: view(conversation, lines, wishes) for name, view in VIEWS.items() if name}
    return {
        "conversation": details(conversation),
        "connectionId": conversation.connection.connection_id,
        "request": conversation.connection.request,
        "language": conversation.language,
        "scriptLength": len(conversation.script),
        "isLive": not conversation.is_over,
        "isDeleted": conversation.is_deleted,
        "views": read,
    }


def _messages(conversation: Conversation, lines: Sequence[Said], wishes: Wishes) -> object:
    verbose, sentiment = _wants(wishes, "verbose"), _wants(wishes, "sentiment")
    shown = transcripts.messages(conversation, lines, verbose=verbose, sentiment=sentiment)
    return {"messages": shown}


def _topics(conversation: Conversation, lines: Sequence[Said], wishes: Wishes) -> object:
    sentiment, parents = _wants(wishes, "sentiment"), _wants(wishes, "parentRefs")
    return {"topics": insights.topics(lines, sentiment=sentiment, parents=parents)}


def _insights(wrapper: str, kind: str | None = None) -> View:
    return lambda conversation, lines, wishes: {wrapper: insights.insights(lines, kind)}


def _intents(conversation: Conversation, lines: Sequence[Said], wishes: Wishes) -> object:
    return {"intents": insights.intents(conversation)}


def _trackers(conversation: Conversation, lines: Sequence[Said], wishes: Wishes) -> object:
    return insights.trackers(lines)


def _summary(conversation: Conversation, lines: Sequence[Said], wishes: Wishes) -> object | None:
    return {"summary": insights.summary(lines)} if conversation.is_over else None


def _callscore(conversation: Conversation, lines: Sequence[Said], wishes: Wishes) -> object | None:
    return insights.callscore(lines) if conversation.is_over else None


def _callscore_status(
    conversation: Conversation, lines: Sequence[Said], wishes: Wishes
) -> object | None:
    status = "completed" if conversation.is_over else "in_progress"
    return {"jobId": conversation.connection.connection_id, "status": status}


def _members(conversation: Conversation) -> list[dict[str, object]]:
    return [transcripts.person(member) for member in conversation.members]


def _wants(wishes: Wishes, name: str) -> bool:
    return wishes.get(name, "").lower() == "true"


VIEWS: Mapping[str, View] = {
    "": lambda conversation, lines, wishes: details(conversation),
    "messages": _messages,
    "topics": _topics,
    "action-items": _insights("actionItems", "action_item"),
    "follow-ups": _insights("followUps", "follow_up"),
    "questions": _insights("questions", "question"),
    "insights": _insights("insights"),
    "intents": _intents,
    "members": lambda conversation, lines, wishes: {"members": _members(conversation)},
    "entities": lambda conversation, lines, wishes: {"entities": insights.entities(lines)},
    "trackers-detected": _trackers,
    "trackers": _trackers,
    "analytics": lambda conversation, lines, wishes: analytics(conversation, lines),
    "summary": _summary,
    "callscore": _callscore,
    "callscore/status": _callscore_status,
}
