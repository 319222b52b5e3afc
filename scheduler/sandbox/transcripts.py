"""What was said, as the API writes it down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scheduler.sandbox.conversations import Conversation, Member, Said
from scheduler.sandbox.insights import sentiment_of
from scheduler.sandbox.times import iso

Item = dict[str, object]


def messages(
    conversation: Conversation, lines: Iterable[Said], *, verbose: bool, sentiment: bool
) -> list[Item]:
    """The lines as messages, with the times of words or a sentiment if they are wanted."""
    return [
        {
            **_message(conversation, said),
            **({"sentiment": sentiment_of(said.line.polarity)} if sentiment else {}),
            **({"words": list(_words(conversation, said))} if verbose else {}),
        }
        for said in lines
    ]


def markdown(lines: Iterable[Said], *, paragraphs: bool, speakers: bool) -> str:
    """The lines as one text."""
    texts = [_named(said) if speakers else said.line.text for said in lines]
    return "".join(f"{text}<br/>" for text in texts) if paragraphs else " ".join(texts)


def srt(conversation: Conversation, lines: Iterable[Said], *, speakers: bool) -> str:
    """The lines as subtitles."""
    begins_at = conversation.connection.accepted_at
    return "\n\n".join(
        f"{number}\n"
        f"{_clock(said.at - begins_at)} --> {_clock(conversation.ends_at(said) - begins_at)}\n"
        f"{_named(said) if speakers else said.line.text}"
        for number, said in enumerate(lines, 1)
    )


def person(member: Member) -> Item:
    """A member, as the API shows one."""
    email = {"email": member.email} if member.email else {}
    return {"id": member.id, "name": member.name, **email}


def _message(conversation: Conversation, said: Said) -> Item:
    ends_at = conversation.ends_at(said)
    task = said.line.action_item or said.line.follow_up
    return {
        "id": said.id,
        "text": said.line.text,
        "from": person(said.speaker) if said.speaker else {},
        "startTime": iso(said.at),
        "endTime": iso(ends_at),
        "timeOffset": round(said.at - conversation.connection.accepted_at, 3),
        "duration": round(ends_at - said.at, 3),
        "conversationId": conversation.id,
        "phrases": [{"type": "action_phrase", "text": said.line.text}] if task else [],
    }


def _words(conversation: Conversation, said: Said) -> Iterator[Item]:
    words = said.line.text.split()
    each_seconds = (conversation.ends_at(said) - said.at) / len(words)
    offset_seconds = said.at - conversation.connection.accepted_at
    for place, word in enumerate(words):
        after_seconds = place * each_seconds
        yield {
            "word": word,
            "startTime": iso(said.at + after_seconds),
            "endTime": iso(said.at + after_seconds + each_seconds),
            "score": 0.93,
            "timeOffset": round(offset_seconds + after_seconds, 3),
            "duration": round(each_seconds, 3),
            "speakerTag": 1,
        }


def _named(said: Said) -> str:
    return f"{said.speaker.name if said.speaker else 'Unknown'}: {said.line.text}"


def _clock(seconds: float) -> str:
    minutes, milliseconds = divmod(round(seconds * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{milliseconds // 1000:02},{milliseconds % 1000:03}"
