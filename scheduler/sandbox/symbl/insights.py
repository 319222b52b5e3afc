"""What the API finds in the lines of a conversation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from scheduler.sandbox.symbl.conversations import Conversation, Said
from scheduler.sandbox.symbl.times import iso

Item = dict[str, object]

_DAY_SECONDS = 86400


def insights_of(utterance: Said) -> list[Item]:
    """What is to be done, followed up or answered after one line."""
    line = utterance.line
    found: list[Item] = []
    if line.action_item:
        found.append(_task(utterance, "action_item", line.action_item))
    if line.follow_up:
        found.append(_task(utterance, "follow_up", line.follow_up))
    if line.is_question:
        found.append({**_item(utterance, "question", line.text), "from": speaker(utterance)})
    return found


def insights(lines: Iterable[Said], kind: str | None = None) -> list[Item]:
    """The insights of all lines, or those of one kind."""
    every = chain.from_iterable(map(insights_of, lines))
    return [item for item in every if kind in (None, item["type"])]


def topics(lines: Sequence[Said], *, sentiment: bool, parents: bool) -> list[Item]:
    """The topics, each once, with every line that has it."""
    named = dict.fromkeys(topic for utterance in lines for topic in utterance.line.topics)
    return [
        _topic(topic, lines, sentiment=sentiment, parents=parents and not sentiment)
        for topic in named
    ]


def intents(conversation: Conversation) -> list[Item]:
    """The intents that were found."""
    return [
        {
            "id": f"{conversation.id}6{place}",
            "text": found.text,
            "type": "intent",
            "score": 0.93,
            "messageIds": [found.said.id] if found.said else [],
            "intent": found.intent,
            "alternatives": [],
            "entities": [],
        }
        for place, found in enumerate(conversation.detected)
    ]


def entities(lines: Iterable[Said]) -> list[Item]:
    """The dates and times, one for each place where one is named."""
    return [
        {
            "type": entity.type,
            "text": entity.text,
            "value": entity.value,
            "messageRefs": [_reference(utterance, entity.text)],
        }
        for utterance in lines
        for entity in utterance.line.entities
    ]


def trackers(lines: Iterable[Said]) -> list[Item]:
    """The tracked words that occurred."""
    return [
        {
            "id": f"{utterance.id}7",
            "name": utterance.line.tracker.name,
            "matches": [
                {
                    "type": "vocabulary",
                    "value": utterance.line.tracker.value,
                    "messageRefs": [_reference(utterance, utterance.line.tracker.value)],
                    "insightRefs": [],
                }
            ],
        }
        for utterance in lines
        if utterance.line.tracker
    ]


def summary(lines: Iterable[Said]) -> list[Item]:
    """The sentences of the summary."""
    return [
        {
            "id": f"{utterance.id}8",
            "text": utterance.line.summary,
            "messageRefs": [{"id": utterance.id}],
        }
        for utterance in lines
        if utterance.line.summary
    ]


def callscore(lines: Sequence[Said]) -> Item:
    """How well the call went, from 0 to 100: the better, the kinder the words."""
    kindness = sum(utterance.line.polarity for utterance in lines) / len(lines) if lines else 0.0
    score = round(50 + 50 * kindness, 1)
    feedback = {
        "positive": {"summary": "The caller said why the call was made."},
        "negative": {"summary": "The caller could have asked more."},
    }
    criterion = {
        "name": "Communication And Engagement",
        "score": score,
        "summary": f"{len(lines)} lines were judged.",
        "feedback": feedback,
    }
    return {"score": score, "summary": f"A call of {len(lines)} lines.", "criteria": [criterion]}


def sentiment_of(polarity: float) -> Item:
    """A polarity and the word for it."""
    suggested = "neutral"
    if abs(polarity) > 0.3:
        suggested = "positive" if polarity > 0 else "negative"
    return {"polarity": {"score": polarity}, "suggested": suggested}


def speaker(utterance: Said) -> Item:
    """Who spoke a line, or an empty object if nobody told."""
    member = utterance.speaker
    return {"id": member.id, "name": member.name, "userId": member.user_id} if member else {}


def topic_id(utterance: Said, topic: str) -> str:
    """The id of a topic, where a line has it."""
    return f"{utterance.id}5{utterance.line.topics.index(topic)}"


def _topic(topic: str, lines: Iterable[Said], *, sentiment: bool, parents: bool) -> Item:
    having = [utterance for utterance in lines if topic in utterance.line.topics]
    first = having[0]
    item: Item = {
        "id": topic_id(first, topic),
        "text": topic,
        "type": "topic",
        "score": 0.9,
        "messageIds": [utterance.id for utterance in having],
        "entities": [],
    }
    if sentiment:
        item["sentiment"] = sentiment_of(first.line.polarity)
    if parents:
        others = [other for other in first.line.topics if other != topic]
        item["parentRefs"] = [{"type": "topic", "text": other} for other in others]
    return item


def _task(utterance: Said, kind: str, text: str) -> Item:
    who = utterance.speaker
    return {
        **_item(utterance, kind, text),
        "entities": [
            {"type": e.type, "text": e.text, "offset": text.find(e.text), "value": e.value}
            for e in utterance.line.entities
            if e.text in text
        ],
        "phrases": [{"type": "action_phrase", "text": text}],
        "definitive": True,
        "from": speaker(utterance),
        "assignee": {"name": who.name, **({"email": who.email} if who.email else {})}
        if who
        else {},
        "dueBy": iso(utterance.at + _DAY_SECONDS),
    }


def _item(utterance: Said, kind: str, text: str) -> Item:
    number = {"action_item": 1, "follow_up": 2, "question": 3}[kind]
    return {
        "id": f"{utterance.id}{number}",
        "text": text,
        "type": kind,
        "score": 0.91,
        "messageIds": [utterance.id],
        "entities": [],
    }


def _reference(utterance: Said, text: str) -> Item:
    return {
        "id": utterance.id,
        "text": utterance.line.text,
        "offset": utterance.line.text.find(text),
    }
