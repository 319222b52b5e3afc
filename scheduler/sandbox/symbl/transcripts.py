"""What was said, as the API writes it down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scheduler.sandbox.symbl.conversations import Conversation, Member, Said
from scheduler.sandbox.symbl.insights import sentiment_of
from scheduler.sandbox.symbl.times import iso

Item = dict[str, object]


def messages(
    conversation: Conversation, lines: Iterable[Said], *, verbose: bool, sentiment: bool
) -> list[Item]:
    """The lines as messages, with the times of words or a sentiment if they are wanted."""
    return [
        {
            **_message(conversation, utterance),
            **({"sentiment": sentiment_of(utterance.line.polarity)} if sentiment else {}),
            **({"words": list(_words(conversation, utterance))} if verbose else {}),
        }
        for utterance in lines
    ]


def markdown(lines: Iterable[Said], *, paragraphs: bool, speakers: bool) -> str:
    """The lines as one text."""
    texts = [_named(utterance) if speakers else utterance.line.text for utterance in lines]
    return "".join(f"{text}<br/>" for text in texts) if paragraphs else " ".join(texts)


def srt(conversation: Conversation, lines: Iterable[Said], *, speakers: bool) -> str:
    """The lines as subtitles."""
    begins_at = conversation.connection.accepted_at

    def times(utterance: Said) -> str:
        ends_at = conversation.ends_at(utterance)
        return f"{_clock(utterance.at - begins_at)} --> {_clock(ends_at - begins_at)}"

    return "\n\n".join(
        f"{number}\n{times(utterance)}\n{_named(utterance) if speakers else utterance.line.text}"
        for number, utterance in enumerate(lines, 1)
    )


def person(member: Member) -> Item:
    """A member, as the API shows one."""
    email = {"email": member.email} if member.email else {}
    return {"id": member.id, "name": member.name, **email}


def _message(conversation: Conversation, utterance: Said) -> Item:
    ends_at = conversation.ends_at(utterance)
    task = utterance.line.action_item or utterance.line.follow_up
    return {
        "id": utterance.id,
        "text": utterance.line.text,
        "from": person(utterance.speaker) if utterance.speaker else {},
        "startTime": iso(utterance.at),
        "endTime": iso(ends_at),
        "timeOffset": round(utterance.at - conversation.connection.accepted_at, 3),
        "duration": round(ends_at - utterance.at, 3),
        "conversationId": conversation.id,
        "phrases": [{"type": "action_phrase", "text": utterance.line.text}] if task else [],
    }


def _words(conversation: Conversation, utterance: Said) -> Iterator[Item]:
    words = utterance.line.text.split()
    each_seconds = (conversation.ends_at(utterance) - utterance.at) / len(words)
    offset_seconds = utterance.at - conversation.connection.accepted_at
    for place, word in enumerate(words):
        after_seconds = place * each_seconds
        yield {
            "word": word,
            "startTime": iso(utterance.at + after_seconds),
            "endTime": iso(utterance.at + after_seconds + each_seconds),
            "score": 0.93,
            "timeOffset": round(offset_seconds + after_seconds, 3),
            "duration": round(each_seconds, 3),
            "speakerTag": 1,
        }


def _named(utterance: Said) -> str:
    return f"{utterance.speaker.name if utterance.speaker else 'Unknown'}: {utterance.line.text}"


def _clock(seconds: float) -> str:
    minutes, milliseconds = divmod(round(seconds * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{milliseconds // 1000:02},{milliseconds % 1000:03}"
