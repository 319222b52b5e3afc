"""Who talked how much."""

from __future__ import annotations

from collections.abc import Sequence

from scheduler.sandbox.symbl.conversations import Conversation, Member, Said

Item = dict[str, object]


def analytics(conversation: Conversation, lines: Sequence[Said]) -> Item:
    """The metrics of the call and of each of its members. Nobody ever interrupts."""
    length_seconds = conversation.ended_at - conversation.connection.accepted_at
    talk_seconds = _talk_seconds(conversation, lines)
    shares = {
        "total_silence": length_seconds - talk_seconds,
        "total_talk_time": talk_seconds,
        "total_overlap": 0.0,
    }
    return {
        "metrics": [
            {"type": kind, **_share(seconds, length_seconds, "percent")}
            for kind, seconds in shares.items()
        ],
        "members": [_of_member(conversation, lines, m) for m in conversation.members],
    }


def _of_member(conversation: Conversation, lines: Sequence[Said], member: Member) -> Item:
    own = [utterance for utterance in lines if utterance.speaker is member]
    all_seconds = _talk_seconds(conversation, lines)
    own_seconds = _talk_seconds(conversation, own)
    words = sum(len(utterance.line.text.split()) for utterance in own)
    return {
        "id": member.id,
        "name": member.name,
        "userId": member.user_id,
        "pace": {"wpm": round(words * 60 / own_seconds) if own_seconds else 0},
        "talkTime": _share(own_seconds, all_seconds, "percentage"),
        "listenTime": _share(all_seconds - own_seconds, all_seconds, "percentage"),
        "overlap": {"overlapDuration": 0, "overlappingMembers": []},
    }


def _talk_seconds(conversation: Conversation, lines: Sequence[Said]) -> float:
    return sum(conversation.ends_at(utterance) - utterance.at for utterance in lines)


def _share(seconds: float, all_seconds: float, name: str) -> Item:
    share = 100 * seconds / all_seconds if all_seconds else 0.0
    return {name: round(share, 1), "seconds": round(seconds, 3)}
