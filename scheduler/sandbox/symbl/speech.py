"""What is said on a live connection, and what those hear who listen to it."""

from __future__ import annotations

from functools import partial

from scheduler.sandbox.symbl import frames
from scheduler.sandbox.symbl.connections import By, Connection
from scheduler.sandbox.symbl.conversations import Conversation, Conversations, Detected
from scheduler.sandbox.symbl.exchange import Exchange
from scheduler.sandbox.symbl.knobs import Board
from scheduler.sandbox.symbl.sockets import Sockets

#: From the first word to the verdict on who answered, in seconds.
_JUDGED_AFTER_SECONDS = 0.3
#: A line fills this share of its time; the rest is silence.
_TALK_SHARE = 0.8


class Speech:
    """Speaks the script of each connection, line by line, while it is live."""

    def __init__(
        self, board: Board, exchange: Exchange, conversations: Conversations, sockets: Sockets
    ) -> None:
        self._board = board
        self._exchange = exchange
        self._conversations = conversations
        self._sockets = sockets
        exchange.when_ended(self._signal_end)

    def begin(self, connection: Connection) -> None:
        """Let the far end answer in a moment."""
        conversation = self._conversations.begin(connection)
        answer_after_seconds = self._board.knobs.answer_after_seconds
        self._say_after(answer_after_seconds, conversation)
        if connection.outcome.answered_by:
            judge = partial(self._judge, conversation)
            judged_after_seconds = answer_after_seconds + _JUDGED_AFTER_SECONDS
            connection.timers.set("answered_by", judged_after_seconds, judge)

    def say_goodbye(self, connection: Connection) -> None:
        """Tell those who still listen that it is over, and close their sockets."""
        if self._sockets.is_heard(connection):
            self._sockets.say(connection, [frames.completed(connection.conversation_id)])
            self._sockets.close_all(connection)

    def _say_after(self, seconds: float, conversation: Conversation) -> None:
        if len(conversation.said) < len(conversation.script):
            say = partial(self._say, conversation)
            conversation.connection.timers.set("line", seconds, say)

    def _say(self, conversation: Conversation) -> None:
        connection, every_seconds = conversation.connection, self._board.knobs.line_every_seconds
        utterance = conversation.say(every_seconds * _TALK_SHARE)
        self._exchange.heard(connection)
        if self._sockets.is_heard(connection):
            self._sockets.say(connection, frames.spoken(conversation, utterance))
        if utterance.line.intent:
            self._detect(
                conversation, Detected(utterance.line.intent, utterance.line.text, said=utterance)
            )
        self._say_after(every_seconds, conversation)

    def _judge(self, conversation: Conversation) -> None:
        last = conversation.said[-1] if conversation.said else None
        text, who = last.line.text if last else "", conversation.connection.outcome.answered_by
        found = Detected("answering_machine", text, f"answered_by_{who}", last)
        self._detect(conversation, found)

    def _detect(self, conversation: Conversation, found: Detected) -> None:
        if conversation.detect(found):
            self._sockets.say(conversation.connection, [frames.detected(found)])

    def _signal_end(self, connection: Connection, by: By) -> None:
        signal = connection.outcome.hangup_signal or self._board.knobs.hangup_signal
        if by == "stop" or signal == "completed":
            self.say_goodbye(connection)
        elif signal == "close":
            self._sockets.close_all(connection)
