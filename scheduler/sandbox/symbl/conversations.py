"""What was said on each connection, and how much of it is known yet."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from scheduler.sandbox.symbl.connections import Connection
from scheduler.sandbox.symbl.knobs import Board
from scheduler.sandbox.symbl.scripts import Line, known_language, lines
from scheduler.sandbox.symbl.start_request import intents_of, language_of, users_of


@dataclass(slots=True)
class Member:
    """Somebody who takes part, as far as anybody has told."""

    user_id: str
    name: str
    email: str | None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @classmethod
    def of(cls, user: Mapping[str, object]) -> Member:
        """Read a user of a session or of a speaker event."""
        user_id = str(user["userId"])
        email = user.get("email", user_id if "@" in user_id else None)
        return cls(user_id, str(user.get("name", user_id)), str(email) if email else None)


@dataclass(slots=True)
class Said:
    """A line that was spoken."""

    conversation_id: str
    number: int
    line: Line
    at: float
    lasts_seconds: float
    speaker: Member | None

    @property
    def id(self) -> str:
        """The id of its message."""
        return f"{self.conversation_id}{self.number:02}"


class SpeakerTurn(NamedTuple):
    """That somebody begins or ceases to speak, so long after the call's beginning."""

    starts: bool
    user: Mapping[str, object]
    offset_seconds: float


@dataclass(frozen=True, slots=True)
class Detected:
    """An intent that was asked for and found."""

    intent: str
    text: str
    sub_intent: str | None = None
    said: Said | None = None


class Conversation:
    """All that was said on one connection."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.id = connection.conversation_id
        self.language = known_language(
            connection.outcome.language or language_of(connection.request)
        )
        self.script = lines(self.language, connection.outcome.script)
        self.wanted_intents = intents_of(connection.request)
        self.said: list[Said] = []
        self.detected: list[Detected] = []
        self.metadata: dict[str, object] = {}
        self.is_deleted = False
        self._members: dict[str, Member] = {}
        self._speaking: list[Member] = []
        for user in users_of(connection.request):
            self.member(user)

    @property
    def members(self) -> list[Member]:
        """Who takes part, as far as anybody has told."""
        return list(self._members.values())

    @property
    def is_over(self) -> bool:
        """Whether its call has ended."""
        return self.connection.ended_at is not None

    @property
    def ended_at(self) -> float:
        """When it ended; now, while it goes on."""
        return self.connection.ended_at or time.time()

    @property
    def name(self) -> str:
        """The name that the start gave it."""
        given = self.connection.party.session_name
        return given if isinstance(given, str) and given else f"Conversation {self.id}"

    def ends_at(self, utterance: Said) -> float:
        """When a line ends; the end of the call cuts it short."""
        return min(utterance.at + utterance.lasts_seconds, self.ended_at)

    def member(self, user: Mapping[str, object]) -> Member:
        """The member that a user is, from now on if not before."""
        return self._members.setdefault(str(user["userId"]), Member.of(user))

    def hear_event(self, kind: object, user: Mapping[str, object]) -> None:
        """Take note of a speaker event: who speaks from now on, and who no longer does."""
        member = self.member(user)
        if member in self._speaking:
            self._speaking.remove(member)
        if kind == "started_speaking":
            self._speaking.append(member)

    def attribute(self, events: Iterable[SpeakerTurn]) -> None:
        """Say anew who spoke each line, as somebody knew better later."""
        turns = sorted(events, key=lambda turn: turn.offset_seconds)
        for utterance in self.said:
            offset_seconds = utterance.at - self.connection.accepted_at
            speaking: list[Member] = []
            for turn in turns:
                if turn.offset_seconds > offset_seconds:
                    break
                member = self.member(turn.user)
                speaking = [other for other in speaking if other is not member]
                if turn.starts:
                    speaking.append(member)
            utterance.speaker = speaking[-1] if speaking else None

    def say(self, lasts_seconds: float) -> Said:
        """Speak the next line of the script. It is of whoever began to speak last."""
        number = len(self.said)
        speaker = self._speaking[-1] if self._speaking else None
        utterance = Said(self.id, number, self.script[number], time.time(), lasts_seconds, speaker)
        self.said.append(utterance)
        return utterance

    def detect(self, detected: Detected) -> bool:
        """Note an intent, if it was asked for; say whether it was."""
        is_wanted = detected.intent in self.wanted_intents
        if is_wanted:
            self.detected.append(detected)
        return is_wanted


class Conversations:
    """Every conversation there was, and how much of one is known yet."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._by_id: dict[str, Conversation] = {}

    def __iter__(self) -> Iterator[Conversation]:
        return iter(self._by_id.values())

    def begin(self, connection: Connection) -> Conversation:
        """Open the conversation of a connection."""
        conversation = Conversation(connection)
        self._by_id[conversation.id] = conversation
        return conversation

    def get(self, conversation_id: str) -> Conversation | None:
        """The conversation with this id, whether it is known yet or not."""
        return self._by_id.get(conversation_id)

    def is_found(self, conversation: Conversation) -> bool:
        """Whether the API has it: recorded, not deleted, and no longer held back."""
        is_kept = conversation.connection.outcome.is_recorded and not conversation.is_deleted
        if not (is_kept and self._board.knobs.insights_after_seconds):
            return is_kept
        return self._known_for_seconds(conversation) >= 0

    def known(self, conversation: Conversation) -> list[Said]:
        """The lines that the API has by now: all of them at last."""
        settles_seconds = self._board.knobs.transcript_settles_seconds
        if not settles_seconds:
            return conversation.said
        share = min(1.0, max(0.0, self._known_for_seconds(conversation) / settles_seconds))
        return conversation.said[: int(len(conversation.said) * share)]

    def clear(self) -> None:
        """Forget them all."""
        self._by_id.clear()

    def _known_for_seconds(self, conversation: Conversation) -> float:
        # Less than nothing while the call goes on: what grows must not shrink when it ends.
        ended_at = conversation.connection.ended_at
        if ended_at is None:
            return -1.0
        return time.time() - ended_at - self._board.knobs.insights_after_seconds
