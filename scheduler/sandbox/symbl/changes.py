"""What can be changed about a conversation, or made of it, after it was held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scheduler.sandbox.symbl import transcripts
from scheduler.sandbox.symbl.conversations import Conversation, Said, SpeakerTurn
from scheduler.sandbox.symbl.start_request import inside

Body = Mapping[str, object]

_EXPERIENCES = ("verbose-text-summary", "video-summary")


class WrongBody(ValueError):
    """What is asked cannot be done; the text says why."""


def set_metadata(conversation: Conversation, body: Body) -> object:
    """PUT of a conversation."""
    if not isinstance(body.get("metadata"), dict):
        raise WrongBody("metadata: an object is needed")
    conversation.metadata = inside(body, "metadata")
    return {"id": conversation.id, "metadata": conversation.metadata}


def delete(conversation: Conversation) -> object:
    """DELETE of a conversation."""
    conversation.is_deleted = True
    return {"message": "The conversation and all that belongs to it was deleted."}


def rename_member(conversation: Conversation, member_id: str, body: Body) -> object:
    """PUT of a member."""
    member = next((m for m in conversation.members if m.id == member_id), None)
    if member is None or body.get("id", member_id) != member_id:
        raise WrongBody("id: a member of this conversation is needed")
    if not isinstance(body.get("name"), str):
        raise WrongBody("name: a text is needed")
    member.name = str(body["name"])
    if body.get("email"):
        member.email = str(body["email"])
    return {"message": f"The member {member_id} was updated."}


def set_speakers(conversation: Conversation, body: Body) -> object:
    """PUT of the speaker events."""
    events = body.get("speakerEvents")
    if not isinstance(events, list):
        raise WrongBody("speakerEvents: a list is needed")
    conversation.attribute([_turn(event) for event in events])
    return {"message": f"{len(events)} speaker events were taken over."}


def transcript(conversation: Conversation, lines: Sequence[Said], body: Body) -> object:
    """POST of the wish for a formatted transcript."""
    kind, speakers = body.get("contentType"), body.get("showSpeakerSeparation") is True
    if kind == "text/markdown":
        paragraphs = body.get("createParagraphs") is not False
        text = transcripts.markdown(lines, paragraphs=paragraphs, speakers=speakers)
        return {"transcript": {"payload": text, "contentType": kind}}
    if kind == "text/srt":
        content = transcripts.srt(conversation, lines, speakers=speakers)
        return {"transcript": {"payload": {"content": content}, "contentType": kind}}
    raise WrongBody("contentType: text/markdown or text/srt is needed")


def experience(conversation: Conversation, host: str, body: Body) -> object:
    """POST of the wish for a page about the conversation."""
    name = body.get("name")
    if name not in _EXPERIENCES:
        raise WrongBody(f"name: one of {', '.join(_EXPERIENCES)} is needed")
    return {"name": name, "url": f"http://{host}/meeting/#/{conversation.id}/{name}"}


def _turn(event: object) -> SpeakerTurn:
    if not isinstance(event, dict):
        raise WrongBody("speakerEvents: a list of objects is needed")
    user, offset = inside(event, "user"), inside(event, "offset")
    user_id = user.get("userId", user.get("id"))
    if event.get("type") not in ("started_speaking", "stopped_speaking") or not user_id:
        raise WrongBody("speakerEvents: a type and a user with an id are needed")
    seconds, nanos = offset.get("seconds", 0), offset.get("nanos", 0)
    if not (isinstance(seconds, int | float) and isinstance(nanos, int | float)):
        raise WrongBody("speakerEvents: an offset of seconds and nanos is needed")
    starts = event["type"] == "started_speaking"
    return SpeakerTurn(starts, {**user, "userId": user_id}, seconds + nanos / 1e9)
